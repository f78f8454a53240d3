import type { CommitStatus } from '../forge/types.ts'
import type { Contexts } from './contexts.ts'
import { isSettled } from './superseded.ts'

/** The commits before the one in force that may lack a settled status. */
export interface Overtaken {
  /** Another commit is in force: `log` holds its id and those before it, newest first. `before` was in force until now. */
  entered(log: readonly string[], before: string | undefined): void
  /** What a commit shows was read. */
  read(commit: string, known: ReadonlyMap<string, CommitStatus>, contexts: Contexts): void
  /** Commits that are looked after, newest first. */
  followed(): readonly string[]
  /** Whether a commit is one that was reported, or came after one that was. */
  isOurs(commit: string): boolean
}

/** Commits before the first of ours are not reported; so many settled ones in a row say that no older one is open. */
const quietEnough = 5
/** More commits are not kept in mind. */
const most = 60

/**
 * Finds what was left open, from the board alone: the daemon holds no state. It looks back until several commits in a row are
 * settled: a daemon that was killed may have left an open one behind a settled one.
 */
export function createOvertaken(): Overtaken {
  let ours = new Set<string>()
  let followed: readonly string[] = []
  let ahead: string[] = []
  let undecided: string[] = []
  let quiet = 0

  const follow = (commits: readonly string[]) => {
    const fresh = commits.filter((commit) => !followed.includes(commit))
    followed = [...fresh, ...followed].slice(0, most)
    ours = new Set([...ours].filter((commit) => followed.includes(commit)))
  }

  const step = () => {
    const commit = ahead.shift()
    if (commit !== undefined) followed = [...followed, commit].slice(0, most)
  }

  return {
    entered([commit = '', ...older], before) {
      followed = followed.filter((other) => other !== commit)
      if (before === undefined) {
        ahead = [...older]
        return step()
      }
      const index = older.indexOf(before)
      const between = index < 0 ? [] : older.slice(0, index)
      follow(before === commit ? between : [...between, before])
      for (const other of [...between, before]) ours.add(other)
    },
    read(commit, known, contexts) {
      if (followed.at(-1) !== commit || ours.has(commit)) return
      if (!known.has(contexts.fleet)) undecided.push(commit)
      else {
        for (const other of [...undecided, commit]) ours.add(other)
        undecided = []
        quiet = isSettled(contexts, known) ? quiet + 1 : 0
      }
      if (quiet < quietEnough) step()
    },
    followed: () => followed,
    isOurs: (commit) => ours.has(commit),
  }
}
