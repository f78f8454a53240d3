import { isJsonArray, isJsonObject, type Json, type JsonObject, jsonEqual } from '../../repo-layout/json.ts'

/** The field manager that Flotilla applies as. */
export const ourManager = 'flotilla'

/** The query of writes that are no apply: else the server names a manager after the process, another one after each start. */
export const asOurs = { fieldManager: ourManager } as const

/** One entry of `metadata.managedFields`, read. */
export interface ManagedFields {
  readonly manager: string
  readonly operation: string
  readonly apiVersion: string
  /** `''` for the object itself; `scale` or `status` where the write went through a subresource. */
  readonly subresource: string
  readonly time: string | undefined
  readonly fields: JsonObject
}

/** Reads `metadata.managedFields`; entries that are malformed own nothing and are left out. */
export function managedFieldsOf(object: JsonObject): ManagedFields[] {
  const metadata = object.metadata
  const entries = isJsonObject(metadata) ? metadata.managedFields : undefined
  if (!isJsonArray(entries)) return []
  return entries.flatMap((entry) => {
    if (!isJsonObject(entry) || !isJsonObject(entry.fieldsV1)) return []
    const text = (key: string) => (typeof entry[key] === 'string' ? entry[key] : '')
    return [
      {
        manager: text('manager'),
        operation: text('operation'),
        apiVersion: text('apiVersion'),
        subresource: text('subresource'),
        time: text('time') || undefined,
        fields: entry.fieldsV1,
      },
    ]
  })
}

/** Our own Apply entry; undefined where the object carries none (never applied by us, or wiped). */
export function ourEntry(object: JsonObject): ManagedFields | undefined {
  return managedFieldsOf(object).find(isOurs)
}

/** Whether an entry is the one that our server-side apply writes. */
export function isOurs(entry: ManagedFields): boolean {
  return entry.manager === ourManager && entry.operation === 'Apply' && entry.subresource === ''
}

/** A step of a fieldsV1 path, as its text says: `f:name`, `k:{…}`, `v:…` or `i:…`. */
export type FieldStep =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'key'; readonly key: JsonObject }
  | { readonly type: 'value'; readonly value: Json }
  | { readonly type: 'index'; readonly index: number }

/**
 * Reads one key of a fieldsV1 object; undefined for `.` (the node itself) and for text that is no step, so that a
 * serialisation of a later Kubernetes is passed over instead of misread.
 */
export function parseStep(text: string): FieldStep | undefined {
  const rest = text.slice(2)
  if (text.startsWith('f:')) return { type: 'field', name: rest }
  if (text.startsWith('i:')) return /^\d+$/.test(rest) ? { type: 'index', index: Number(rest) } : undefined
  if (!text.startsWith('k:') && !text.startsWith('v:')) return undefined
  const value = parseJson(rest)
  if (value === undefined) return undefined
  if (text.startsWith('v:')) return { type: 'value', value }
  return isJsonObject(value) ? { type: 'key', key: value } : undefined
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined // fieldsV1 text that is no JSON names no field
  }
}

/** Whether a node of fieldsV1 owns a whole value: it has no children. */
export function isLeaf(node: JsonObject): boolean {
  for (const key of Object.keys(node)) if (key !== '.') return false
  return true
}

/** The child of a live value that a step names, or undefined where there is none. */
export function follow(step: FieldStep, value: Json | undefined): Json | undefined {
  switch (step.type) {
    case 'field':
      return isJsonObject(value) && Object.hasOwn(value, step.name) ? value[step.name] : undefined
    case 'key':
      return isJsonArray(value) ? value.find((item) => hasKey(item, step.key)) : undefined
    case 'value':
      return isJsonArray(value) ? value.find((item) => jsonEqual(item, step.value)) : undefined
    case 'index':
      return isJsonArray(value) ? value[step.index] : undefined
  }
}

/**
 * The same in a manifest, whose list items may leave out a key field that the server defaults (`protocol` of a port):
 * an item that matches wholly wins, else one that contradicts no part of the key.
 */
export function followWanted(step: FieldStep, value: Json | undefined): Json | undefined {
  const exact = follow(step, value)
  if (exact !== undefined || step.type !== 'key' || !isJsonArray(value)) return exact
  return value.find(
    (item) =>
      isJsonObject(item) &&
      Object.keys(step.key).some((name) => item[name] !== undefined) &&
      Object.entries(step.key).every(([name, part]) => item[name] === undefined || jsonEqual(item[name], part)),
  )
}

/** Whether a list item carries all parts of a key. */
function hasKey(item: Json | undefined, key: JsonObject): boolean {
  return isJsonObject(item) && Object.entries(key).every(([name, part]) => jsonEqual(item[name], part))
}

/**
 * Children of a node with their steps, keyed and valued items in the order of the live list, so that a reordered list
 * reads differently; items that the list lacks come last.
 */
export function childrenInOrder(node: JsonObject, live: Json | undefined): [text: string, step: FieldStep][] {
  const children: [string, FieldStep][] = []
  for (const text of Object.keys(node)) {
    const step = parseStep(text)
    if (step) children.push([text, step])
  }
  if (!isJsonArray(live) || children.length < 2) return children
  const places = new Map(children.map(([text, step]) => [text, placeIn(live, step)]))
  return children.sort(([a], [b]) => (places.get(a) ?? 0) - (places.get(b) ?? 0))
}

function placeIn(list: readonly Json[], step: FieldStep): number {
  const item = follow(step, list)
  return item === undefined ? list.length : list.indexOf(item)
}

/** Whether an entry owns a path: it names it, or owns the whole of something above it. */
export function covers(fields: JsonObject, path: readonly string[]): boolean {
  let node = fields
  for (const [depth, text] of path.entries()) {
    const next = node[text]
    if (!isJsonObject(next)) return depth > 0 && isLeaf(node)
    node = next
  }
  return true
}

/** What is in `a` and not in `b`; undefined where nothing is left. Both are fieldsV1 sets. */
export function subtractFields(a: JsonObject, b: JsonObject): JsonObject | undefined {
  const left: { [key: string]: Json } = {}
  for (const [text, node] of Object.entries(a)) {
    const other = b[text]
    if (!isJsonObject(node)) continue
    if (!isJsonObject(other)) {
      if (text !== '.' || !isLeaf(b)) left[text] = node
      continue
    }
    if (isLeaf(node)) continue
    const rest = isLeaf(other) ? node : subtractFields(node, other)
    if (rest !== undefined) left[text] = rest
  }
  const keys = Object.keys(left)
  return keys.length === 0 || (keys.length === 1 && keys[0] === '.') ? undefined : left
}

/** The union of two fieldsV1 sets. */
export function mergeFields(a: JsonObject, b: JsonObject): JsonObject {
  const union: { [key: string]: Json | undefined } = { ...a }
  for (const [text, node] of Object.entries(b)) {
    const own = union[text]
    union[text] = isJsonObject(own) && isJsonObject(node) ? mergeFields(own, node) : node
  }
  return union
}

/** A path of steps as people read it: `/spec/containers[name=web]/image`. */
export function formatPath(path: readonly string[]): string {
  return path.map(formatStep).join('')
}

function formatStep(text: string): string {
  const step = parseStep(text)
  switch (step?.type) {
    case 'field':
      return `/${step.name}`
    case 'key':
      return `[${Object.entries(step.key)
        .map(([name, part]) => `${name}=${typeof part === 'string' ? part : JSON.stringify(part)}`)
        .join(',')}]`
    case 'value':
      return `[${JSON.stringify(step.value)}]`
    case 'index':
      return `[${step.index}]`
    default:
      return ''
  }
}
