import { isJsonArray, type Json } from '../../../repo-layout/json.ts'
import { atomicValue, type Schema } from '../schema/schema.ts'
import { elementOf, entriesOf, fieldOf, formOf } from './element.ts'
import { type FieldSet, isEmpty } from './field-set.ts'

/**
 * The value without the members of a set. A map or list that loses its last part becomes `undefined` or null, as one
 * that is atomic and is looked into does.
 */
export function removeItems(schema: Schema, value: Json, remove: FieldSet): Json {
  const form = formOf(schema, value)
  if (form === 'scalar') return value
  return form === 'list' ? fromList(schema, value, remove) : fromMap(schema, value, remove)
}

function fromList(schema: Schema, value: Json, remove: FieldSet): Json {
  const { list } = schema
  if (!isJsonArray(value) || value.length === 0 || !list || list.relation === 'atomic') return null
  const kept = value.flatMap((item) => {
    const element = elementOf(list, item)
    const inner = typeof element === 'string' ? remove.below.get(element) : undefined
    if (inner?.own) return []
    return [inner && !isEmpty(inner) ? removeItems(list.items, item, inner) : item]
  })
  return kept.length > 0 ? kept : null
}

function fromMap(schema: Schema, value: Json, remove: FieldSet): Json {
  const entries = entriesOf(value)
  if (entries.length === 0 || !schema.map || schema.map.atomic) return null
  const kept = entries.flatMap(([key, inner]): [string, Json][] => {
    const set = remove.below.get(`f:${key}`)
    if (set?.own) return []
    if (!set || isEmpty(set)) return [[key, inner]]
    return [[key, removeItems(fieldOf(schema, key) ?? atomicValue, inner, set)]]
  })
  return kept.length > 0 ? Object.fromEntries(kept) : null
}

/** The set with the structs that it looks into as members too; keys of maps and items stay as they are. */
export function withNamedFields(schema: Schema | undefined, set: FieldSet): FieldSet {
  const below = new Map<string, FieldSet>()
  for (const [element, child] of set.below) {
    const named = element.startsWith('f:') && schema?.map?.fields.has(element.slice(2))
    const inner = withNamedFields(schema && schemaBelow(schema, element), child)
    below.set(element, named && child.below.size > 0 ? { own: true, below: inner.below } : inner)
  }
  return { own: set.own, below }
}

function schemaBelow(schema: Schema, element: string): Schema | undefined {
  return element.startsWith('f:') ? fieldOf(schema, element.slice(2)) : schema.list?.items
}
