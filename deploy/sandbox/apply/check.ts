import { isJsonArray, isJsonObject, type Json } from '../../../repo-layout/json.ts'
import type { Scalar, Schema } from '../schema/schema.ts'
import { elementOf, entriesOf, fieldOf, formOf } from './element.ts'
import { printPath } from './fields-v1.ts'

/**
 * What keeps a value from being merged by its schema, one line each with its path: a field that is not declared, a value
 * of another type, an item twice in a keyed list.
 */
export function checkTyped(schema: Schema, value: Json, at = ''): readonly string[] {
  switch (formOf(schema, value)) {
    case 'scalar':
      return schema.scalar && value !== null ? wrongScalar(schema.scalar, value).map((text) => line(at, text)) : []
    case 'list':
      return value === null ? [] : checkList(schema, value, at)
    default:
      return value === null ? [] : checkMap(schema, value, at)
  }
}

function line(at: string, text: string): string {
  return at === '' ? text : `${at}: ${text}`
}

function checkMap(schema: Schema, value: Json, at: string): readonly string[] {
  if (!isJsonObject(value)) return [line(at, `expected map, got ${show(value)}`)]
  const problems: string[] = []
  for (const [key, inner] of entriesOf(value)) {
    const field = fieldOf(schema, key)
    if (!field) return [...problems, line(`${at}.${key}`, 'field not declared in schema')]
    problems.push(...checkTyped(field, inner, `${at}.${key}`))
  }
  return problems
}

function checkList({ list }: Schema, value: Json, at: string): readonly string[] {
  if (!list || !isJsonArray(value)) return [line(at, `expected list, got ${show(value)}`)]
  const problems: string[] = []
  const seen = new Set<string>()
  for (const [i, item] of value.entries()) {
    const element = list.relation === 'atomic' ? `i:${i}` : elementOf(list, item)
    if (typeof element !== 'string') return [...problems, line(at, `element ${i}: ${element.problem}`)]
    const name = printPath([element])
    if (seen.has(element)) problems.push(line(at, `duplicate entries for key ${name}`))
    seen.add(element)
    problems.push(...checkTyped(list.items, item, `${at}${name}`))
  }
  return problems
}

function wrongScalar(scalar: Scalar, value: Json): readonly string[] {
  switch (scalar) {
    case 'numeric':
      return typeof value === 'number' ? [] : [`expected numeric (int or float), got ${goType(value)}`]
    case 'string':
      return typeof value === 'string' ? [] : [`expected string, got ${goValue(value)}`]
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`expected boolean, got ${show(value)}`]
    default:
      return isJsonObject(value) || isJsonArray(value) ? [`expected any scalar, got ${show(value)}`] : []
  }
}

function goType(value: Json): string {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  return isJsonArray(value) ? '[]interface {}' : 'map[string]interface {}'
}

function goValue(value: Json): string {
  return isJsonObject(value) || isJsonArray(value)
    ? show(value)
    : `&value.valueUnstructured{Value:${JSON.stringify(value)}}`
}

function show(value: Json): string {
  return JSON.stringify(value)
}
