import type { MemberCluster } from '../../repo-layout/cluster.ts'
import type { JsonObject } from '../../repo-layout/json.ts'
import type { ApplicationOverride, ObjectPatch } from './overrides.ts'
import { mergeValues } from './values.ts'

/** Clusters in which a release is the same: the chart is rendered with these values, and then changed so. */
export interface Variant {
  readonly clusters: readonly string[]
  readonly values: JsonObject
  readonly patches: readonly ObjectPatch[]
}

/**
 * Divides clusters by what overrides make of a release in them. All entries that concern a cluster count, in their order. There
 * is always one: a release without clusters is what the template says.
 */
export function variantsOf(
  clusters: readonly MemberCluster[],
  values: JsonObject,
  overrides: readonly ApplicationOverride[],
): readonly Variant[] {
  const variants = new Map<string, Variant>()
  for (const cluster of clusters) {
    const own = overrides.filter((override) => override.concerns(cluster))
    const merged = own.reduce((all, override) => mergeValues(all, override.values ?? {}), values)
    const patches = own.flatMap(({ patch }) => (patch ? [patch] : []))
    const key = JSON.stringify([merged, patches.map(({ at }) => at)])
    const known = variants.get(key)?.clusters ?? []
    variants.set(key, { clusters: [...known, cluster.name], values: merged, patches })
  }
  return variants.size > 0 ? [...variants.values()] : [{ clusters: [], values, patches: [] }]
}
