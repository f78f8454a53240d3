import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import type { ApiRequest } from '../http/message.ts'
import type { Resource } from '../resources/resource.ts'
import { type Entry, itemText, readEntry } from '../store/entry.ts'
import { tableOf } from '../table/table.ts'

/** The form in which objects are answered. */
export interface Output {
  readonly form: 'object' | 'table' | 'partial'
  /** What a table carries of each object. */
  readonly include: 'Metadata' | 'Object' | 'None'
  /** Milliseconds since the epoch, for ages. */
  readonly now: number
  readonly tableVersion: string
}

/** Reads the `Accept` header: the first form that there is here counts. */
export function outputOf({ headers, query }: ApiRequest, now: number): Output {
  const types = (headers.accept ?? '').split(',').map((type) => type.trim())
  const include = query.get('includeObject')
  for (const type of types) {
    const version = type.includes('v=v1beta1') ? 'meta.k8s.io/v1beta1' : 'meta.k8s.io/v1'
    const form = type.includes('as=Table') ? 'table' : type.includes('as=PartialObjectMetadata') ? 'partial' : 'object'
    if (type !== '')
      return {
        form,
        include: include === 'Object' || include === 'None' ? include : 'Metadata',
        now,
        tableVersion: version,
      }
  }
  return { form: 'object', include: 'Metadata', now, tableVersion: 'meta.k8s.io/v1' }
}

/** The text of one stored object. */
export function entryText(output: Output, resource: Resource, entry: Entry): string {
  if (output.form === 'object' && !otherVersion(resource)) return entry.text
  return objectText(output, resource, inServedVersion(resource, readEntry(entry)))
}

/** The text of one object. */
export function objectText(output: Output, resource: Resource, object: KubeObject): string {
  switch (output.form) {
    case 'table':
      return JSON.stringify(tableOf(resource, [object], {}, output))
    case 'partial':
      return JSON.stringify(partial(object))
    default:
      return JSON.stringify(object)
  }
}

/** The text of a list with its metadata. */
export function listText(output: Output, resource: Resource, entries: readonly Entry[], metadata: JsonObject): string {
  const objects = () => entries.map((entry) => inServedVersion(resource, readEntry(entry)))
  switch (output.form) {
    case 'table':
      return JSON.stringify(tableOf(resource, objects(), metadata, output))
    case 'partial':
      return JSON.stringify({
        kind: 'PartialObjectMetadataList',
        apiVersion: 'meta.k8s.io/v1',
        metadata,
        items: objects().map(partial),
      })
    default: {
      // Items of a typed list carry no kind of their own; those of custom resources do.
      const items = resource.custom ? entries.map((entry) => entryText(output, resource, entry)) : entries.map(itemText)
      const head = `{"kind":${JSON.stringify(resource.listKind)},"apiVersion":${JSON.stringify(resource.apiVersion)}`
      return `${head},"metadata":${JSON.stringify(metadata)},"items":[${items.join(',')}]}`
    }
  }
}

function otherVersion({ custom, apiVersion }: Resource): boolean {
  return custom !== undefined && custom.storageVersion !== apiVersion
}

function inServedVersion(resource: Resource, object: KubeObject): KubeObject {
  return object.apiVersion === resource.apiVersion ? object : { ...object, apiVersion: resource.apiVersion }
}

function partial(object: KubeObject): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata }
}
