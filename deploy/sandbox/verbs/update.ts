import { isJsonArray, isJsonObject, type Json, jsonEqual, type KubeObject } from '../../../repo-layout/json.ts'
import { trackUpdate } from '../apply/field-manager.ts'
import type { Backend } from '../backend.ts'
import { listOf, numberOf } from '../defaults/fill.ts'
import { type Strategy, strategyOf } from '../kinds/strategy.ts'
import { hasSubresource, type Resource } from '../resources/resource.ts'
import { aboutStorage, badRequest, StatusError } from '../status.ts'
import { type Entry, readEntry, withRevision } from '../store/entry.ts'
import { invalid, refuse } from '../validate/causes.ts'
import { admitWrite } from './admit.ts'
import { fieldScope, type WriteOptions } from './call.ts'
import { inVersion, keptIn, stored } from './create.ts'
import { frozenMetadata, keptMetadata, metadataCauses, withMeta } from './meta.ts'

/** How an object is updated. */
export interface UpdateOptions extends WriteOptions {
  /** `managedFields` are there already: the object comes from an apply. */
  readonly tracked?: boolean
  /** A patch updates whatever is there, also where the kind wants a resourceVersion from a PUT. */
  readonly patch?: boolean
}

/**
 * Writes a decoded object over a stored one and gives it as it is stored then. A change that changes nothing writes
 * nothing. An object that waits for its deletion goes with its last finalizer. Throws 409 for a stale resourceVersion or
 * another uid, 422 for what is wrong with it.
 */
export function updateObject(
  backend: Backend,
  resource: Resource,
  entry: Entry,
  decoded: KubeObject,
  options: UpdateOptions,
): KubeObject {
  const { by } = options
  const live = inVersion(readEntry(entry), resource)
  const strategy = strategyOf(resource)
  checkVersion(resource, strategy, entry, decoded, options)

  const tracked = options.tracked
    ? decoded
    : trackUpdate(fieldScope(backend, resource, by.subresource), live, decoded, by)
  const placed = place(resource, strategy, backend, keptMetadata(tracked, live), live, by.subresource)
  const ready = ['status', 'binding'].includes(by.subresource) ? placed : generationBumped(placed, live, strategy)
  refuse(resource, live.metadata.name, [
    ...metadataCauses(ready, resource),
    ...frozenMetadata(ready, live),
    ...(strategy.validate?.(ready) ?? []),
    // What a subresource writes is not what these rules are about.
    ...(by.subresource === '' ? (strategy.validateUpdate?.(ready, live) ?? []) : []),
  ])
  admitWrite(backend, resource, 'UPDATE', ready)
  const next = keptIn(resource, ready)
  if (sameButTimes(next, live)) return live
  if (options.dryRun) return next
  const { namespace, name } = entry
  const ends = next.metadata.deletionTimestamp !== undefined && listOf(next.metadata.finalizers).length === 0
  if (ends && !heldOtherwise(resource, next)) {
    backend.store.remove(resource.storage, namespace, name)
    // It was not stored any more.
    return ready
  }
  backend.store.put(resource.storage, stored(resource, next))
  return inVersion(withRevision(next, backend.store.revision()), resource)
}

/** Namespaces wait for their contents, pods for the end of their grace period. */
function heldOtherwise(resource: Resource, object: KubeObject): boolean {
  if (resource.storage === 'namespaces') {
    const { spec } = object
    return isJsonObject(spec) && listOf(spec.finalizers).length > 0
  }
  return numberOf(object.metadata.deletionGracePeriodSeconds) > 0
}

function checkVersion(
  resource: Resource,
  strategy: Strategy,
  entry: Entry,
  { metadata }: KubeObject,
  options: UpdateOptions,
): void {
  const { resourceVersion, uid } = metadata
  const live = readEntry(entry).metadata
  if (uid !== undefined && uid !== '' && uid !== live.uid && options.patch !== true)
    throw conflict(
      resource,
      entry.name,
      `Precondition failed: UID in precondition: ${String(uid)}, UID in object meta: ${String(live.uid)}`,
    )
  const named = typeof resourceVersion === 'string' && resourceVersion !== '' && resourceVersion !== '0'
  if (!named) {
    if (strategy.unconditionalUpdate === false && options.patch !== true)
      refuse({ kind: resource.plural, group: resource.group }, entry.name, [
        invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
      ])
    return
  }
  if (resourceVersion !== String(entry.revision))
    throw conflict(
      resource,
      entry.name,
      'the object has been modified; please apply your changes to the latest version and try again',
    )
}

/** Refuses an object without a name, or with another one than its path. */
export function checkName(given: string | undefined, name: string): void {
  if (given === undefined || given === '')
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)
  if (given !== name) throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`)
}

/** 409 for an object that is not as the request takes it to be. */
export function conflict({ storage }: Resource, name: string, why: string): StatusError {
  return new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${storage} ${JSON.stringify(name)}: ${why}`,
    aboutStorage(storage, name),
  )
}

/** What a path may write of an object; the rest stays as it is. */
function place(
  resource: Resource,
  strategy: Strategy,
  backend: Backend,
  next: KubeObject,
  live: KubeObject,
  subresource: string,
): KubeObject {
  const parts = Object.keys({ ...live, ...next }).filter((key) => !['apiVersion', 'kind', 'metadata'].includes(key))
  if (subresource === 'status') {
    const metadata = resource.custom
      ? { ...live.metadata, managedFields: next.metadata.managedFields }
      : { ...next.metadata, labels: resource.group === 'apps' ? live.metadata.labels : next.metadata.labels }
    const rest = Object.fromEntries(parts.map((key) => [key, key === 'status' ? next.status : live[key]]))
    return clean({ apiVersion: next.apiVersion, kind: next.kind, metadata, ...rest })
  }
  const whole = hasSubresource(resource, 'status') ? clean({ ...next, status: live.status }) : next
  return strategy.prepareUpdate?.(whole, live, backend) ?? whole
}

function clean(object: { readonly [key: string]: Json | undefined }): KubeObject {
  const metadata = isJsonObject(object.metadata) ? object.metadata : {}
  const defined = (value: { readonly [key: string]: Json | undefined }) =>
    Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined))
  return { ...defined(object), metadata: defined(metadata) } as unknown as KubeObject
}

function generationBumped(next: KubeObject, live: KubeObject, strategy: Strategy): KubeObject {
  const { generation } = strategy
  if (!generation) return next
  const parts = generation === 'allButMetadata' ? Object.keys({ ...next, ...live }) : ['spec']
  const changed =
    parts
      .filter((key) => !['metadata', 'status', 'apiVersion', 'kind'].includes(key))
      .some((key) => !jsonEqual(next[key], live[key])) ||
    (generation === 'specOrAnnotations' && !jsonEqual(next.metadata.annotations ?? {}, live.metadata.annotations ?? {}))
  return changed ? withMeta(next, { generation: numberOf(live.metadata.generation) + 1 }) : next
}

/** Whether two objects differ in nothing, or in nothing but the times of their `managedFields`. */
function sameButTimes(next: KubeObject, live: KubeObject): boolean {
  return jsonEqual(timeless(next), timeless(live))
}

function timeless(object: KubeObject): Json {
  const { managedFields, ...metadata } = object.metadata
  const entries = isJsonArray(managedFields) ? managedFields : []
  return {
    ...object,
    metadata: {
      ...metadata,
      managedFields: entries.map((entry) => (isJsonObject(entry) ? { ...entry, time: '' } : entry)),
    },
  }
}
