import type { KubeObject } from '../../repo-layout/json.ts'
import { collectionPath, preferredVersions, type Resource, readVersion } from '../member/discovery.ts'
import { isClusterWide, isRejected, messageOf } from '../member/errors.ts'
import { listAll as listItems } from '../member/list.ts'
import type { Transport } from '../member/transport.ts'

/** Every kind that an API server serves and lists, in the version that it prefers; and what it would not tell. */
export interface ServedKinds {
  readonly resources: readonly Resource[]
  readonly unread: readonly string[]
}

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
  const { apiVersion, kind } = resource
  const items = await listItems(transport, collectionPath(resource, namespace), { labelSelector })
  return items.map((item) => ({ ...item, apiVersion, kind }) as KubeObject)
}
