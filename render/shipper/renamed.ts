import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { compare } from '../../repo-layout/message.ts'
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
  const nameOf = (cluster: string) => names.get(cluster) ?? cluster
  const inMap = <T>(map: ReadonlyMap<string, T>) =>
    new Map([...map].map(([cluster, value]) => [nameOf(cluster), value]))
  const inList = (list: Iterable<string>) => [...list].map(nameOf).sort(compare)
  return rollouts.map((rollout) => ({
    ...rollout,
    clusters: inList(rollout.clusters),
    achievedIn: inMap(rollout.achievedIn),
    totalReplicas: inMap(rollout.totalReplicas),
    percent: inMap(rollout.percent),
    weight: inMap(rollout.weight),
    selectedIn: new Set(inList(rollout.selectedIn)),
    manifests: rollout.manifests.map((manifest) =>
      manifest.clusters ? { ...manifest, clusters: inList(manifest.clusters) } : manifest,
    ),
  }))
}
