import type { PullRequest } from '../types.ts'

/** Heads of merge requests by the ref that they are at, which a status has to name. */
export interface Heads {
  saw(pull: PullRequest): PullRequest
  /** The ref that a commit is the head of; undefined where none was seen. */
  refOf(commit: string): string | undefined
}

/** So many are remembered; a head that was forgotten costs a status that GitLab places by itself. */
const most = 1000

/** Remembers the heads of merge requests that were read. */
export function createHeads(): Heads {
  const refs = new Map<string, string>()
  return {
    saw(pull) {
      refs.delete(pull.head.commit)
      refs.set(pull.head.commit, pull.fork ? `refs/merge-requests/${pull.number}/head` : pull.head.branch)
      const [oldest] = refs.keys()
      if (refs.size > most && oldest !== undefined) refs.delete(oldest)
      return pull
    },
    refOf: (commit) => refs.get(commit),
  }
}
