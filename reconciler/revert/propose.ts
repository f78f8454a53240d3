import type { Forge, PullRequest } from '../forge/types.ts'
import { GitError } from '../git/error.ts'
import type { BranchFile, Repository } from '../git/types.ts'
import { subjectOf } from './message.ts'

/** A change that people are to look at before it counts. */
export interface Proposal {
  /** The new branch, without `refs/heads/`. */
  readonly branch: string
  /** The tip of the source branch, which it is made upon. */
  readonly upon: string
  readonly changes: ReadonlyMap<string, BranchFile | undefined>
  readonly message: string
  readonly author: { readonly name: string; readonly email: string }
  /** What stands in the pull request, as Markdown. */
  readonly body: string
  /** The source branch, which it is to be merged into. */
  readonly base: string
}

/** What became of a proposal: without a forge, a branch that somebody has to open a pull request for. */
export type Proposed =
  | { readonly type: 'opened'; readonly commit: string; readonly pull: PullRequest }
  | { readonly type: 'pushed'; readonly commit: string }
  /** There is a branch of that name, at this commit. */
  | { readonly type: 'exists'; readonly commit: string }

/**
 * Pushes the change as a branch of one commit and opens the pull request. Rejects with a `GitError` where it cannot be pushed,
 * and with a `ForgeError` where the branch was pushed and the pull request could not be opened.
 */
export async function propose(
  proposal: Proposal,
  repository: Pick<Repository, 'createBranch'>,
  forge: Pick<Forge, 'openPullRequest'> | undefined,
): Promise<Proposed> {
  const { commit, push } = await repository.createBranch(proposal)
  if (push.type === 'rejected')
    throw new GitError('forbidden', `the branch ${proposal.branch} was not taken: ${push.reason}`)
  if (push.type === 'lost') {
    if (push.remote !== undefined) return { type: 'exists', commit: push.remote }
    throw new GitError('server', `the branch ${proposal.branch} could not be made; run it again`)
  }
  if (!forge) return { type: 'pushed', commit }
  return { type: 'opened', commit, pull: await openPull(proposal, forge) }
}

/** Opens the pull request of a proposal whose branch is there. */
export function openPull(
  { message, body, branch, base }: Pick<Proposal, 'message' | 'body' | 'branch' | 'base'>,
  forge: Pick<Forge, 'openPullRequest'>,
): Promise<PullRequest> {
  return forge.openPullRequest({ title: subjectOf({ message }), body, head: branch, base })
}
