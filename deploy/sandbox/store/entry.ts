import type { KubeObject } from '../../../repo-layout/json.ts'

/**
 * One stored object at one revision. It is kept as text, which costs a quarter of what parsed JSON does; `readEntry` parses
 * it and remembers the result for as long as memory allows. Entries are never changed.
 */
export interface Entry {
  readonly namespace: string
  readonly name: string
  readonly revision: number
  readonly text: string
  readonly labels: { readonly [key: string]: string } | undefined
}

const parsed = new WeakMap<Entry, WeakRef<KubeObject>>()

/** The object of an entry. It is shared: nobody may change it. */
export function readEntry(entry: Entry): KubeObject {
  const known = parsed.get(entry)?.deref()
  if (known) return known
  const object = JSON.parse(entry.text) as KubeObject
  parsed.set(entry, new WeakRef(object))
  return object
}

/** Makes the entry of an object; `metadata.resourceVersion` is set to its revision. */
export function makeEntry(object: KubeObject, revision: number): Entry {
  const stamped = withRevision(object, revision)
  const { namespace = '', name, labels } = stamped.metadata
  const entry = { namespace, name, revision, text: JSON.stringify(stamped), labels }
  parsed.set(entry, new WeakRef(stamped))
  return entry
}

/** The object in the order in which an API server writes it: kind, apiVersion, metadata, the rest. */
export function withRevision(object: KubeObject, revision: number): KubeObject {
  const { kind, apiVersion, metadata, ...rest } = object
  return { kind, apiVersion, metadata: { ...metadata, resourceVersion: String(revision) }, ...rest }
}

/** The text of an entry without kind and apiVersion, as the items of a list of built-in objects are written. */
export function itemText(entry: Entry): string {
  const at = entry.text.indexOf('"metadata":')
  return `{${entry.text.slice(at)}`
}

/** The path of an object inside its collection: the order of lists is the order of these. */
export function keyOf(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}/${name}`
}
