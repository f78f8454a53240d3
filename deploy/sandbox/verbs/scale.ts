import { getIn, isJsonObject, type Json, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import { applyManifest, type FieldScope, type Requester, trackUpdate } from '../apply/field-manager.ts'
import { emptySet } from '../apply/field-set.ts'
import { type ReplicasPaths, scaleEntries, scaleVersion, workloadEntries } from '../apply/scale-entries.ts'
import type { Backend } from '../backend.ts'
import { numberOf, objectOf, textOf } from '../defaults/fill.ts'
import type { Resource } from '../resources/resource.ts'
import { normalize, WrongType } from '../schema/normalize.ts'
import { definitionSchema } from '../schema/schema.ts'
import { badRequest, internalError, noSuchPath, StatusError } from '../status.ts'
import { invalid, refuse } from '../validate/causes.ts'

interface Paths {
  readonly spec: readonly string[]
  readonly status: readonly string[]
  readonly selector: readonly string[] | undefined
}

function pathsOf({ custom }: Resource): Paths {
  if (!custom) return { spec: ['spec', 'replicas'], status: ['status', 'replicas'], selector: undefined }
  const { scale } = custom
  if (!scale) throw noSuchPath()
  const steps = (path: string) => path.split('.').slice(1)
  return {
    spec: steps(scale.spec),
    status: steps(scale.status),
    selector: scale.selector === undefined ? undefined : steps(scale.selector),
  }
}

/** The `Scale` of a workload. */
export function scaleOf(resource: Resource, object: KubeObject): KubeObject {
  const paths = pathsOf(resource)
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const selector = paths.selector ? textOf(getIn(object, paths.selector)) : selectorText(objectOf(object.spec).selector)
  const replicas = numberOf(getIn(object, paths.spec))
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: numberOf(getIn(object, paths.status)), ...(selector !== '' && { selector }) },
  } as unknown as KubeObject
}

/** The `Scale` as a read shows it; throws 500 for a custom resource that has no replicas. */
export function readScale(resource: Resource, object: KubeObject): KubeObject {
  const path = pathsOf(resource).spec
  if (resource.custom && getIn(object, path) === undefined)
    throw internalError(`the spec replicas field ${JSON.stringify(`.${path.join('.')}`)} does not exist`)
  return scaleOf(resource, object)
}

/** What stands for replicas that a custom resource does not have. */
const unset = -(2 ** 31)

/** A workload as a write of its `Scale` begins with: with `managedFields`, which a read does not show. */
export function writableScale(backend: Backend, resource: Resource, live: KubeObject): KubeObject {
  const scale = scaleOf(resource, live)
  const missing = resource.custom && getIn(live, pathsOf(resource).spec) === undefined
  const managedFields = scaleEntries(live.metadata.managedFields, replicasPaths(backend, resource))
  return {
    ...scale,
    metadata: { ...scale.metadata, ...(managedFields && { managedFields }) },
    ...(missing && { spec: { replicas: unset } }),
  } as unknown as KubeObject
}

/** Reads a `Scale`; throws 400 for a value of another type. */
export function decodeScale(body: Json): KubeObject {
  try {
    return normalize(scaleSchema(), objectOf(body)) as unknown as KubeObject
  } catch (error) {
    if (!(error instanceof WrongType)) throw error
    throw badRequest(`Scale in version "v1" cannot be handled as a Scale: ${error.message}`)
  }
}

/**
 * The workload as an update of its `Scale` leaves it, `managedFields` included: the fields of a `Scale` are tracked as
 * those of any object, and then carried over to the workload. Throws 400 where the replicas would stay unset.
 */
export function updatedByScale(
  backend: Backend,
  resource: Resource,
  live: KubeObject,
  scale: KubeObject,
  by: Requester,
): KubeObject {
  const tracked = trackUpdate(scaleScope, writableScale(backend, resource, live), scale, {
    ...by,
    apiVersion: scaleVersion,
  })
  return scaled(backend, resource, live, tracked)
}

