import { isJsonArray, type Json, jsonEqual } from '../../../repo-layout/json.ts'
import { atomicValue, type Schema } from '../schema/schema.ts'
import { entriesOf, fieldOf, formOf, itemsByElement } from './element.ts'
import { emptySet, type FieldSet, isEmpty, leaf } from './field-set.ts'

/** How two objects differ; no field is in two of the sets. */
export interface Comparison {
  readonly removed: FieldSet
  readonly modified: FieldSet
  readonly added: FieldSet
}

/** Compares field by field, leaves as a whole. */
export function compare(schema: Schema, before: Json, after: Json): Comparison {
  const found = walk(schema, before, after)
  const root = (set: FieldSet): FieldSet => ({ own: false, below: set.below })
  return { removed: root(found.removed), modified: root(found.modified), added: root(found.added) }
}

const same: Comparison = { removed: emptySet, modified: emptySet, added: emptySet }

function walk(schema: Schema, before: Json | undefined, after: Json | undefined): Comparison {
  const forms = [formOf(schema, before), formOf(schema, after)]
  const form = after === undefined ? forms[0] : forms[1]
  // A value that turned from one form into another has nothing inside that could be compared.
  const turned =
    before !== undefined && after !== undefined && forms[0] !== forms[1] && before !== null && after !== null
  if (form === 'scalar' || turned) return compareLeaf(before, after)
  const children = form === 'list' ? compareLists(schema, before, after) : compareMaps(schema, before, after)
  if (!children) return compareLeaf(before, after)
  if (before === undefined) return { ...children, added: { ...children.added, own: true } }
  if (after === undefined) return { ...children, removed: { ...children.removed, own: true } }
  return children
}

function compareLeaf(before: Json | undefined, after: Json | undefined): Comparison {
  if (before === undefined) return { ...same, added: leaf }
  if (after === undefined) return { ...same, removed: leaf }
  return jsonEqual(before, after) ? same : { ...same, modified: leaf }
}

/** The comparison of what lies inside, or undefined where the value is a leaf. */
function compareMaps(schema: Schema, before: Json | undefined, after: Json | undefined): Comparison | undefined {
  const [old, now] = [new Map(entriesOf(before)), new Map(entriesOf(after))]
  if (!schema.map || schema.map.atomic || (old.size === 0 && now.size === 0)) return undefined
  const parts = collect()
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const inner = walk(fieldOf(schema, key) ?? atomicValue, old.get(key), now.get(key))
    parts.add(`f:${key}`, inner)
  }
  return parts.result
}

function compareLists(schema: Schema, before: Json | undefined, after: Json | undefined): Comparison | undefined {
  const { list } = schema
  const [old, now] = [isJsonArray(before) ? before : [], isJsonArray(after) ? after : []]
  if (!list || list.relation === 'atomic' || (old.length === 0 && now.length === 0)) return undefined
  const [olds, nows] = [itemsByElement(list, old), itemsByElement(list, now)]
  const parts = collect()
  for (const element of new Set([...olds.keys(), ...nows.keys()])) {
    const [x = [], y = []] = [olds.get(element), nows.get(element)]
    if (x.length <= 1 && y.length <= 1) parts.add(element, walk(list.items, x[0], y[0]))
    else if (x.length > 1 && y.length > 1) parts.add(element, jsonEqual(x, y) ? same : { ...same, modified: leaf })
    else if (x.length > 1) {
      const inner = y[0] === undefined ? same : walk(list.items, undefined, y[0])
      parts.add(element, { ...inner, removed: leaf })
    } else {
      const inner = x[0] === undefined ? same : walk(list.items, x[0], undefined)
      parts.add(element, { ...inner, added: leaf })
    }
  }
  return parts.result
}

function collect() {
  const [removed, modified, added] = [new Map(), new Map(), new Map()] as [
    Map<string, FieldSet>,
    Map<string, FieldSet>,
    Map<string, FieldSet>,
  ]
  return {
    add(element: string, inner: Comparison): void {
      if (!isEmpty(inner.removed)) removed.set(element, inner.removed)
      if (!isEmpty(inner.modified)) modified.set(element, inner.modified)
      if (!isEmpty(inner.added)) added.set(element, inner.added)
    },
    result: {
      removed: { own: false, below: removed },
      modified: { own: false, below: modified },
      added: { own: false, below: added },
    },
  }
}
