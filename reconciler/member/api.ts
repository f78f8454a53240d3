import { getIn, isJsonObject, type Json, type JsonObject, type KubeObject } from '../../repo-layout/json.ts'
import { groupOf, parseSubject, type Subject } from '../../repo-layout/subject.ts'
import { collectionPath, type Discovery, objectPath, type Resource } from './discovery.ts'
import { ApiError, isAbsent, isRejected, itemsOf } from './errors.ts'
import { ourManager } from './fields.ts'
import { metadataText } from './manifest.ts'
import type { Transport } from './transport.ts'

/** One object's place on an API server. */
export interface Place {
  readonly resource: Resource
  readonly namespace: string | undefined
  readonly name: string
}

/** How an apply is sent. */
export interface ApplyOptions {
  /** Only upon the object of this uid: where it is missing, 409; where it is another, 422. */
  readonly uid?: string
  /** Only upon the object in this state: where it has changed, 409. */
  readonly resourceVersion?: string | undefined
  /** Only where no object exists: an existing one gives 409. */
  readonly onlyNew?: boolean
  /** Takes fields from whoever owns them (the default); else a field with another's value gives 409. */
  readonly force?: boolean
  /** Computes and validates, writes nothing. */
  readonly dryRun?: boolean
  readonly manager?: string
}

/** The verbs that Flotilla uses on objects. Every failure is an `ApiError`. */
export interface Api {
  /** Where an object of this version and kind lives. Throws `rejected` where the server does not serve the kind. */
  place(apiVersion: string, subject: Subject): Promise<Place>
  /** Where an object of whatever version lives; undefined where the server serves no version of its kind. */
  placeOfAnyVersion(apiVersion: string, subject: Subject): Promise<Place | undefined>
  /** The live object, or undefined where there is none. */
  get(place: Place): Promise<KubeObject | undefined>
  /** Server-side apply, forced unless said otherwise, with strict field validation. The body is the manifest's JSON as it is. */
  apply(place: Place, manifest: KubeObject, options?: ApplyOptions): Promise<{ created: boolean; object: KubeObject }>
  /** A JSON patch (RFC 6902) that holds only upon the given resourceVersion, else 409. */
  patch(place: Place, resourceVersion: string, operations: readonly JsonObject[]): Promise<KubeObject>
  /** The first objects of a resource, in one namespace or in all, and how many more there are. */
  firstPage(
    resource: Resource,
    namespace: string | undefined,
  ): Promise<{ readonly items: readonly JsonObject[]; readonly more: number }>
  /** The resource of a kind; undefined where the server does not serve it. */
  resource(apiVersion: string, kind: string): Promise<Resource | undefined>
  /** Every kind of namespaced object that can be listed, each in the version that its group prefers. */
  namespacedKinds(): Promise<readonly Resource[]>
  /** Deletes exactly the object that was read. `gone` is false while finalizers hold it. A missing object is gone. */
  remove(place: Place, live: KubeObject): Promise<{ gone: boolean }>
}

/** A resourceVersion that no object has: apply then creates, and conflicts with whatever exists. */
const impossibleVersion = '1'

/** Makes the verbs of one member. `beforeWrite` is awaited before each write: it makes sure that the cluster is ours. */
export function createApi(transport: Transport, discovery: Discovery, beforeWrite: () => Promise<void>): Api {
  function placeIn(resource: Resource, subject: Subject): Place {
    const parts = parseSubject(subject)
    if (!parts) throw refused(`${subject} is no Subject`, 400)
    if (!resource.namespaced && parts.namespace !== undefined)
      throw refused(`${resource.kind} has no namespace, but metadata.namespace is ${parts.namespace}`, 400)
    const namespace = resource.namespaced ? (parts.namespace ?? 'default') : undefined
    return { resource, namespace, name: parts.name }
  }
  const pathOf = ({ resource, namespace, name }: Place) => objectPath(resource, namespace, name)

  return {
    async place(apiVersion, subject) {
      const kind = parseSubject(subject)?.kind ?? ''
      const resource = await discovery.resource(apiVersion, kind)
      if (!resource) throw refused(`the cluster serves no ${kind} in ${apiVersion}`, 404)
      return placeIn(resource, subject)
    },
    async placeOfAnyVersion(apiVersion, subject) {
      const kind = parseSubject(subject)?.kind ?? ''
      const resource =
        (await discovery.resource(apiVersion, kind)) ?? (await discovery.resourceOfGroup(groupOf(apiVersion), kind))
      return resource && placeIn(resource, subject)
    },
    async get(place) {
      try {
        return asObject((await transport.request('GET', pathOf(place))).json)
      } catch (error) {
        if (isAbsent(error)) return undefined
        // Perhaps its kind is not served any more.
        if (isRejected(error, 404)) discovery.refresh()
        throw error
      }
    },
    async apply(place, manifest, options = {}) {
      const { uid, onlyNew, force = true, dryRun, manager = ourManager } = options
      const resourceVersion = onlyNew ? impossibleVersion : options.resourceVersion
      const metadata = {
        ...manifest.metadata,
        ...(place.namespace === undefined ? {} : { namespace: place.namespace }),
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      }
      if (!dryRun) await beforeWrite()
      const answer = await transport.request('PATCH', pathOf(place), {
        query: {
          fieldManager: manager,
          force: String(force),
          fieldValidation: 'Strict',
          dryRun: dryRun ? 'All' : undefined,
        },
        contentType: 'application/apply-patch+yaml',
        body: { ...manifest, metadata },
      })
      return { created: answer.status === 201, object: asObject(answer.json) }
    },
    async patch(place, resourceVersion, operations) {
      const guard = { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion }
      await beforeWrite()
      const { json } = await transport.request('PATCH', pathOf(place), {
        query: { fieldManager: ourManager },
        contentType: 'application/json-patch+json',
        body: [guard, ...operations],
      })
      return asObject(json)
    },
    async firstPage(resource, namespace) {
      const { json } = await transport.request('GET', collectionPath(resource, namespace), { query: { limit: '500' } })
      return { items: itemsOf(json), more: Number(getIn(json, ['metadata', 'remainingItemCount']) ?? 0) }
    },
    resource: (apiVersion, kind) => discovery.resource(apiVersion, kind),
    namespacedKinds: () => discovery.namespacedKinds(),
    async remove(place, live) {
      const preconditions = { uid: metadataText(live, 'uid'), resourceVersion: metadataText(live, 'resourceVersion') }
      await beforeWrite()
      try {
        const { json } = await transport.request('DELETE', pathOf(place), {
          body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background', preconditions },
        })
        return { gone: json.kind === 'Status' || metadataText(json, 'deletionTimestamp') === '' }
      } catch (error) {
        if (isAbsent(error)) return { gone: true }
        throw error
      }
    },
  }
}

/** Checks that an answer is a Kubernetes object. Throws an `ApiError` where it is none. */
export function asObject(json: Json | undefined): KubeObject {
  if (isJsonObject(json) && isJsonObject(json.metadata) && typeof json.metadata.name === 'string')
    return json as KubeObject
  throw new ApiError('the answer is no Kubernetes object', { type: 'server', status: 502, retryAfterMs: 1000 })
}

function refused(message: string, status: number): ApiError {
  return new ApiError(message, { type: 'rejected', status, reason: 'NotFound', causes: [] })
}
