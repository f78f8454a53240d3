import type { JsonObject } from '../../repo-layout/json.ts'
import { annotations } from '../../repo-layout/schema/common.ts'
import { collectionPath, type Resource } from '../member/discovery.ts'
import { itemsOf } from '../member/errors.ts'
import { pagesOf } from '../member/list.ts'
import { markOf } from '../member/manifest.ts'
import { managedBy } from '../member/marks.ts'
import type { Transport } from '../member/transport.ts'

/** How many objects of a cluster another tool holds, by its marks. */
export interface Held {
  readonly tool: string
  readonly objects: number
}

/** Only metadata, which spares the server and us the rest; who does not know that sends whole objects. */
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json'

/**
 * Counts the objects of these kinds that carry the marks of another tool, the most first. What a controller of the cluster
 * owns (the pods of a Deployment) is nobody's to take and is not counted. Rejects with an `ApiError` where a list fails.
 */
export async function heldByOthers(transport: Transport, resources: readonly Resource[]): Promise<readonly Held[]> {
  const counts = new Map<string, number>()
  for (const resource of resources) {
    for await (const item of metadataOf(transport, resource)) {
      // What a fleet applies may carry marks too, from the template that it was made of.
      if ((['annotations', 'labels'] as const).some((map) => markOf(item, map, annotations.id) !== undefined)) continue
      const tool = managedBy(withoutOwners(item))
      if (tool !== undefined) counts.set(tool, (counts.get(tool) ?? 0) + 1)
    }
  }
  return [...counts]
    .map(([tool, objects]) => ({ tool, objects }))
    .sort((a, b) => b.objects - a.objects || (a.tool < b.tool ? -1 : 1))
}

async function* metadataOf(transport: Transport, resource: Resource): AsyncGenerator<JsonObject> {
  // An empty list of metadata, and of nothing else, comes as null.
  for await (const json of pagesOf(transport, collectionPath(resource, undefined), { accept: metadataOnly }))
    if (json.kind !== 'PartialObjectMetadataList' || json.items !== null) yield* itemsOf(json)
}

function withoutOwners(item: JsonObject): JsonObject {
  const { metadata } = item
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return item
  return { ...item, metadata: { ...(metadata as JsonObject), ownerReferences: [] } }
}
