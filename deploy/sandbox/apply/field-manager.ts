import {
  getIn,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  jsonEqual,
  type KubeObject,
} from '../../../repo-layout/json.ts'
import type { Schema } from '../schema/schema.ts'
import { StatusError } from '../status.ts'
import { checkTyped } from './check.ts'
import { type Comparison, compare } from './compare.ts'
import { conflictError } from './conflict.ts'
import { difference, emptySet, type FieldSet, intersection, isEmpty, union, without } from './field-set.ts'
import {
  capped,
  decodeManaged,
  encodeManaged,
  identityOf,
  type Managed,
  type Owner,
  stripped,
  type Writer,
  withSet,
} from './managed.ts'
import { merge } from './merge.ts'
import { removeItems, withNamedFields } from './remove.ts'
import { toFieldSet } from './to-set.ts'

/** What a field manager needs to know of the kind and the request. */
export interface FieldScope {
  /** The schema of a version; undefined where it is no longer served: entries of it are dropped. */
  schemaOf(apiVersion: string): Schema | undefined
  /** The object in another version. */
  convert(object: KubeObject, apiVersion: string): KubeObject
  /** What an object of the kind holds before anybody has set anything. */
  readonly blank: KubeObject
  /** Fields that this request cannot set, like `status` on the main path: nobody gets to own them. */
  readonly reset: FieldSet
  /** RFC 3339, whole seconds; undefined where Kubernetes writes none. */
  readonly time: string | undefined
}

/** Who writes, without the operation. */
export type Requester = Omit<Writer, 'operation'>

/**
 * The new object with `managedFields` as an update by `by` leaves them: what it changed or added is its own, and nobody
 * else's. `live` is undefined for a create.
 */
export function trackUpdate(
  scope: FieldScope,
  live: KubeObject | undefined,
  next: KubeObject,
  by: Requester,
): KubeObject {
  const given = next.metadata.managedFields
  const before = managedBefore(live, given, by.subresource !== '')
  // An object whose entries were wiped is not tracked again before somebody applies it.
  const untracked = before.size === 0 && live !== undefined
  const bare = withManaged(next, undefined)
  if (untracked) return bare
  return withManaged(bare, encodeManaged(capped(updated(scope, live, bare, before, by))))
}

/**
 * The live object with `manifest` merged in, at the `place` (name and namespace) that the path names, what the manager applied before and no longer does taken out, and
 * `managedFields` brought up to date. Throws 409 for conflicts unless `force` is set, and 500 for a manifest that its
 * schema does not allow, as Kubernetes does. The result has not been defaulted.
 */
export function applyManifest(
  scope: FieldScope,
  live: KubeObject | undefined,
  manifest: KubeObject,
  place: JsonObject,
  by: Requester,
  force: boolean,
): { readonly object: KubeObject; readonly changed: boolean } {
  const { apiVersion } = by
  const schema = needed(scope, apiVersion)
  const applied = { ...manifest, metadata: { ...manifest.metadata, ...place } } as KubeObject
  if (applied.metadata.managedFields !== undefined && applied.metadata.managedFields !== null)
    throw new StatusError(400, 'BadRequest', 'metadata.managedFields must be nil')
  const problems = checkTyped(schema, applied)
  if (problems.length > 0) throw untypable(manifest, problems)

  const base = live && withManaged(live, undefined)
  let managed = decodeManaged(live?.metadata.managedFields)
  if (managed.size === 0 && base)
    managed = updated(scope, undefined, base, managed, { ...by, manager: 'before-first-apply' })

  const id = identityOf({ ...by, operation: 'Apply' })
  const last = managed.get(id)
  const merged = asObject(base ? merge(schema, base, applied) : applied)
  const set = without(toFieldSet(schema, applied), scope.reset)
  const owner: Owner = { ...by, operation: 'Apply', time: last?.time, set }
  const claimed = new Map(managed).set(id, owner)
  // Where everything that was applied still is, there is nothing to look for.
  const keeps = last?.apiVersion === apiVersion && isEmpty(difference(last.set, set))
  const pruned = last && !keeps ? prune(scope, merged, claimed, last, apiVersion) : merged
  const before = base ?? scope.blank
  const settled = settle(scope, before, pruned, apiVersion, claimed, id, force).managed
  const changed = !base || !jsonEqual(base, pruned)
  const kept = stripped(settled, id)
  const mine = kept.get(id)
  const timed = mine && changed ? new Map(kept).set(id, { ...mine, time: scope.time }) : kept
  return { object: withManaged(pruned, encodeManaged(timed)), changed }
}

/** The object with other `managedFields`, or none. */
function withManaged(object: KubeObject, entries: readonly JsonObject[] | undefined): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata: { ...metadata, ...(entries && { managedFields: entries }) } as KubeObject['metadata'] }
}

function managedBefore(live: KubeObject | undefined, given: Json | undefined, subresource: boolean): Managed {
  const held = () => decodeManaged(live?.metadata.managedFields)
  if (subresource) return held()
  if (isReset(given)) return new Map()
  const named = decodeManaged(given)
  return named.size > 0 ? named : held()
}

/** `[]` and `[{}]` wipe the entries; leaving them out does not. */
function isReset(given: Json | undefined): boolean {
  if (!isJsonArray(given)) return false
  if (given.length === 0) return true
  return given.length === 1 && isJsonObject(given[0]) && Object.keys(given[0]).length === 0
}