/** The workload as a server-side apply of its `Scale` leaves it; throws as an apply does. */
export function appliedByScale(
  backend: Backend,
  resource: Resource,
  live: KubeObject,
  manifest: KubeObject,
  by: Requester,
  force: boolean,
): KubeObject {
  const { name, namespace } = live.metadata
  const before = writableScale(backend, resource, live)
  if (resource.custom && before.metadata.managedFields === undefined)
    throw unconvertible('failed to create manager for existing fields: failed to convert live object', '/')
  const place = { name, ...(namespace !== undefined && { namespace }) }
  const scaleBy = { ...by, apiVersion: scaleVersion }
  const { object, changed } = applyManifest(scaleScope, before, manifest, place, scaleBy, force)
  if (resource.custom && changed)
    throw unconvertible('failed to convert new object', `${manifest.metadata.namespace ?? ''}/${name}`)
  return scaled(backend, resource, live, object)
}

/** Kubernetes converts the `Scale` of a custom resource as if it were one: no apply changes it. */
function unconvertible(what: string, at: string): StatusError {
  const why = `request to convert CR to an invalid group/version: ${scaleVersion}`
  return new StatusError(500, '', `${what} (${at}; ${scaleVersion}, Kind=Scale) to proper version: ${why}`)
}

const scaleSchema = () => definitionSchema('io.k8s.api.autoscaling.v1.Scale')

const scaleScope: FieldScope = {
  schemaOf: (apiVersion) => (apiVersion === scaleVersion ? scaleSchema() : undefined),
  convert: (object) => object,
  get blank() {
    return normalize(scaleSchema(), { apiVersion: scaleVersion, kind: 'Scale', metadata: {} }) as unknown as KubeObject
  },
  reset: emptySet,
  time: undefined,
}

function replicasPaths(backend: Backend, { storage }: Resource): ReplicasPaths {
  const versions = backend.registry.byStorage(storage).map((one): [string, readonly string[] | undefined] => {
    const scales = one.custom === undefined || one.custom.scale !== undefined
    return [one.apiVersion, scales ? pathsOf(one).spec.map((step) => `f:${step}`) : undefined]
  })
  return new Map(versions)
}

/** The workload with what a `Scale` says. */
function scaled(backend: Backend, resource: Resource, live: KubeObject, scale: KubeObject): KubeObject {
  const path = pathsOf(resource).spec
  const replicas = numberOf(objectOf(scale.spec).replicas)
  if (!resource.custom && replicas < 0)
    refuse({ kind: 'Scale', group: 'autoscaling' }, live.metadata.name, [
      invalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ])
  if (replicas === unset)
    throw badRequest(`the spec replicas field ${JSON.stringify(`.${path.join('.')}`)} cannot be empty`)
  const { resourceVersion } = scale.metadata
  const { managedFields: held, ...rest } = live.metadata
  const paths = replicasPaths(backend, resource)
  const managedFields = workloadEntries(held, scale.metadata.managedFields, paths, resource.apiVersion)
  const metadata = {
    ...rest,
    ...(managedFields && { managedFields }),
    ...(resourceVersion !== undefined && { resourceVersion }),
  }
  return { ...setIn(live, path, replicas), metadata } as unknown as KubeObject
}

function setIn(value: JsonObject, [step = '', ...rest]: readonly string[], leaf: Json): JsonObject {
  const inner = value[step]
  return { ...value, [step]: rest.length === 0 ? leaf : setIn(isJsonObject(inner) ? inner : {}, rest, leaf) }
}

/** A label selector in the form of a query: `a=b,c in (d,e)`. */
function selectorText(selector: Json | undefined): string {
  const { matchLabels, matchExpressions } = objectOf(selector)
  const labels = Object.entries(objectOf(matchLabels)).map(([key, value]) => `${key}=${String(value)}`)
  const expressions = (Array.isArray(matchExpressions) ? (matchExpressions as readonly Json[]) : []).map((one) => {
    const { key, operator, values } = objectOf(one)
    const list = Array.isArray(values) ? (values as readonly Json[]).join(',') : ''
    if (operator === 'Exists') return textOf(key)
    if (operator === 'DoesNotExist') return `!${textOf(key)}`
    return `${textOf(key)} ${operator === 'In' ? 'in' : 'notin'} (${list})`
  })
  return [...labels.sort(), ...expressions].join(',')
}
