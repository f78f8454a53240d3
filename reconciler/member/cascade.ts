import { getIn, type JsonObject, type KubeObject } from '../../repo-layout/json.ts'
import { parseSubject, type Subject } from '../../repo-layout/subject.ts'
import { eachOf } from '../each-of.ts'
import type { Api } from './api.ts'
import { isAbsent, isRejected } from './errors.ts'
import { metadataText } from './manifest.ts'
import { isPrecious, rankOf, servedKinds } from './order.ts'
import { controllerOf, isStandard } from './standard.ts'

/** Kinds that every namespace has of itself, or that only tell of others: nobody misses them. */
const derived = new Set(['Event', 'Endpoints', 'EndpointSlice', 'Lease', 'PodMetrics'])
/** Lists that are asked for at a time. */
const width = 8

/**
 * How many other objects are deleted with this one: what people put into a Namespace, the objects of a CRD's kind, the
 * volume of a PersistentVolumeClaim. What a controller made is not counted, and what may not be listed cannot be. Throws an
 * `ApiError` where the server does not answer.
 */
export async function takenWith(api: Api, subject: Subject, live: KubeObject): Promise<number> {
  if (!isPrecious(subject)) return 0
  if (rankOf(subject) === 1) return ofDefinition(api, live)
  const parts = parseSubject(subject)
  if (parts?.kind === 'Namespace') return inNamespace(api, parts.name)
  return getIn(live, ['spec', 'volumeName']) === undefined ? 0 : 1
}

async function inNamespace(api: Api, namespace: string): Promise<number> {
  const kinds = (await api.namespacedKinds()).filter(({ kind }) => !derived.has(kind))
  let sum = 0
  await eachOf(kinds, width, async (resource) => {
    const { items, more } = await listed(api, resource, namespace)
    sum += more + items.filter((item) => isMade(item, resource.kind)).length
  })
  return sum
}

async function ofDefinition(api: Api, definition: KubeObject): Promise<number> {
  const [served] = servedKinds(definition)
  const resource = served && (await api.resource(served.apiVersion, served.kind))
  if (!resource) return 0
  const { items, more } = await listed(api, resource, undefined)
  return items.length + more
}

type Page = Awaited<ReturnType<Api['firstPage']>>

/** What we may not list, others may still lose; but nobody can tell how much that is. */
async function listed(api: Api, ...of: Parameters<Api['firstPage']>): Promise<Page> {
  try {
    return await api.firstPage(...of)
  } catch (error) {
    // A 404 that is not the API server's own says nothing of what is there.
    if (isRejected(error, 403) || isAbsent(error) || isRejected(error, 405)) return { items: [], more: 0 }
    throw error
  }
}

function isMade(item: JsonObject, kind: string): boolean {
  return controllerOf(item) === undefined && !isStandard(kind, metadataText(item, 'name'))
}
