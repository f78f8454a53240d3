import { filesOf } from '../git/contents.ts'
import { GitError } from '../git/error.ts'
import type { Repository } from '../git/types.ts'
import type { Proposal } from './propose.ts'

/** What became of a change that was to be committed to the source branch itself. */
export type Committed =
  | { readonly type: 'committed'; readonly commit: string }
  /** Somebody changed the same files meanwhile. */
  | { readonly type: 'moved'; readonly paths: readonly string[] }

/** How often the branch may move meanwhile. */
const mostTries = 5

/**
 * Commits a change to the source branch itself, by compare-and-swap. Where the branch has moved meanwhile, and none of the files is
 * another one there, the change is made upon what it is at now. Rejects with a `GitError` where it cannot be pushed.
 */
export async function commitDirectly(
  { base, changes, message, author, upon: first }: Omit<Proposal, 'branch' | 'body'>,
  repository: Pick<Repository, 'advanceBranch' | 'fetch' | 'list'>,
): Promise<Committed> {
  let upon = first
  for (let tries = 0; tries < mostTries; tries++) {
    const { commit, push } = await repository.advanceBranch({ branch: base, upon, changes, message, author })
    if (push.type === 'pushed') return { type: 'committed', commit }
    if (push.type === 'rejected') throw new GitError('forbidden', `the branch ${base} was not taken: ${push.reason}`)
    const { source } = await repository.fetch()
    if (source === undefined) throw new GitError('not-found', `the branch ${base} is gone`)
    const [before, now] = [await filesOf(repository, first), await filesOf(repository, source)]
    const paths = [...changes.keys()].filter((path) => before.get(path) !== now.get(path))
    if (paths.length > 0) return { type: 'moved', paths }
    upon = source
  }
  throw new GitError('server', `the branch ${base} moved ${mostTries} times meanwhile; run it again`)
}
