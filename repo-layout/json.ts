/** A JSON value as Kubernetes exchanges them. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject

/** A JSON object; `undefined` never stands in one that leaves this program. */
export interface JsonObject {
  readonly [key: string]: Json | undefined
}

/** Where a value stands inside a document: keys and indexes from the root. */
export type JsonPath = readonly (string | number)[]

/** A Kubernetes object with the fields that every one of them has. */
export interface KubeObject extends JsonObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
}

/** The metadata that Flotilla reads; other fields pass through untouched. */
export interface ObjectMeta extends JsonObject {
  readonly name: string
  readonly namespace?: string
  readonly labels?: { readonly [key: string]: string }
  readonly annotations?: { readonly [key: string]: string }
}

/** Tells an object from arrays, null and scalars. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Tells an array; narrows `Json` where `Array.isArray` would widen to `any[]`. */
export function isJsonArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

/** The value at `path`, or undefined where a step is missing or no container. */
export function getIn(value: Json | undefined, path: JsonPath): Json | undefined {
  let at = value
  for (const step of path) {
    if (isJsonArray(at) && typeof step === 'number') at = at[step]
    else if (isJsonObject(at) && typeof step === 'string' && Object.hasOwn(at, step)) at = at[step]
    else return undefined
  }
  return at
}

/** Deep equality of JSON values; the order of keys does not count, an undefined key is an absent one. */
export function jsonEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (isJsonArray(a)) return isJsonArray(b) && a.length === b.length && a.every((item, i) => jsonEqual(item, b[i]))
  if (!isJsonObject(a) || !isJsonObject(b)) return false
  const keys = definedKeys(a)
  return (
    keys.length === definedKeys(b).length && keys.every((key) => Object.hasOwn(b, key) && jsonEqual(a[key], b[key]))
  )
}

function definedKeys(value: JsonObject): string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined)
}
