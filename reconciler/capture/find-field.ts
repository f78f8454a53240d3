import { isJsonArray, isJsonObject, type Json, type JsonObject, type JsonPath } from '../../repo-layout/json.ts'

/** Where the field of a drift stands in the object as it is rendered. */
export type FieldPlace =
  | { readonly type: 'found'; readonly at: JsonPath; readonly value: Json }
  /** What is above it is there, and it is not; `at` is where it would be, undefined for an item of a list. */
  | { readonly type: 'missing'; readonly at: JsonPath | undefined }
  /** The object has nothing that the path could lead through. */
  | { readonly type: 'unknown' }

/**
 * Finds the field that the path of a drift means (`/spec/template/spec/containers[name=web]/image`). Such a path names keys
 * as they are, also with slashes in them, so it is read along the object: of several keys that fit, the longest that leads to
 * the end counts. Pure.
 */
export function findField(object: JsonObject, path: string): FieldPlace {
  const found = walk(object, path)
  if (found) return { type: 'found', ...found }
  return deepest(object, path, []) ?? { type: 'unknown' }
}

interface Found {
  readonly at: JsonPath
  readonly value: Json
}

function walk(value: Json, rest: string): Found | undefined {
  if (rest === '') return { at: [], value }
  for (const { step, item, left } of stepsInto(value, rest)) {
    const below = walk(item, left)
    if (below) return { at: [step, ...below.at], value: below.value }
  }
  return undefined
}

/** How far the object goes along with the path. */
function deepest(value: Json, rest: string, at: JsonPath): Exclude<FieldPlace, { type: 'found' }> | undefined {
  for (const { step, item, left } of stepsInto(value, rest)) {
    const below = deepest(item, left, [...at, step])
    if (below) return below
  }
  if (isJsonArray(value))
    return isOneStep(rest, at) && rest.startsWith('[') ? { type: 'missing', at: undefined } : undefined
  if (!isJsonObject(value) || !rest.startsWith('/')) return undefined
  const key = rest.slice(1)
  return key !== '' && isOneStep(key, at) ? { type: 'missing', at: [...at, key] } : undefined
}

/** Maps of texts, whose keys may hold anything. */
const textMaps: ReadonlySet<string | number> = new Set([
  ...['annotations', 'labels', 'matchLabels', 'nodeSelector', 'data', 'binaryData', 'parameters'],
  ...['limits', 'requests', 'hard', 'capacity'],
])

/** Whether what is left of a path is one key or one item. */
function isOneStep(rest: string, at: JsonPath): boolean {
  return textMaps.has(at.at(-1) ?? '') || !/.[/[]/.test(rest)
}

interface Step {
  readonly step: string | number
  readonly item: Json
  /** What is left of the path behind it. */
  readonly left: string
}

function stepsInto(value: Json, rest: string): readonly Step[] {
  if (isJsonArray(value)) return rest.startsWith('[') ? itemsFor(value, rest) : []
  if (!isJsonObject(value) || !rest.startsWith('/')) return []
  return Object.entries(value)
    .filter(
      ([key, item]) => item !== undefined && rest.startsWith(key, 1) && /^([/[]|$)/.test(rest.slice(key.length + 1)),
    )
    .sort(([a], [b]) => b.length - a.length)
    .map(([key, item]) => ({ step: key, item: item as Json, left: rest.slice(key.length + 1) }))
}

/** Items that carry all parts of a key come before those that leave out what the server fills in. */
function itemsFor(list: readonly Json[], rest: string): readonly Step[] {
  const steps = (partly: boolean) =>
    list.flatMap((item, step) =>
      keyEnds(item, step, rest, partly).map((end) => ({ step, item, left: rest.slice(end) })),
    )
  return [...steps(false), ...steps(true)]
}

/** Where the brackets of a path end, for each way in which they name this item. */
function keyEnds(item: Json, index: number, rest: string, partly: boolean): readonly number[] {
  if (!isJsonObject(item)) {
    const texts = partly ? [`[${index}]`] : [`[${JSON.stringify(item)}]`]
    return texts.filter((text) => rest.startsWith(text)).map(({ length }) => length)
  }
  const ends: number[] = []
  const read = (from: number, named: number) => {
    const name = /^([^=\]]+)=/.exec(rest.slice(from))?.[1]
    if (name === undefined) return
    const own = item[name]
    const start = from + name.length + 1
    const after = own === undefined ? (partly ? anyValue(rest, start) : []) : writtenAs(own, rest, start)
    for (const end of after) {
      const count = named + (own === undefined ? 0 : 1)
      if (rest[end] === ']' && count > 0) ends.push(end + 1)
      if (rest[end] === ',') read(end + 1, count)
    }
  }
  read(1, 0)
  return ends
}

function writtenAs(value: Json, rest: string, start: number): readonly number[] {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return rest.startsWith(text, start) ? [start + text.length] : []
}

function anyValue(rest: string, start: number): readonly number[] {
  const length = /^[^,\]]*/.exec(rest.slice(start))?.[0].length ?? 0
  return [start + length]
}
