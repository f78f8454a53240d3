import { isJsonArray, isJsonObject, type Json, type JsonObject, jsonEqual } from '../../../repo-layout/json.ts'
import { fieldOf } from '../apply/element.ts'
import type { Schema } from '../schema/schema.ts'
import { badRequest } from '../status.ts'

/**
 * Strategic merge patch: a merge patch whose lists merge by the key that the schema names, with the directives `$patch`,
 * `$retainKeys`, `$deleteFromPrimitiveList/<list>` and `$setElementOrder/<list>`. Throws 400 for directives that cannot be
 * followed.
 */
export function strategicMerge(schema: Schema | undefined, target: Json | undefined, patch: JsonObject): Json {
  return mergeMap(schema, isJsonObject(target) ? target : {}, patch)
}

function mergeMap(schema: Schema | undefined, target: JsonObject, patch: JsonObject): Json {
  const directive = patch.$patch
  if (directive === 'replace') return withoutDirectives(patch)
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge')
    throw badRequest(`Unknown patch type found: ${JSON.stringify(directive)}`)
  const retained = patch.$retainKeys
  const result = new Map<string, Json | undefined>(
    Object.entries(target).filter(([key]) => !isJsonArray(retained) || retained.includes(key)),
  )
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined || key.startsWith('$')) continue
    if (value === null) result.delete(key)
    // What is new is taken as it stands, without a look for keys that stand twice.
    else if (result.get(key) === undefined) result.set(key, withoutNulls(value))
    else result.set(key, mergeValue(schema && fieldOf(schema, key), result.get(key), value, orderOf(patch, key)))
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$deleteFromPrimitiveList/') && isJsonArray(value)) {
      const name = key.slice('$deleteFromPrimitiveList/'.length)
      const held = result.get(name)
      if (isJsonArray(held))
        result.set(
          name,
          held.filter((item) => !value.some((gone) => jsonEqual(gone, item))),
        )
    }
    if (key.startsWith('$setElementOrder/')) {
      const name = key.slice('$setElementOrder/'.length)
      const held = result.get(name)
      if (isJsonArray(held) && patch[name] === undefined)
        result.set(name, ordered(mergeKeyOf(schema && fieldOf(schema, name)), held, orderOf(patch, name) ?? [], held))
    }
  }
  return Object.fromEntries(result)
}

function orderOf(patch: JsonObject, key: string): readonly Json[] | undefined {
  const order = patch[`$setElementOrder/${key}`]
  return isJsonArray(order) ? order : undefined
}

function mergeValue(
  schema: Schema | undefined,
  target: Json | undefined,
  value: Json,
  order: readonly Json[] | undefined,
): Json {
  if (isJsonObject(value)) {
    if (schema?.source['x-kubernetes-patch-strategy'] === 'replace') return withoutDirectives(value)
    return mergeMap(schema, isJsonObject(target) ? target : {}, value)
  }
  if (!isJsonArray(value)) return value
  return mergeList(schema, isJsonArray(target) ? target : [], value, order)
}

/** Some lists say `merge,retainKeys`. */
function merges(schema: Schema | undefined): boolean {
  return (schema?.source['x-kubernetes-patch-strategy'] ?? '').split(',').includes('merge')
}

function mergeKeyOf(schema: Schema | undefined): string | undefined {
  return schema?.source['x-kubernetes-patch-merge-key']
}

function mergeList(
  schema: Schema | undefined,
  target: readonly Json[],
  patch: readonly Json[],
  order: readonly Json[] | undefined,
): Json {
  const replaces = patch.some((item) => isJsonObject(item) && item.$patch === 'replace')
  if (!merges(schema) || replaces) return patch.filter((item) => !isDirective(item)).map(stripDirectives)
  const key = mergeKeyOf(schema)
  if (key === undefined) {
    const added = patch.filter((item) => !target.some((held) => jsonEqual(held, item)))
    return ordered(undefined, [...target, ...added], order ?? patch, target)
  }
  const items = [...target]
  for (const item of patch) {
    if (!isJsonObject(item)) throw badRequest('expected an object in a list that merges by key')
    const id = item[key]
    if (id === undefined) throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`)
    const at = items.findIndex((held) => isJsonObject(held) && jsonEqual(held[key], id))
    if (item.$patch === 'delete') {
      if (at >= 0) items.splice(at, 1)
      continue
    }
    const held = items[at]
    if (at < 0) items.push(withoutNulls(item))
    else items[at] = mergeMap(schema?.list?.items, isJsonObject(held) ? held : {}, item)
  }
  const kept = patch.filter((item) => isJsonObject(item) && item.$patch === undefined)
  return ordered(key, items, order ?? kept, target)
}

/**
 * Items that the order names stand in it. The others keep the order that they had, each before the first named item that
 * it stood before.
 */
function ordered(
  key: string | undefined,
  items: readonly Json[],
  order: readonly Json[],
  before: readonly Json[],
): readonly Json[] {
  const idOf = (item: Json): Json => (key !== undefined && isJsonObject(item) ? (item[key] ?? null) : item)
  const indexIn = (list: readonly Json[], item: Json) => list.findIndex((one) => jsonEqual(idOf(one), idOf(item)))
  const named = items.filter((item) => indexIn(order, item) >= 0)
  named.sort((a, b) => indexIn(order, a) - indexIn(order, b))
  const others = items.filter((item) => indexIn(order, item) < 0)
  others.sort((a, b) => indexIn(before, a) - indexIn(before, b))
  const result: Json[] = []
  while (named.length > 0 || others.length > 0) {
    const [other, next] = [others[0], named[0]]
    if (next === undefined || (other !== undefined && isBefore(indexIn(before, other), indexIn(before, next)))) {
      result.push(...others.splice(0, 1))
    } else result.push(...named.splice(0, 1))
  }
  return result
}

function isBefore(a: number, b: number): boolean {
  return a >= 0 && b >= 0 && a < b
}

/** A value that nothing was there for before: its nulls and directives have nothing to take away. */
function withoutNulls(value: Json): Json {
  if (isJsonArray(value)) return value.filter((item) => !isDeletion(item)).map(withoutNulls)
  if (!isJsonObject(value)) return value
  const kept = Object.entries(value).filter(([key, inner]) => inner !== null && !key.startsWith('$'))
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner ?? null)]))
}

function isDeletion(item: Json): boolean {
  return isJsonObject(item) && item.$patch === 'delete'
}

function isDirective(item: Json): boolean {
  return isJsonObject(item) && item.$patch !== undefined && Object.keys(item).length === 1
}

function stripDirectives(item: Json): Json {
  return isJsonObject(item) ? withoutDirectives(item) : item
}

function withoutDirectives(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('$')))
}
