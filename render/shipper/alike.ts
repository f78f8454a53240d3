import { groupBy } from '../../repo-layout/group.ts'
import { compare } from '../../repo-layout/message.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { inClusters } from './in-clusters.ts'
import type { Rollout } from './rollout.ts'

/** Clusters in which the releases of an application stand alike, so that what comes of one comes of all. */
export interface Alike {
  /** The releases in one cluster of each kind alone. */
  narrow(rollouts: readonly Rollout[]): readonly Rollout[]
  /** All clusters that these stand for, sorted. */
  widen(clusters: readonly string[]): readonly string[]
}

/**
 * Groups the clusters of an application by all that its moves depend on there, in each of some states of its releases: a
 * fleet of a thousand clusters is seldom more than a few kinds, and is played through as fast as these.
 */
export function alikeClusters(states: readonly (readonly Rollout[])[], { clusters }: FleetSource): Alike {
  const members = new Map(clusters.map((cluster) => [cluster.name, cluster]))
  const all = [...new Set(states.flat().flatMap((rollout) => rollout.clusters))].sort(compare)
  const inCluster = new Map(states.flat().map((rollout) => [rollout, new Set(rollout.clusters)]))
  const groups = groupBy(all, (cluster) => {
    const member = members.get(cluster)
    const standing = states.map((rollouts) =>
      rollouts.map((rollout) => inCluster.get(rollout)?.has(cluster) && standingIn(rollout, cluster)),
    )
    return JSON.stringify([member ? [member.suspend, member.apply] : null, standing])
  })
  const byFirst = new Map([...groups.values()].map((group) => [group[0] ?? '', group]))
  const first = (cluster: string) => (byFirst.has(cluster) ? cluster : undefined)
  return {
    narrow: (rollouts) => rollouts.map((rollout) => inClusters(rollout, first)),
    widen: (some) => some.flatMap((cluster) => byFirst.get(cluster) ?? [cluster]).sort(compare),
  }
}

function standingIn(rollout: Rollout, cluster: string) {
  const { totalReplicas, percent, weight, selectedIn, achievedIn, manifests } = rollout
  return [
    ...[totalReplicas, percent, weight].map((map) => map.get(cluster) ?? 0),
    selectedIn.has(cluster),
    achievedIn.has(cluster) ? (achievedIn.get(cluster) ?? 'none') : 'as all',
    manifests.map(({ clusters }) => clusters === undefined || clusters.includes(cluster)),
  ]
}
