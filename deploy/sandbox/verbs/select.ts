import type { KubeObject } from '../../../repo-layout/json.ts'
import type { Resource } from '../resources/resource.ts'
import { type Entry, readEntry } from '../store/entry.ts'
import { parseFieldSelector } from '../store/field-selector.ts'
import { parseLabelSelector } from '../store/label-selector.ts'

/** Whether a stored object is asked for. */
export type Selection = (entry: Entry) => boolean

/** Reads the selectors of a query; throws 400 where they cannot be read. */
export function selectionOf(query: URLSearchParams, resource: Resource, namespace: string, name: string): Selection {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '')
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '', resource.storage)
  return (entry) =>
    (namespace === '' || entry.namespace === namespace) &&
    (name === '' || entry.name === name) &&
    labels(entry.labels) &&
    (fields === undefined || fields(readEntry(entry) satisfies KubeObject))
}
