import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { trackUpdate } from '../apply/field-manager.ts'
import type { Backend } from '../backend.ts'
import { strategyOf } from '../kinds/strategy.ts'
import { hasSubresource, type Resource } from '../resources/resource.ts'
import { keptForm } from '../schema/kept.ts'
import { normalize } from '../schema/normalize.ts'
import { aboutStorage, StatusError } from '../status.ts'
import { type Entry, readEntry, withRevision } from '../store/entry.ts'
import { refuse } from '../validate/causes.ts'
import { admitCreate, admitWrite } from './admit.ts'
import { fieldScope, type WriteOptions } from './call.ts'
import { metadataCauses, newMetadata } from './meta.ts'

/** How an object is created. */
export interface CreateOptions extends WriteOptions {
  /** `managedFields` are there already: the object comes from an apply. */
  readonly tracked?: boolean
}

/**
 * Creates an object that has been decoded, and gives it as it is stored. Throws 404 or 403 for the namespace, 422 for what
 * is wrong with it, 409 where it exists.
 */
export function createObject(
  backend: Backend,
  resource: Resource,
  namespace: string,
  decoded: KubeObject,
  options: CreateOptions,
): KubeObject {
  if (
    typeof decoded.metadata.resourceVersion === 'string' &&
    decoded.metadata.resourceVersion !== '' &&
    !options.tracked
  )
    throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created')
  admitCreate(backend, resource, namespace, decoded.metadata.name ?? '')
  const strategy = strategyOf(resource)
  const tracked = options.tracked
    ? decoded
    : trackUpdate(fieldScope(backend, resource, ''), undefined, decoded, options.by)
  const named = newMetadata(tracked, backend, strategy, namespace)
  const bare = strategy.keepsStatus === true ? named : withEmptyStatus(resource, named)
  const ready = stored(resource, strategy.prepareCreate?.(bare, backend) ?? bare)
  refuse(resource, ready.metadata.name, [...metadataCauses(ready, resource), ...(strategy.validate?.(ready) ?? [])])
  admitWrite(backend, resource, 'CREATE', ready)
  const object = keptIn(resource, ready)
  const taken = backend.store.get(resource.storage, namespace, object.metadata.name)
  if (taken) throw exists(resource, taken)
  if (options.dryRun) return unversioned(object)
  backend.store.put(resource.storage, object)
  return inVersion(withRevision(object, backend.store.revision()), resource)
}

/** 409 for a name that is taken. */
function exists({ storage }: Resource, entry: Entry): StatusError {
  const { name } = entry
  const ending = readEntry(entry).metadata.deletionTimestamp !== undefined
  return new StatusError(
    409,
    'AlreadyExists',
    `${ending ? 'object is being deleted: ' : ''}${storage} ${JSON.stringify(name)} already exists`,
    aboutStorage(storage, name),
  )
}

/** Nobody sets the status of an object by creating it. */
function withEmptyStatus(resource: Resource, object: KubeObject): KubeObject {
  if (!hasSubresource(resource, 'status')) return object
  const { status: _, ...rest } = object
  return { ...rest, ...(!resource.custom && emptyStatus(resource)) } as KubeObject
}

/** The status as the server writes it before anybody has set one. */
function emptyStatus(resource: Resource): JsonObject {
  const { status } = normalize(resource.schema, {})
  return status === undefined ? {} : { status }
}

/** Objects of all versions are kept in one. */
export function stored(resource: Resource, object: KubeObject): KubeObject {
  return resource.custom ? { ...object, apiVersion: resource.custom.storageVersion } : object
}

/** An object as reading it back gives it. */
export function keptIn({ custom, schema }: Resource, object: KubeObject): KubeObject {
  return custom ? object : (keptForm(schema, object) as unknown as KubeObject)
}

/** An object as another version of its kind shows it. */
export function inVersion(object: KubeObject, resource: Resource): KubeObject {
  return object.apiVersion === resource.apiVersion ? object : { ...object, apiVersion: resource.apiVersion }
}

/** What a dry run gives back: it has no place in the order of changes. */
function unversioned(object: KubeObject): KubeObject {
  const { kind, apiVersion, metadata, ...rest } = object
  return { kind, apiVersion, metadata, ...rest }
}
