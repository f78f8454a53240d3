import type { JsonObject, KubeObject } from '../../repo-layout/json.ts'
import { collectionPath, preferredVersions, type Resource, readVersion } from '../member/discovery.ts'
import { isClusterWide, isRejected, itemsOf, messageOf } from '../member/errors.ts'
import { metadataText } from '../member/manifest.ts'
import type { Transport } from '../member/transport.ts'

/** Every kind that an API server serves and lists, in the version that it prefers; and what it would not tell. */
export interface ServedKinds {
  readonly resources: readonly Resource[]
  readonly unread: readonly string[]
}

/** Objects asked for at a time. */
const page = 500

/** Asks for every kind: one request a group. A group that gives no answer is named in `unread`. */
export async function servedKinds(transport: Transport): Promise<ServedKinds> {
  const versions = ['v1', ...(await preferredVersions(transport))]
  const resources: Resource[] = []
  const unread: string[] = []
  for (const version of versions) {
    try {
      const found = await readVersion(transport, version)
      resources.push(...[...found.values()].filter(({ verbs, kind }) => verbs.includes('list') && kind !== 'Event'))
    } catch (error) {
      if (isClusterWide(error)) throw error
      unread.push(`${version}: ${messageOf(error)}`)
    }
  }
  return { resources, unread }
}

/** Whether a kind may not be listed, or not any more: then nothing of it was applied with these rights either. */
export function isNotListed(error: unknown): boolean {
  return [403, 404, 405].some((status) => isRejected(error, status))
}

/** All objects of a kind in a namespace, or everywhere, that a label selector finds. Rejects with an `ApiError`. */
export async function listAll(
  transport: Transport,
  resource: Resource,
  namespace: string | undefined,
  labelSelector?: string,
): Promise<readonly KubeObject[]> {
  const objects: KubeObject[] = []
  for (let token: string | undefined; ; ) {
    const { json } = await transport.request('GET', collectionPath(resource, namespace), {
      query: { labelSelector, limit: String(page), continue: token },
    })
    const { apiVersion, kind } = resource
    objects.push(...itemsOf(json).map((item: JsonObject) => ({ ...item, apiVersion, kind }) as KubeObject))
    token = metadataText(json, 'continue') || undefined
    if (token === undefined) return objects
  }
}
