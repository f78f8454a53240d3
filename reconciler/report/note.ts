import type { CommitStatus, StatusState } from '../forge/types.ts'

const line = /^(pending|success|failure|error) +(\S+) +(\S.*)$/

/** The statuses in a note; lines that are none of ours are left out. */
export function parseNote(text: string): readonly CommitStatus[] {
  return text.split('\n').flatMap((part) => {
    const [, state, context, description] = line.exec(part) ?? []
    if (state === undefined || context === undefined || description === undefined) return []
    return [{ context, state: state as StatusState, description: description.trimEnd() }]
  })
}

/**
 * A note with these statuses in place of those of the same contexts, one a line, as `git log` shows it. What people wrote there
 * stays below. Pure.
 */
export function mergeNote(text: string, statuses: readonly CommitStatus[]): string {
  const all = new Map([...parseNote(text), ...statuses].map((status) => [status.context, status] as const))
  const sorted = [...all.values()].sort((a, b) => (a.context < b.context ? -1 : 1))
  const width = Math.max(...sorted.map(({ context }) => context.length))
  const lines = sorted.map(
    ({ state, context, description }) => `${state.padEnd(7)}  ${context.padEnd(width)}  ${description || '-'}`,
  )
  const others = text.split('\n').filter((part) => part.trim() !== '' && !line.test(part))
  return `${[...lines, ...others].join('\n')}\n`
}

/** The files of a notes tree with one note changed: it lies where Git puts it, whether in folders or not. Pure. */
export function noteFiles<T>(files: ReadonlyMap<string, T>, commit: string, note: T): ReadonlyMap<string, T> {
  const next = new Map([...files].filter(([path]) => !isNoteOf(path, commit)))
  const inFolders = next.size >= 256 || [...next.keys()].some((path) => path.includes('/'))
  return next.set(inFolders ? `${commit.slice(0, 2)}/${commit.slice(2)}` : commit, note)
}

/** Whether a file of a notes tree is the note of a commit. */
export function isNoteOf(path: string, commit: string): boolean {
  return path.replaceAll('/', '') === commit
}
