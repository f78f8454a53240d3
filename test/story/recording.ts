import { createHash } from 'node:crypto'
import { forgeName } from './person.ts'

/** What differs from run to run, and what is told instead, so that two runs of the story read the same. */
export interface Volatile {
  /** Where the forge really is. */
  readonly forgeUrl: string
  /** Whole ids of all commits that may be named. */
  readonly commits: readonly string[]
}

/** A story as a page tells it: prose, what a terminal shows, and what the forge shows. */
export interface Recording {
  says(text: string): void
  /** One command with what it printed; those without prose between them are one block. */
  typed(command: string, output: string): void
  /** A block of text that the forge shows. */
  shows(text: string): void
  /** Markdown that the forge shows, as a quotation. */
  quotes(markdown: string): void
  /** The whole, without what differs from run to run. */
  page(volatile: Volatile): string
}

type Part = { readonly type: 'prose' | 'console' | 'text' | 'quote'; readonly text: string }

export function createRecording(): Recording {
  const parts: Part[] = []
  const add = (type: Part['type'], text: string) => {
    const last = parts.at(-1)
    if (type === 'console' && last?.type === 'console')
      parts[parts.length - 1] = { type, text: `${last.text}\n${text}` }
    else parts.push({ type, text })
  }
  return {
    says: (text) => add('prose', text.trim()),
    typed: (command, output) => add('console', `$ ${command}${output === '' ? '' : `\n${output}`}`),
    shows: (text) => add('text', text),
    quotes: (text) => add('quote', text.trimEnd()),
    page: (volatile) => `${steady(parts.map(markdownOf).join('\n\n'), volatile)}\n`,
  }
}

function markdownOf({ type, text }: Part): string {
  if (type === 'prose') return text
  if (type === 'quote') return text.replaceAll(/^/gm, '> ').replaceAll(/^> $/gm, '>')
  const trimmed = text.replaceAll(/ +$/gm, '')
  return `\`\`\`${type}\n${trimmed}\n\`\`\``
}

/** Commits are called by ids that stay, in the order in which they are named. */
function steady(text: string, { forgeUrl, commits }: Volatile): string {
  const names = new Map<string, string>()
  const nameOf = (commit: string) => {
    const known =
      names.get(commit) ??
      createHash('sha1')
        .update(`commit ${names.size + 1} of the day`)
        .digest('hex')
    names.set(commit, known)
    return known
  }
  return text
    .replaceAll(forgeUrl, forgeName)
    .replaceAll(/\b[0-9a-f]{7,40}\b/g, (id) => {
      const commit = commits.find((one) => one.startsWith(id))
      return commit === undefined ? id : nameOf(commit).slice(0, id.length)
    })
    .replaceAll(/^ Date: .*\n/gm, '')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '2026-11-24T09:12:44Z')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\dZ/g, '2026-11-24 14:02Z')
}