function updated(
  scope: FieldScope,
  live: KubeObject | undefined,
  next: KubeObject,
  before: Managed,
  by: Requester,
): Managed {
  const base = live ? withManaged(live, undefined) : scope.blank
  const id = identityOf({ ...by, operation: 'Update' })
  // What this request changes is taken from all entries, an older one of the same manager included, and then added to it.
  const { managed, comparison } = settle(scope, base, next, by.apiVersion, before, undefined, true)
  const touched = without(union(comparison.modified, comparison.added), scope.reset)
  const current = stripped(new Map([[id, { ...by, operation: 'Update' as const, time: scope.time, set: touched }]]), id)
  const mine = current.get(id)
  if (!mine) return managed
  const held = managed.get(id)
  return new Map(managed).set(id, held ? { ...mine, set: union(held.set, mine.set) } : mine)
}

/** Takes changed fields from everybody but `except`. Throws 409 where somebody owns them and `force` is not set. */
function settle(
  scope: FieldScope,
  before: KubeObject,
  after: KubeObject,
  apiVersion: string,
  managed: Managed,
  except: string | undefined,
  force: boolean,
): { readonly managed: Managed; readonly comparison: Comparison } {
  const versions = new Map<string, Comparison>()
  const comparisonIn = (version: string): Comparison | undefined => {
    const known = versions.get(version)
    if (known) return known
    const schema = scope.schemaOf(version)
    if (!schema) return undefined
    const same = version === apiVersion
    const found = compare(
      schema,
      same ? before : scope.convert(before, version),
      same ? after : scope.convert(after, version),
    )
    const filtered = {
      removed: without(found.removed, scope.reset),
      modified: without(found.modified, scope.reset),
      added: without(found.added, scope.reset),
    }
    versions.set(version, filtered)
    return filtered
  }

  let result: Managed = managed
  const conflicts: { owner: Owner; set: FieldSet }[] = []
  for (const [id, owner] of managed) {
    if (id === except) continue
    const found = comparisonIn(owner.apiVersion)
    if (!found) {
      result = withSet(result, id, emptySet)
      continue
    }
    const taken = intersection(owner.set, union(found.modified, found.added))
    if (!isEmpty(taken)) conflicts.push({ owner, set: taken })
    result = withSet(result, id, difference(difference(owner.set, taken), found.removed))
  }
  if (!force && conflicts.length > 0) throw conflictError(conflicts)
  return {
    managed: result,
    comparison: comparisonIn(apiVersion) ?? { removed: emptySet, modified: emptySet, added: emptySet },
  }
}

/** Takes out what was applied last time and no longer is, as far as nobody else owns it. */
function prune(scope: FieldScope, merged: KubeObject, managed: Managed, last: Owner, apiVersion: string): KubeObject {
  const lastSchema = scope.schemaOf(last.apiVersion)
  if (!lastSchema) return merged
  const named = (schema: Schema, set: FieldSet) => withNamedFields(schema, set)
  const whole = scope.convert(merged, last.apiVersion)
  const lastSet = named(lastSchema, last.set)
  let pruned = removeItems(lastSchema, whole, lastSet)

  const byVersion = new Map<string, FieldSet>([[last.apiVersion, emptySet]])
  for (const owner of managed.values())
    byVersion.set(owner.apiVersion, union(byVersion.get(owner.apiVersion) ?? emptySet, owner.set))
  for (const [version, owned] of byVersion) {
    const schema = scope.schemaOf(version)
    if (!schema) continue
    const [all, rest] = [
      scope.convert(merged, version),
      isJsonObject(pruned) ? scope.convert(pruned as KubeObject, version) : pruned,
    ]
    const gone = difference(
      named(schema, toFieldSet(schema, all)),
      union(named(schema, toFieldSet(schema, rest)), named(schema, owned)),
    )
    pruned = removeItems(schema, all, gone)
  }
  const rest = isJsonObject(pruned) ? scope.convert(pruned as KubeObject, last.apiVersion) : pruned
  const gone = intersection(
    difference(named(lastSchema, toFieldSet(lastSchema, whole)), named(lastSchema, toFieldSet(lastSchema, rest))),
    lastSet,
  )
  return scope.convert(asObject(removeItems(lastSchema, whole, gone)), apiVersion)
}

function needed(scope: FieldScope, apiVersion: string): Schema {
  const schema = scope.schemaOf(apiVersion)
  if (schema) return schema
  throw new StatusError(500, '', `no corresponding type for ${apiVersion}`)
}

function untypable({ apiVersion, kind, metadata }: KubeObject, problems: readonly string[]): StatusError {
  const { namespace, name } = metadata
  const at = `${namespace ?? ''}/${name ?? ''}; ${gvkText(apiVersion)}, Kind=${kind}`
  const text =
    problems.length === 1 ? problems[0] : ['errors:', ...problems.map((problem) => `  ${problem}`)].join('\n')
  return new StatusError(500, '', `failed to create typed patch object (${at}): ${text}`)
}

/** A version as Go prints it: the core group is an empty one. */
export function gvkText(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion : `/${apiVersion}`
}

function asObject(value: Json | undefined): KubeObject {
  const metadata = getIn(value, ['metadata'])
  if (!isJsonObject(value)) throw new Error('an object turned into something else')
  return { ...value, metadata: isJsonObject(metadata) ? metadata : {} } as unknown as KubeObject
}
