import { isJsonArray, isJsonObject, type Json } from '../../../repo-layout/json.ts'
import { atomicValue, type Schema } from '../schema/schema.ts'
import { entriesOf, fieldOf, formOf, itemsByElement } from './element.ts'
import { type FieldSet, isEmpty, leaf } from './field-set.ts'

/**
 * The fields that an object mentions: leaves, items of keyed lists and sets, and keys of maps. Structs are not members
 * themselves, unless they are empty.
 */
export function toFieldSet(schema: Schema, value: Json | undefined): FieldSet {
  // The root is never a member: nobody owns a whole object.
  return { own: false, below: walk(schema, value).below }
}

const nothing: FieldSet = { own: false, below: new Map() }

function walk(schema: Schema, value: Json | undefined): FieldSet {
  const form = formOf(schema, value)
  if (form === 'scalar') return leaf
  if (form === 'list') {
    const { list } = schema
    if (!list || list.relation === 'atomic') return leaf
    const below = new Map<string, FieldSet>()
    if (!isJsonArray(value)) return nothing
    for (const [element, items] of itemsByElement(list, value)) {
      // Duplicates are owned together, as one thing that nobody looks into.
      const inner = items.length > 1 ? leaf : walk(list.items, items[0])
      below.set(element, inner.own ? inner : { own: true, below: inner.below })
    }
    return { own: false, below }
  }
  const { map } = schema
  if (!map || map.atomic) return leaf
  const below = new Map<string, FieldSet>()
  for (const [key, inner] of entriesOf(value)) {
    const set = walk(fieldOf(schema, key) ?? atomicValue, inner)
    const member = inner === null || isEmptyMap(inner) || !map.fields.has(key)
    const owned = member && !set.own ? { own: true, below: set.below } : set
    if (!isEmpty(owned)) below.set(`f:${key}`, owned)
  }
  return { own: false, below }
}

function isEmptyMap(value: Json): boolean {
  return isJsonObject(value) && entriesOf(value).length === 0
}
