import { compare } from '../../repo-layout/message.ts'
import type { Rollout } from './rollout.ts'

/** A release with its clusters under the names that `nameOf` gives; those that it gives none are left out. */
export function inClusters(rollout: Rollout, nameOf: (cluster: string) => string | undefined): Rollout {
  const inList = (list: Iterable<string>) => [...list].flatMap((cluster) => nameOf(cluster) ?? []).sort(compare)
  const inMap = <T>(map: ReadonlyMap<string, T>) =>
    new Map(
      [...map].flatMap(([cluster, value]) => {
        const name = nameOf(cluster)
        return name === undefined ? [] : [[name, value] as const]
      }),
    )
  return {
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
  }
}
