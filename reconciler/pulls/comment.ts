import { planMarkdown } from '../views/plan-markdown.ts'
import { escapeMarkdown, markdownTable } from '../views/table.ts'
import { oneLine, shortCommit } from '../views/text.ts'
import type { Attempt, Verdict } from './types.ts'
import { messagesOf } from './verdict.ts'

/** What marks our comment, so that it is found again. */
export const commentMarker = '<!-- flotilla:plan -->'

/** Room for what stands around the plan, in signs. */
const around = 2_000
const mostRemoved = 20
const longestName = 200
const mostMessages = 100

/** What a comment is written from. */
export interface CommentFacts {
  readonly attempt: Attempt
  readonly verdict: Verdict
  readonly head: string
  /** What came after the merge, as Markdown; empty before. */
  readonly after: string
}

/**
 * The comment on a pull request: the verdict, what it was computed from, and the plan. Never longer than `limit` signs,
 * however large the fleet: what does not fit is counted, with the command that shows the whole.
 */
export function commentText({ attempt, verdict, head, after }: CommentFacts, limit: number): string {
  const sign = verdict.state === 'success' ? '✅' : verdict.state === 'failure' ? '❌' : '⚠️'
  const title = `### ${sign} Plan of ${shortCommit(head)}${uponText(attempt)}`
  const words = `**${cutTo(escapeMarkdown(oneLine(verdict.description)), around / 2)}**`
  const removed = removedText(attempt)
  const room = limit - around - title.length - words.length - removed.length - after.length
  const parts = [title, words, removed, bodyOf(attempt, head, { room, above: words }), after]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function uponText(attempt: Attempt): string {
  if (attempt.type === 'unplannable') return ''
  const { base, generated } = attempt
  const upon = generated === undefined ? 'no generated commit yet' : `generated commit ${shortCommit(generated)}`
  return ` merged onto ${escapeMarkdown(base.name)} ${shortCommit(base.commit)}, upon ${upon}`
}

function bodyOf(
  attempt: Attempt,
  head: string,
  { room, above }: { readonly room: number; readonly above: string },
): string {
  switch (attempt.type) {
    case 'planned':
      return planMarkdown(attempt.plan, { room, above, whole: `flotilla plan --head ${head}` }).body.trimEnd()
    case 'unreadable':
      return messagesTable(attempt, room)
    case 'conflict':
      return cutTo(
        `Merge or rebase, and solve these:\n\n${attempt.paths.map((path) => `- ${escapeMarkdown(oneLine(path))}`).join('\n')}`,
        room,
      )
    default:
      return ''
  }
}

function messagesTable(attempt: Attempt, room: number): string {
  const rows = messagesOf(attempt)
    .slice(0, mostMessages)
    .map(({ path, line, severity, text, code }) => [severity, `${path}:${line}`, oneLine(text), code])
  return cutTo(markdownTable(['SOURCE', 'PLACE', 'MESSAGE', 'CODE'], rows), room)
}

/** Objects that would be deleted, called out by name. */
function removedText(attempt: Attempt): string {
  if (attempt.type !== 'planned') return ''
  const clusters = new Map<string, string[]>()
  for (const { cluster, objects } of attempt.plan.clusters)
    for (const { subject, action, how } of objects) {
      if (action !== 'pruned' || how === 'released') continue
      const list = clusters.get(subject) ?? []
      clusters.set(subject, list)
      list.push(cluster)
    }
  if (clusters.size === 0) return ''
  const lines = [...clusters].map(([subject, names]) => {
    const where = names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
    return `- ${escapeMarkdown(cutTo(oneLine(subject), longestName))} in ${escapeMarkdown(where)}`
  })
  const more = lines.length - mostRemoved
  return ['**Deletes:**', ...lines.slice(0, mostRemoved), ...(more > 0 ? [`- and ${more} more, below`] : [])].join('\n')
}

function cutTo(text: string, room: number): string {
  const signs = [...text]
  return signs.length <= room ? text : `${signs.slice(0, Math.max(0, room - 1)).join('')}…`
}
