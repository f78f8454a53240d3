import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../../repo-layout/json.ts'
import { fieldOf } from '../apply/element.ts'
import { isBytes } from './kept.ts'
import { definitions } from './openapi.ts'
import { canonicalQuantity } from './quantity.ts'
import type { Schema } from './schema.ts'

/** Something in a body that its kind does not have. */
export interface Unknown {
  /** `spec.template.spec.containers[0].imag`. */
  readonly path: string
}

/**
 * A body as a server of typed objects takes it in and writes it out again: unknown fields are dropped (and noted), null is
 * the same as absent, empty values that are never written are dropped, and values that are always written are filled in.
 * Throws a text that says where a value has the wrong type.
 */
export function normalize(schema: Schema, value: JsonObject, unknown: Unknown[] = []): JsonObject {
  return struct(schema, value, '', unknown)
}

const quantitySource = () => definitions().get('io.k8s.apimachinery.pkg.api.resource.Quantity')

/** A value that cannot be decoded into its field. */
export class WrongType extends Error {
  readonly path: string

  constructor(path: string, expected: string, found: string) {
    super(`json: cannot unmarshal ${found} into Go struct field ${path} of type ${expected}`)
    this.path = path
  }
}

function struct(schema: Schema, value: JsonObject, at: string, unknown: Unknown[]): JsonObject {
  const fields = schema.map?.fields
  const others = schema.map?.others
  const result: Record<string, Json> = {}
  const absent = schema.whenAbsent
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue
    const path = at === '' ? key : `${at}.${key}`
    const field = fieldOf(schema, key)
    if (!field) {
      unknown.push({ path })
      continue
    }
    if (inner === null) {
      // A key of a map stays with the empty value of its type; a field is as if it were not there.
      if (!fields?.has(key) && others) result[key] = isBytes(others) ? null : emptyOf(others)
      continue
    }
    const normal = any(field, inner, path, unknown)
    // A list that is always written is null when it is empty; at the top that is left to `keptForm`.
    const unset = at !== '' && absent?.[key] === null && isEmptyValue(normal)
    if (!unset && (!schema.dropEmpty.has(key) || !isEmptyValue(normal))) result[key] = normal
  }
  if (absent) {
    for (const [key, inner] of Object.entries(absent)) {
      if (result[key] !== undefined || inner === undefined) continue
      const field = fields?.get(key)
      result[key] = isJsonObject(inner) && field ? struct(field, inner, at, unknown) : inner
    }
  }
  return result
}

function any(schema: Schema, value: Json, at: string, unknown: Unknown[]): Json {
  if (isJsonObject(value)) {
    if (schema.map) return struct(schema, value, at, unknown)
    throw new WrongType(at, typeName(schema), 'object')
  }
  if (isJsonArray(value)) {
    const { list } = schema
    if (!list) throw new WrongType(at, typeName(schema), 'array')
    return value.map((item, i) => (item === null ? emptyOf(list.items) : any(list.items, item, `${at}[${i}]`, unknown)))
  }
  if (schema.source === quantitySource()) return canonicalQuantity(value)
  checkScalar(schema, value, at)
  return value
}

function checkScalar(schema: Schema, value: string | number | boolean | null, at: string): void {
  const fits =
    schema.scalar === 'untyped' ||
    (schema.scalar === 'string' && typeof value === 'string') ||
    (schema.scalar === 'numeric' && typeof value === 'number') ||
    (schema.scalar === 'boolean' && typeof value === 'boolean')
  if (!fits)
    throw new WrongType(
      at,
      typeName(schema),
      value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value,
    )
  if (schema.source.type === 'integer' && !Number.isInteger(value))
    throw new WrongType(at, typeName(schema), `number ${String(value)}`)
}

function typeName({ source, list, map, scalar }: Schema): string {
  if (source.format === 'int32' || source.format === 'int64') return source.format
  if (scalar === 'boolean') return 'bool'
  if (scalar) return scalar === 'numeric' ? 'int64' : 'string'
  return list ? '[]' : map ? 'map' : 'string'
}

/** What Go writes for a value of a type that nobody set. */
function emptyOf(schema: Schema): Json {
  if (schema.scalar === 'string') return ''
  if (schema.scalar === 'numeric') return 0
  if (schema.scalar === 'boolean') return false
  if (schema.map && !schema.scalar) return struct(schema, {}, '', [])
  return null
}

function isEmptyValue(value: Json): boolean {
  if (isJsonArray(value)) return value.length === 0
  if (isJsonObject(value)) return Object.keys(value).length === 0
  return value === '' || value === 0 || value === false
}
