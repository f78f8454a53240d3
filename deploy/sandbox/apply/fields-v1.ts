import { isJsonObject, type Json, type JsonObject } from '../../../repo-layout/json.ts'
import { emptySet, type FieldSet, sortedElements } from './field-set.ts'

/** Writes a set as `fieldsV1`. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const result: Record<string, Json> = {}
  if (set.own && set.below.size > 0) result['.'] = {}
  for (const element of sortedElements(set)) result[element] = toFieldsV1(set.below.get(element) ?? emptySet)
  return result
}

/** Reads `fieldsV1`. A node without anything in it is a member. */
export function fromFieldsV1(fields: Json | undefined): FieldSet {
  return isJsonObject(fields) ? { own: false, below: below(fields) } : emptySet
}

function below(fields: JsonObject): ReadonlyMap<string, FieldSet> {
  const result = new Map<string, FieldSet>()
  for (const [element, value] of Object.entries(fields)) {
    if (element === '.' || !isJsonObject(value)) continue
    const inner = below(value)
    result.set(element, { own: inner.size === 0 || Object.hasOwn(value, '.'), below: inner })
  }
  return result
}

/** A path as conflicts print it: `.spec.containers[name="web"].image`. */
export function printPath(path: readonly string[]): string {
  return path.map(printElement).join('')
}

function printElement(element: string): string {
  const text = element.slice(2)
  switch (element[0]) {
    case 'k': {
      const keys = Object.entries(JSON.parse(text) as Record<string, Json>)
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`
    }
    case 'v':
      return `[=${text}]`
    case 'i':
      return `[${text}]`
    default:
      return `.${text}`
  }
}
