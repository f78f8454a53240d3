import { matchClusters } from '../server/select.ts'
import { summarize } from './compose.ts'
import type { FleetPlan } from './types.ts'

/** A part of a plan, or the patterns that no cluster matches. */
export type PlanSelection =
  | { readonly plan: FleetPlan; readonly unmatched: readonly [] }
  | { readonly plan: undefined; readonly unmatched: readonly string[] }

/**
 * Cuts a plan down to some clusters, by name or with `*` and `?`; all of them where there is no pattern. Deletions stay those
 * of the fleet, since the budget and the digest are the fleet's.
 */
export function selectClusters(plan: FleetPlan, patterns: readonly string[]): PlanSelection {
  if (patterns.length === 0) return { plan, unmatched: [] }
  const { names, unmatched } = matchClusters(
    plan.clusters.map(({ cluster }) => cluster),
    patterns,
  )
  if (unmatched.length > 0) return { plan: undefined, unmatched }
  const chosen = new Set(names)
  const clusters = plan.clusters.filter(({ cluster }) => chosen.has(cluster))
  const moves = plan.moves.filter((move) => move.clusters.some(({ cluster }) => chosen.has(cluster)))
  const rollouts = plan.rollouts.filter((course) => course.clusters.some((cluster) => chosen.has(cluster)))
  return {
    plan: { ...plan, clusters, moves, rollouts, summary: summarize(clusters, rollouts.length) },
    unmatched: [],
  }
}
