import { blobOid } from '../../repo-layout/generated/oid.ts'
import type { Clock } from '../clock.ts'
import { ForgeError, type ForgeFailure } from '../forge/error.ts'
import type { CommitStatus } from '../forge/types.ts'
import { readText } from '../git/contents.ts'
import { explain, GitError } from '../git/error.ts'
import type { NewCommit, NewFile, Repository, TreeEntry } from '../git/types.ts'
import { shortCommit } from '../views/text.ts'
import type { Board } from './board.ts'
import { isNoteOf, mergeNote, noteFiles, parseNote } from './note.ts'

/** The ref of our notes: `git log --notes=flotilla` shows them. */
export const notesRef = 'refs/notes/flotilla'

/** What notes are written with. */
export interface NoteBoardOptions {
  readonly repository: Pick<Repository, 'refAt' | 'list' | 'read' | 'commitTo'>
  readonly author: () => NewCommit['author']
  readonly clock: Clock
}

/** Somebody else who writes notes at the same time is waited for so often. */
const maxRaces = 5
/** What the ref is at is taken as known for so many milliseconds while many commits are read. */
const freshFor = 5000

/**
 * Statuses as a note on each commit, in the repository itself. Pushed by compare-and-swap: what others write to the same notes
 * meanwhile stays. A push costs a commit, so a few a minute are the most.
 */
export function noteBoard({ repository, author, clock }: NoteBoardOptions): Board {
  let seen: { readonly at: number; readonly tip: string | undefined } | undefined

  async function tipNow(): Promise<string | undefined> {
    const tip = await repository.refAt(notesRef)
    seen = { at: clock.now(), tip }
    return tip
  }

  async function noteOf(commit: string, entries: readonly TreeEntry[]): Promise<string> {
    const entry = entries.find(({ path }) => isNoteOf(path, commit))
    return entry ? readText(repository, entry.oid) : ''
  }

  async function write(commit: string, statuses: readonly CommitStatus[]): Promise<void> {
    for (let race = 0; race < maxRaces; race++) {
      const parent = await tipNow()
      const entries = parent === undefined ? [] : await repository.list(parent)
      const text = mergeNote(await noteOf(commit, entries), statuses)
      const known = new Map<string, NewFile>(entries.map(({ path, oid }) => [path, { oid }]))
      const files = noteFiles<NewFile>(known, commit, { text, oid: blobOid(text) })
      const message = `Report on ${shortCommit(commit)}\n\n${text}`
      const made = await repository.commitTo(notesRef, { parent, files, message, author: author() })
      seen = undefined
      if (made.push.type === 'pushed') return
      if (made.push.type === 'rejected')
        throw new ForgeError(
          `the push of ${notesRef} was rejected: ${made.push.reason}; let the daemon push it, or run with --no-notes`,
          { type: 'unauthorized' },
        )
    }
    throw new ForgeError(`${notesRef} moved ${maxRaces} times in a row`, { type: 'unreachable' })
  }

  return {
    name: 'notes',
    statuses: (commit) =>
      asForge(async () => {
        const tip = seen && clock.now() - seen.at < freshFor ? seen.tip : await tipNow()
        return tip === undefined ? [] : parseNote(await noteOf(commit, await repository.list(tip)))
      }),
    // A note says only what is so now.
    since: async () => [],
    post: (commit, statuses) => asForge(() => write(commit, statuses)),
    atOnce: Number.POSITIVE_INFINITY,
    limits: { perMinute: 8, perHour: 120 },
    pageOf: () => undefined,
  }
}

async function asForge<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof GitError) throw new ForgeError(explain(error), failureOf(error), { cause: error })
    throw error
  }
}

function failureOf({ code }: GitError): ForgeFailure {
  const forPeople = code === 'unauthorized' || code === 'forbidden' || code === 'config'
  return { type: forPeople ? 'unauthorized' : 'unreachable' }
}
