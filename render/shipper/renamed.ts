import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { inClusters } from './in-clusters.ts'
import type { Rollout } from './rollout.ts'

/** What tells a renamed cluster. */
export interface Renames {
  /** The inventory. */
  readonly clusters: readonly MemberCluster[]
  isMember(cluster: string): boolean
  /** The identity of a cluster that was a member before: its name, unless it was renamed already. */
  identityOf(cluster: string): string
}

/**
 * Releases with their clusters under the names that these have now: one that is a member no more was renamed where exactly
 * one member has its identity as `scheduler.identity`. So what runs there goes on running.
 */
export function underNewNames(
  rollouts: readonly Rollout[],
  { clusters, isMember, identityOf }: Renames,
): readonly Rollout[] {
  const known = new Set(rollouts.flatMap((rollout) => rollout.clusters))
  const names = new Map<string, string>()
  for (const old of known) {
    if (isMember(old)) continue
    const [now, ...more] = clusters.filter(({ scheduler }) => scheduler.identity === identityOf(old))
    if (now && more.length === 0 && !known.has(now.name)) names.set(old, now.name)
  }
  if (names.size === 0) return rollouts
  return rollouts.map((rollout) => inClusters(rollout, (cluster) => names.get(cluster) ?? cluster))
}
