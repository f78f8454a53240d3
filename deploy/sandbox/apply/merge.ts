import { isJsonArray, type Json } from '../../../repo-layout/json.ts'
import { atomicValue, type ListRule, type Schema } from '../schema/schema.ts'
import { elementOf, entriesOf, fieldOf, formOf } from './element.ts'

/**
 * What is live with what is applied on top: maps key by key, keyed lists item by item, anything else replaced. Items that
 * both have stand in the order of what is applied.
 */
export function merge(schema: Schema, live: Json | undefined, applied: Json | undefined): Json | undefined {
  if (applied === undefined) return live
  if (live === undefined) return applied
  const form = formOf(schema, applied)
  if (form !== formOf(schema, live) && live !== null && applied !== null) return applied
  if (form === 'map') return mergeMaps(schema, live, applied)
  return form === 'list' ? mergeLists(schema, live, applied) : applied
}

function mergeMaps(schema: Schema, live: Json, applied: Json): Json {
  const [old, now] = [entriesOf(live), entriesOf(applied)]
  if (!schema.map || schema.map.atomic || (old.length === 0 && now.length === 0)) return applied
  const result = new Map<string, Json>(old)
  for (const [key, value] of now) {
    const merged = merge(fieldOf(schema, key) ?? atomicValue, result.get(key), value)
    if (merged !== undefined) result.set(key, merged)
  }
  return Object.fromEntries(result)
}

function mergeLists(schema: Schema, live: Json, applied: Json): Json {
  const { list } = schema
  const [old, now] = [isJsonArray(live) ? live : [], isJsonArray(applied) ? applied : []]
  if (!list || list.relation === 'atomic' || (old.length === 0 && now.length === 0)) return applied
  return interleave(list, old, now)
}

interface Item {
  readonly element: string
  readonly value: Json
}

/** Walks both lists at once: live items that are not applied keep their place before the next shared one. */
function interleave(list: ListRule, old: readonly Json[], now: readonly Json[]): readonly Json[] {
  const [lefts, rights] = [keyed(list, old), keyed(list, now)]
  const applied = new Map(rights.map(({ element, value }) => [element, value]))
  const live = single(lefts)
  const shared = rights.filter(({ element }) => live.has(element)).map(({ element }) => element)
  const done = new Set<string>()
  const result: Json[] = []
  const push = (value: Json | undefined) => {
    if (value !== undefined) result.push(value)
  }
  const both = (element: string) => {
    done.add(element)
    push(merge(list.items, live.get(element), applied.get(element)))
    if (shared[0] === element) shared.shift()
  }
  for (let i = 0, j = 0; i < lefts.length || j < rights.length; ) {
    const [left, right] = [lefts[i], rights[j]]
    if (left && right) {
      if (left.element === right.element) {
        both(left.element)
        i++
        j++
        continue
      }
      if (applied.has(left.element) && shared[0] !== undefined && shared[0] !== left.element) {
        i++
        continue
      }
    }
    if (left) {
      if (!applied.has(left.element)) {
        push(left.value)
        i++
        continue
      }
      if (done.has(left.element)) i++
    }
    if (right) {
      both(right.element)
      j++
    }
  }
  return result
}

function keyed(list: ListRule, items: readonly Json[]): readonly Item[] {
  return items.flatMap((value) => {
    const element = elementOf(list, value)
    return typeof element === 'string' ? [{ element, value }] : []
  })
}

/** Items that stand once; those that stand twice cannot be merged with and count as missing values. */
function single(items: readonly Item[]): ReadonlyMap<string, Json | undefined> {
  const result = new Map<string, Json | undefined>()
  for (const { element, value } of items) result.set(element, result.has(element) ? undefined : value)
  return result
}
