import type { FleetSpec } from '../../repo-layout/schema/fleet.ts'
import { parseTrailers } from '../git/trailers.ts'
import type { Repository } from '../git/types.ts'
import { overBudget } from '../member/prune.ts'
import type { MemberStatus } from '../member/types.ts'
import { type BudgetVerdict, type Deletion, judgeDeletions } from './budget.ts'

/** How far back a trailer that allows deletions is looked for, in commits of the source branch. */
const trailerDepth = 50

/** Objects that members would delete, were they allowed to. */
export function pendingDeletions(statuses: readonly MemberStatus[]): readonly Deletion[] {
  return statuses.flatMap(({ cluster, objects }) =>
    objects
      .filter(({ action, message }) => action === 'skipped' && message === overBudget)
      .map(({ subject }) => ({ cluster, subject })),
  )
}

/**
 * Judges what the members would delete, counted in the clusters themselves, so that a restart changes nothing. Only
 * where it is over budget is the source's history read for commits that allow exactly this set.
 */
export async function judgePending(
  statuses: readonly MemberStatus[],
  budget: FleetSpec['budget'],
  repository: Pick<Repository, 'log'>,
  source: string,
): Promise<BudgetVerdict> {
  const pending = pendingDeletions(statuses)
  const total = statuses.reduce((sum, { total: wanted }) => sum + wanted, 0) + pending.length
  const verdict = judgeDeletions(pending, total, budget, new Set())
  if (verdict.type === 'within') return verdict
  const allowed = new Set<string>()
  for (const { message } of await repository.log(source, trailerDepth)) {
    for (const { key, value } of parseTrailers(message))
      if (key.toLowerCase() === 'flotilla-allow-delete') allowed.add(value)
  }
  return judgeDeletions(pending, total, budget, allowed)
}
