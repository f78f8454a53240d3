import { groupBy } from '../../repo-layout/group.ts'
import type { KubeObject } from '../../repo-layout/json.ts'
import { compare } from '../../repo-layout/message.ts'
import type { Rollout } from './rollout.ts'

/** Objects of a release that are in all of its clusters, or in some of them only. */
export interface Manifest {
  /** Undefined for all. */
  readonly clusters: readonly string[] | undefined
  readonly objects: readonly KubeObject[]
}

/** What a release has in a cluster, with the replicas of its full capacity. */
export function objectsIn({ manifests }: Pick<Rollout, 'manifests'>, cluster: string): readonly KubeObject[] {
  return manifests
    .filter(({ clusters }) => clusters === undefined || clusters.includes(cluster))
    .flatMap(({ objects }) => objects)
}

/**
 * Sorts the objects of a release by the clusters that have them, each once: first those that all have, then, by group of
 * clusters, the others.
 */
export function manifestsOf(
  own: readonly { readonly clusters: readonly string[]; readonly objects: readonly KubeObject[] }[],
): readonly Manifest[] {
  const copies = new Map<string, { readonly object: KubeObject; readonly clusters: string[] }>()
  for (const { clusters, objects } of own) {
    for (const object of objects) {
      const text = JSON.stringify(object)
      const copy = copies.get(text) ?? { object, clusters: [] }
      copy.clusters.push(...clusters)
      copies.set(text, copy)
    }
  }
  const count = own.reduce((sum, { clusters }) => sum + clusters.length, 0)
  const common = [...copies.values()].filter(({ clusters }) => clusters.length === count)
  const others = [...copies.values()].filter(({ clusters }) => clusters.length < count)
  const groups = groupBy(others, ({ clusters }) => clusters.sort(compare).join(','))
  return [
    { clusters: undefined, objects: common.map(({ object }) => object) },
    ...[...groups.values()].map((group) => ({
      clusters: group[0]?.clusters ?? [],
      objects: group.map(({ object }) => object),
    })),
  ]
}
