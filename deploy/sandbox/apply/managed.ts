import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../../repo-layout/json.ts'
import { difference, type FieldSet, isEmpty, setOf, union } from './field-set.ts'
import { fromFieldsV1, toFieldsV1 } from './fields-v1.ts'

/** Who writes: the identity of an entry of `managedFields`. */
export interface Writer {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
}

/** One entry of `managedFields`. */
export interface Owner extends Writer {
  /** RFC 3339, whole seconds; undefined where a server wrote none. */
  readonly time: string | undefined
  readonly set: FieldSet
}

/** All entries of an object by identity. */
export type Managed = ReadonlyMap<string, Owner>

/** What makes two entries the same. Appliers keep theirs when they change the version. */
export function identityOf({ manager, operation, apiVersion, subresource }: Writer): string {
  return JSON.stringify([manager, operation, operation === 'Apply' ? '' : apiVersion, subresource])
}

/** Reads `metadata.managedFields`; entries that cannot be read make all of them count as missing. */
export function decodeManaged(entries: Json | undefined): Managed {
  const result = new Map<string, Owner>()
  if (!isJsonArray(entries)) return result
  for (const entry of entries) {
    if (!isJsonObject(entry) || entry.fieldsType !== 'FieldsV1') return new Map()
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') return new Map()
    const owner: Owner = {
      manager: text(entry.manager),
      operation: entry.operation,
      apiVersion: text(entry.apiVersion),
      subresource: text(entry.subresource),
      time: typeof entry.time === 'string' ? entry.time : undefined,
      set: fromFieldsV1(entry.fieldsV1),
    }
    result.set(identityOf(owner), owner)
  }
  return result
}

/** Writes `metadata.managedFields` in its order; undefined where there are none. */
export function encodeManaged(managed: Managed): readonly JsonObject[] | undefined {
  if (managed.size === 0) return undefined
  return [...managed.values()].sort(compareOwners).map(({ set, ...owner }) => ({
    manager: owner.manager,
    operation: owner.operation,
    apiVersion: owner.apiVersion,
    ...(owner.time !== undefined && { time: owner.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(set),
    ...(owner.subresource !== '' && { subresource: owner.subresource }),
  }))
}

/** Appliers first, then by time, manager, version, subresource. */
function compareOwners(a: Owner, b: Owner): number {
  return (
    order(a.operation, b.operation) ||
    Date.parse(a.time ?? '1970-01-01T00:00:00Z') - Date.parse(b.time ?? '1970-01-01T00:00:00Z') ||
    order(a.manager, b.manager) ||
    order(a.apiVersion, b.apiVersion) ||
    order(a.subresource, b.subresource)
  )
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** What the server writes itself and nobody owns. */
const serverOwned = setOf(
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['f:metadata', `f:${name}`]),
)

/** The entries with that of one writer freed of what nobody owns. */
export function stripped(managed: Managed, id: string): Managed {
  const owner = managed.get(id)
  if (!owner) return managed
  return withSet(managed, id, difference(owner.set, serverOwned))
}

/** The entries with another set for one of them; an empty set takes it away. */
export function withSet(managed: Managed, id: string, set: FieldSet): Managed {
  const owner = managed.get(id)
  if (!owner) return managed
  const result = new Map(managed)
  if (isEmpty(set)) result.delete(id)
  else result.set(id, { ...owner, set })
  return result
}

/** Entries of other managers than this many are merged into one. */
const mostUpdaters = 10

/** Merges the oldest entries of Update managers into `ancient-changes` while there are more than ten. */
export function capped(managed: Managed): Managed {
  const updaters = [...managed].filter(([, owner]) => owner.operation === 'Update')
  if (updaters.length <= mostUpdaters) return managed
  const result = new Map(managed)
  const oldest = updaters.sort(([, a], [, b]) => compareOwners(a, b))
  const first = new Map<string, string>()
  let left = updaters.length
  for (const [id, owner] of oldest) {
    if (left <= mostUpdaters) break
    const before = first.get(owner.apiVersion)
    if (before === undefined) {
      first.set(owner.apiVersion, id)
      continue
    }
    const bucket: Writer = {
      manager: 'ancient-changes',
      operation: 'Update',
      apiVersion: owner.apiVersion,
      subresource: '',
    }
    const bucketId = identityOf(bucket)
    const held = result.get(bucketId) ?? result.get(before)
    if (held === undefined) continue
    result.delete(before)
    result.delete(id)
    result.set(bucketId, { ...bucket, time: owner.time, set: union(held.set, owner.set) })
    left--
  }
  return result
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}
