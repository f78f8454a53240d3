import type { CommitStatus, Forge } from '../forge/types.ts'
import type { Repository } from '../git/types.ts'
import type { Head, PlanRules } from './types.ts'

/** The label with which a maintainer approves the head commit of a fork. */
export const approvalLabel = 'flotilla/plan'

/** Whether a head may be looked at. */
export type Trust =
  | { readonly type: 'trusted' }
  /** The head is that of a fork and waits for the label; `stale`: one is there that was set for an earlier head. */
  | { readonly type: 'unapproved'; readonly stale: boolean; readonly asked: boolean }
  | { readonly type: 'never' }

/**
 * Judges whether a head may be read. Who can write the repository is trusted; the head of anybody else, once a maintainer has
 * approved this very commit: the label counts only where we had asked for it on this commit while it was not there, so that
 * one that was set for an earlier head approves nothing. A branch that the repository does not hold is nobody's who can
 * write it, whatever the forge says of forks.
 */
export async function trustOf(
  head: Head,
  rules: Pick<PlanRules, 'forks'>,
  {
    forge,
    repository,
    context,
  }: { forge: Pick<Forge, 'statuses'>; repository: Pick<Repository, 'refAt'>; context: string },
): Promise<Trust> {
  if (await isOwnBranch(head, repository)) return { type: 'trusted' }
  if (rules.forks === 'Never') return { type: 'never' }
  const labelled = head.labels.includes(approvalLabel)
  const asked = (await forge.statuses(head.head.commit)).some((status) => isAsked(status, context))
  if (labelled && asked) return { type: 'trusted' }
  return { type: 'unapproved', stale: labelled, asked }
}

/** The status by which a commit is marked as asked about: kept on the forge, so that it outlives this process. */
export function askedStatus(context: string): CommitStatus {
  return {
    context,
    state: 'pending',
    description: `from a fork: plans this commit once a maintainer has read it and sets the label ${approvalLabel}`,
  }
}

function isAsked(status: CommitStatus, context: string): boolean {
  return status.context === context
}

async function isOwnBranch({ fork, head }: Head, repository: Pick<Repository, 'refAt'>): Promise<boolean> {
  if (fork || head.branch === '') return false
  return (await repository.refAt(`refs/heads/${head.branch}`)) === head.commit
}
