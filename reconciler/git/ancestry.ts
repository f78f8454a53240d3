import { GitError } from './error.ts'
import type { Commit } from './types.ts'

/** Where a walk over history gets its commits. */
export interface History {
  /** A commit that is at hand, or undefined. */
  commit(oid: string): Promise<Commit | undefined>
  /** Fetches a commit that is at hand nowhere, by its id; undefined where the remote does not give it. */
  obtain(oid: string): Promise<Commit | undefined>
  /** The commits that the branches were at when they were last read. */
  tips(): Promise<readonly string[]>
  /** Fetches older commits of what leads to `tip`; a higher `step` (from 0) asks for more. False where that is all. */
  deepen(tip: string, step: number): Promise<boolean>
}

/** Questions about history that also hold where only the newest part of it was fetched. */
export interface Ancestry {
  /**
   * Whether `ancestor` is `descendant` or reachable from it. False only where the whole history of `descendant` was
   * read. Rejects with `not-found` where that history cannot be had.
   */
  isAncestor(ancestor: string, descendant: string): Promise<boolean>
  /** Commits from `tip` backwards along first parents, newest first; fewer than `limit` only where history ends. */
  log(tip: string, limit: number): Promise<readonly Commit[]>
}

/** Answers over `history`; remembers parents, which never change. */
export function createAncestry(history: History): Ancestry {
  const parents = new Map<string, readonly string[]>()
  const parentsOf = async (oid: string) => {
    const known = parents.get(oid) ?? (await history.commit(oid))?.parents
    if (known) parents.set(oid, known)
    return known
  }

  const search = async (ancestor: string, descendant: string): Promise<'found' | 'absent' | 'unknown'> => {
    let cut = false
    const seen = new Set([descendant])
    // A set gives what is added during the walk, so this is breadth first.
    for (const oid of seen) {
      if (oid === ancestor) return 'found'
      const next = await parentsOf(oid)
      if (next) for (const parent of next) seen.add(parent)
      else cut = true
    }
    return cut ? 'unknown' : 'absent'
  }

  // Only a branch's own history is deepened: that of the generated branch would bring every file it ever held.
  const deepen = async (oid: string, step: number) => {
    for (const tip of await history.tips()) if ((await search(oid, tip)) === 'found') return history.deepen(tip, step)
    return history.deepen(oid, step)
  }

  return {
    isAncestor: async (ancestor, descendant) => {
      if (ancestor === descendant) return true
      if (!(await history.commit(descendant)) && !(await history.obtain(descendant))) throw unknownCommit(descendant)
      for (let step = 0; ; step++) {
        const answer = await search(ancestor, descendant)
        if (answer !== 'unknown') return answer === 'found'
        if (!(await deepen(descendant, step))) {
          throw new GitError('not-found', `the history of commit ${descendant} is not complete`, {
            hint: 'the repository that is read may itself be a shallow clone',
          })
        }
      }
    },
    log: async (tip, limit) => {
      const commits: Commit[] = []
      let oid: string | undefined = tip
      let step = 0
      while (oid !== undefined && commits.length < limit) {
        const commit: Commit | undefined =
          (await history.commit(oid)) ?? (commits.length === 0 ? await history.obtain(oid) : undefined)
        if (commit) {
          commits.push(commit)
          oid = commit.parents[0]
        } else if (commits.length === 0 || !(await deepen(tip, step++))) {
          throw unknownCommit(oid)
        }
      }
      return commits
    },
  }
}

function unknownCommit(oid: string): GitError {
  return new GitError('not-found', `commit ${oid} is neither here nor on the remote`, {
    hint: 'a branch may have been force-pushed and the commit removed',
  })
}
