import { isJsonArray, isJsonObject, type Json } from '../../../repo-layout/json.ts'
import type { ListRule, Schema } from '../schema/schema.ts'

/** Which of the forms that a schema allows a value has. A value of none has the first that the schema allows. */
export function formOf(schema: Schema, value: Json | undefined): 'scalar' | 'list' | 'map' {
  if (isJsonArray(value) && schema.list) return 'list'
  if (isJsonObject(value) && schema.map) return 'map'
  if (schema.scalar && value !== undefined && value !== null && !isJsonArray(value) && !isJsonObject(value))
    return 'scalar'
  return schema.map ? 'map' : schema.scalar ? 'scalar' : 'list'
}

/** The schema of a key of a map; undefined where it may have none such. */
export function fieldOf(schema: Schema, key: string): Schema | undefined {
  return schema.map?.fields.get(key) ?? schema.map?.others
}

/** Why an item of a list cannot be told from the others. */
export interface BadItem {
  readonly problem: string
}

/** The path element of an item of a `map` or `set` list. Keys that are missing have their defaults. */
export function elementOf(list: ListRule, item: Json): string | BadItem {
  if (list.relation === 'set') return setElement(item)
  if (item === null) return { problem: 'associative list with keys may not have a null element' }
  if (!isJsonObject(item)) return { problem: 'associative list with keys may not have non-map elements' }
  const keys: Record<string, Json> = {}
  for (const key of [...list.keys].sort()) {
    const value = item[key] ?? list.items.map?.fields.get(key)?.default
    if (value !== undefined) keys[key] = value
  }
  if (Object.keys(keys).length > 0) return `k:${JSON.stringify(keys)}`
  const named = list.keys.map((key) => JSON.stringify(key)).join(' ')
  return {
    problem: `associative list with keys has an element that omits all key fields [${named}] (and doesn't have default values for any key fields)`,
  }
}

function setElement(item: Json): string | BadItem {
  if (isJsonObject(item)) return { problem: "associative list without keys has an element that's a map type" }
  if (isJsonArray(item)) return { problem: 'not supported: associative list with lists as elements' }
  if (item === null) return { problem: "associative list without keys has an element that's an explicit null" }
  return `v:${JSON.stringify(item)}`
}

/** The items of a list by path element in order; those that have none are left out. */
export function itemsByElement(list: ListRule, items: readonly Json[]): Map<string, Json[]> {
  const result = new Map<string, Json[]>()
  for (const item of items) {
    const element = elementOf(list, item)
    if (typeof element !== 'string') continue
    const held = result.get(element)
    if (held) held.push(item)
    else result.set(element, [item])
  }
  return result
}

/** Entries of an object that are there. */
export function entriesOf(value: Json | undefined): readonly (readonly [string, Json])[] {
  if (!isJsonObject(value)) return []
  return Object.entries(value).filter((entry): entry is [string, Json] => entry[1] !== undefined)
}
