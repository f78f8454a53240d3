import type { KubeObject } from '../../repo-layout/json.ts'
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
