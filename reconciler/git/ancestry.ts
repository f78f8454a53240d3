import { GitError } from './error.ts'
import { findMergeBase } from './merge-base.ts'
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
  /** The same along all parents, what a merge brought too: the newest by their dates. */
  logAll(tip: string, limit: number): Promise<readonly Commit[]>
  /** The newest commit that both histories hold, as `findMergeBase` says. */
  mergeBase(a: string, b: string): Promise<string | undefined>
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
    logAll: async (tip, limit) => {
      const commits: Commit[] = []
      const seen = new Set([tip])
      let edge: readonly Commit[] = []
      let step = 0
      const reach = async (oid: string): Promise<Commit> => {
        for (;;) {
          const commit = (await history.commit(oid)) ?? (oid === tip ? await history.obtain(oid) : undefined)
          if (commit) return commit
          if (oid === tip || !(await deepen(tip, step++))) throw unknownCommit(oid)
        }
      }
      for (let next: Commit | undefined = await reach(tip); next; ) {
        commits.push(next)
        if (commits.length >= limit) return commits
        const parents = next.parents.filter((oid) => !seen.has(oid) && seen.add(oid))
        const found: Commit[] = []
        for (const oid of parents) found.push(await reach(oid))
        edge = [...edge, ...found].sort((a, b) => b.author.time - a.author.time)
        next = edge[0]
        edge = edge.slice(1)
      }
      return commits
    },
    mergeBase: async (a, b) => {
      for (const oid of [a, b])
        if (!(await history.commit(oid)) && !(await history.obtain(oid))) throw unknownCommit(oid)
      return findMergeBase(a, b, { commit: history.commit, deepen })
    },
  }
}

function unknownCommit(oid: string): GitError {
  return new GitError('not-found', `commit ${oid} is neither here nor on the remote`, {
    hint: 'a branch may have been force-pushed and the commit removed',
  })
}
