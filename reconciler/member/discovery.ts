import { getIn, isJsonArray, isJsonObject } from '../../repo-layout/json.ts'
import type { Clock } from '../clock.ts'
import { ApiError, isRejected } from './errors.ts'
import type { Transport } from './transport.ts'

/** Where the objects of a kind live on an API server. */
export interface Resource {
  readonly apiVersion: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
}

/** What an API server serves, read once for each group-version and again when something is missing. */
export interface Discovery {
  /** The resource of a kind; undefined where the server does not serve it. Throws an `ApiError` when it cannot tell. */
  resource(apiVersion: string, kind: string): Promise<Resource | undefined>
  /** The same for a kind whose version is not known or no longer served: in any version that its group has now. */
  resourceOfGroup(group: string, kind: string): Promise<Resource | undefined>
  /** Every kind of namespaced object that can be listed, each in the version that its group prefers. */
  namespacedKinds(): Promise<readonly Resource[]>
  /** Forgets everything: after a CRD was established, or on another connection. */
  refresh(): void
}

/** A group-version that lacked a kind is asked again only after so many milliseconds: a missing CRD may be applied any time. */
const missingFor = 2000

/** Makes the discovery of one member; nothing is asked before it is needed. */
export function createDiscovery(transport: Transport, clock: Clock): Discovery {
  const versions = new Map<string, { readonly read: Promise<ReadonlyMap<string, Resource>>; at: number }>()

  function load(apiVersion: string): Promise<ReadonlyMap<string, Resource>> {
    const entry = { read: readVersion(transport, apiVersion), at: clock.now() }
    versions.set(apiVersion, entry)
    entry.read.catch(() => {
      if (versions.get(apiVersion) === entry) versions.delete(apiVersion)
    })
    return entry.read
  }

  async function resource(apiVersion: string, kind: string): Promise<Resource | undefined> {
    const known = versions.get(apiVersion)
    const found = (await (known?.read ?? load(apiVersion))).get(kind)
    if (found || !known || clock.now() - known.at < missingFor) return found
    return (await load(apiVersion)).get(kind)
  }

  return {
    resource,
    async resourceOfGroup(group, kind) {
      if (group === '') return resource('v1', kind)
      for (const apiVersion of await versionsOf(transport, group)) {
        const found = await resource(apiVersion, kind)
        if (found) return found
      }
      return undefined
    },
    async namespacedKinds() {
      const apiVersions = ['v1', ...(await preferredVersions(transport))]
      const kinds = await Promise.all(apiVersions.map((one) => versions.get(one)?.read ?? load(one)))
      return kinds.flatMap((version) =>
        [...version.values()].filter(({ namespaced, verbs }) => namespaced && verbs.includes('list')),
      )
    },
    refresh: () => versions.clear(),
  }
}

/** The group-versions beside `v1` that an API server prefers, one a group. Rejects with an `ApiError`. */
export async function preferredVersions(transport: Transport): Promise<readonly string[]> {
  const { json } = await transport.request('GET', '/apis')
  if (!isJsonArray(json.groups)) throw unreadable('/apis')
  return json.groups.map((group) => {
    const version = getIn(group, ['preferredVersion', 'groupVersion'])
    if (typeof version !== 'string') throw unreadable('/apis')
    return version
  })
}

/**
 * The kinds of one group-version by name, without subresources; none where the server does not serve it. Rejects with an
 * `ApiError`.
 */
export async function readVersion(transport: Transport, apiVersion: string): Promise<ReadonlyMap<string, Resource>> {
  const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const resources = new Map<string, Resource>()
  let list: unknown
  try {
    list = (await transport.request('GET', path)).json.resources
  } catch (error) {
    if (isRejected(error, 404)) return resources
    throw error
  }
  if (!Array.isArray(list)) throw unreadable(path)
  for (const item of list as unknown[]) {
    if (!isJsonObject(item)) throw unreadable(path)
    const { name, kind, namespaced, verbs } = item
    // A slash is a subresource: `deployments/scale` has a kind of its own.
    if (typeof name !== 'string' || typeof kind !== 'string' || name.includes('/')) continue
    resources.set(kind, {
      apiVersion,
      kind,
      plural: name,
      namespaced: namespaced === true,
      verbs: isJsonArray(verbs) ? verbs.filter((verb) => typeof verb === 'string') : [],
    })
  }
  return resources
}

async function versionsOf(transport: Transport, group: string): Promise<string[]> {
  try {
    const { json } = await transport.request('GET', `/apis/${group}`)
    const versions = json.versions
    if (!isJsonArray(versions)) throw unreadable(`/apis/${group}`)
    return versions.flatMap((version) =>
      isJsonObject(version) && typeof version.groupVersion === 'string' ? [version.groupVersion] : [],
    )
  } catch (error) {
    if (isRejected(error, 404)) return []
    throw error
  }
}

function unreadable(path: string): ApiError {
  return new ApiError(`${path}: the answer is no discovery document`, {
    type: 'server',
    status: 502,
    retryAfterMs: 1000,
  })
}

/** The path of a resource's collection, over all namespaces where `namespace` is undefined. */
export function collectionPath(resource: Resource, namespace: string | undefined): string {
  const base = resource.apiVersion.includes('/') ? `/apis/${resource.apiVersion}` : `/api/${resource.apiVersion}`
  return resource.namespaced && namespace !== undefined
    ? `${base}/namespaces/${encodeURIComponent(namespace)}/${resource.plural}`
    : `${base}/${resource.plural}`
}

/** The path of one object. */
export function objectPath(resource: Resource, namespace: string | undefined, name: string): string {
  return `${collectionPath(resource, namespace ?? 'default')}/${encodeURIComponent(name)}`
}
