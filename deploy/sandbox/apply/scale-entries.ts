import type { Json, JsonObject } from '../../../repo-layout/json.ts'
import { difference, type FieldSet, isEmpty, setOf } from './field-set.ts'
import { decodeManaged, encodeManaged, type Owner } from './managed.ts'

/** The version that every `Scale` has. */
export const scaleVersion = 'autoscaling/v1'

/** Where the replicas are, by version of the workload; undefined where the version has no scale. */
export type ReplicasPaths = ReadonlyMap<string, readonly string[] | undefined>

const replicasOfScale = ['f:spec', 'f:replicas']

/** Entries of a workload as those of its `Scale`: who owns the replicas owns `spec.replicas`. */
export function scaleEntries(entries: Json | undefined, paths: ReplicasPaths): readonly JsonObject[] | undefined {
  const owners = [...decodeManaged(entries)].filter(([, owner]) => has(owner.set, paths.get(owner.apiVersion)))
  return encodeManaged(
    new Map(owners.map(([id, owner]) => [id, { ...owner, apiVersion: scaleVersion, set: setOf(replicasOfScale) }])),
  )
}

/**
 * Entries of a workload of version `apiVersion` after its `Scale` was written and has the entries `scale` now. An updater is
 * another one to a `Scale` than to the workload, as the version is part of its identity: its replicas leave their entry
 * and come back in one of their own, without a time.
 */
export function workloadEntries(
  entries: Json | undefined,
  scale: Json | undefined,
  paths: ReplicasPaths,
  apiVersion: string,
): readonly JsonObject[] | undefined {
  const before = decodeManaged(entries)
  const owners = new Map(decodeManaged(scale))
  const result = new Map<string, Owner>()
  for (const [id, owner] of before) {
    const path = paths.get(owner.apiVersion)
    // What a version that is gone owned is dropped.
    if (!paths.has(owner.apiVersion)) continue
    if (!has(owner.set, path) || owners.delete(id)) {
      result.set(id, owner)
      continue
    }
    const set = difference(owner.set, setOf(path))
    if (!isEmpty(set)) result.set(id, { ...owner, set })
  }
  const path = paths.get(apiVersion) ?? []
  for (const [id, owner] of owners) {
    if (has(owner.set, replicasOfScale))
      result.set(id, { ...owner, apiVersion, time: before.get(id)?.time, set: setOf(path) })
  }
  return encodeManaged(result)
}

function has(set: FieldSet, path: readonly string[] | undefined): path is readonly string[] {
  if (path === undefined || path.length === 0) return false
  const found = path.reduce<FieldSet | undefined>((at, element) => at?.below.get(element), set)
  return found?.own === true
}
