import { isJsonArray, isJsonObject, type Json, type JsonObject, jsonEqual } from '../../../repo-layout/json.ts'
import type { OpenApiSchema } from '../schema/openapi.ts'
import type { Cause } from '../status.ts'
import { invalid, required, unsupported } from '../validate/causes.ts'

/** What of a custom resource its schema does not allow. Rules in CEL are not evaluated. */
export function schemaCauses(schema: OpenApiSchema, object: JsonObject): readonly Cause[] {
  const { metadata: _, apiVersion: __, kind: ___, ...rest } = object
  return walk({ ...schema, required: (schema.required ?? []).filter((name) => name !== 'metadata') }, rest, '')
}

function walk(schema: OpenApiSchema, value: Json, at: string): readonly Cause[] {
  if (value === null) return schema.nullable === true ? [] : wrongType(schema, value, at)
  const type = typeOf(value)
  if (!fits(schema, value)) return wrongType(schema, value, at)
  return [
    ...valueCauses(schema, value, at),
    ...combinedCauses(schema, value, at),
    ...(type === 'object' && isJsonObject(value) ? objectCauses(schema, value, at) : []),
    ...(isJsonArray(value) ? listCauses(schema, value, at) : []),
  ]
}

function typeOf(value: Json): string {
  if (isJsonArray(value)) return 'array'
  if (isJsonObject(value)) return 'object'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return value === null ? 'null' : typeof value
}

function fits(schema: OpenApiSchema, value: Json): boolean {
  const type = typeOf(value)
  if (schema['x-kubernetes-int-or-string'] === true) return type === 'integer' || type === 'string'
  return schema.type === undefined || schema.type === type || (schema.type === 'number' && type === 'integer')
}

function wrongType(schema: OpenApiSchema, value: Json, at: string): readonly Cause[] {
  const expected = schema['x-kubernetes-int-or-string'] === true ? 'integer,string' : (schema.type ?? '')
  if (expected === '') return []
  const message = `Invalid value: "${typeOf(value)}": ${at} in body must be of type ${expected}: "${typeOf(value)}"`
  return [{ reason: 'FieldValueTypeInvalid', message, field: at || '<nil>' }]
}

function objectCauses(schema: OpenApiSchema, value: JsonObject, at: string): readonly Cause[] {
  const { properties = {}, additionalProperties: more } = schema
  const below = (key: string) => (at === '' ? key : `${at}.${key}`)
  return [
    ...(schema.required ?? []).filter((key) => value[key] === undefined).map((key) => required(below(key))),
    ...Object.entries(value).flatMap(([key, inner]) => {
      if (inner === undefined) return []
      const property = properties[key] ?? (more && more !== true ? more : undefined)
      return property ? walk(property, inner, below(key)) : []
    }),
  ]
}

function listCauses(schema: OpenApiSchema, value: readonly Json[], at: string): readonly Cause[] {
  const { items } = schema
  const keys = schema['x-kubernetes-list-map-keys']
  const type = schema['x-kubernetes-list-type']
  const id = (item: Json): Json =>
    type === 'map' && isJsonObject(item) ? (keys ?? []).map((key) => item[key] ?? null) : item
  const twice =
    type === 'map' || type === 'set'
      ? value.flatMap((item, i) =>
          value.slice(0, i).filter((one) => jsonEqual(id(one), id(item))).length === 1
            ? [duplicateItem(item, keys, type, `${at}[${i}]`)]
            : [],
        )
      : []
  return [...(items ? value.flatMap((item, i) => walk(items, item, `${at}[${i}]`)) : []), ...twice]
}

function duplicateItem(item: Json, keys: readonly string[] | undefined, type: string, field: string): Cause {
  const shown =
    type === 'map' && isJsonObject(item) ? Object.fromEntries((keys ?? []).map((key) => [key, item[key]])) : item
  return { reason: 'FieldValueDuplicate', message: `Duplicate value: ${JSON.stringify(shown)}`, field }
}

function valueCauses(schema: OpenApiSchema, value: Json, at: string): readonly Cause[] {
  const causes: Cause[] = []
  const add = (problem: string) => causes.push(invalid(at, value, `${at} in body ${problem}`))
  if (schema.enum && !schema.enum.some((one) => jsonEqual(one, value)))
    causes.push(unsupported(at, value, schema.enum.map(String)))
  if (typeof value === 'number') {
    const { minimum, maximum, multipleOf } = schema
    if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum))
      add(`should be greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${minimum}`)
    if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum))
      add(`should be less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${maximum}`)
    if (multipleOf !== undefined && value % multipleOf !== 0) add(`should be a multiple of ${multipleOf}`)
  }
  if (typeof value === 'string') {
    const length = [...value].length
    if (schema.minLength !== undefined && length < schema.minLength)
      add(`should be at least ${schema.minLength} chars long`)
    if (schema.maxLength !== undefined && length > schema.maxLength)
      add(`should be at most ${schema.maxLength} chars long`)
    if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value))
      add(`should match '${schema.pattern}'`)
  }
  if (isJsonArray(value)) {
    if (schema.minItems !== undefined && value.length < schema.minItems)
      add(`should have at least ${schema.minItems} items`)
    if (schema.maxItems !== undefined && value.length > schema.maxItems)
      add(`must have at most ${schema.maxItems} items`)
  }
  if (isJsonObject(value)) {
    const count = Object.keys(value).length
    if (schema.minProperties !== undefined && count < schema.minProperties)
      add(`should have at least ${schema.minProperties} properties`)
    if (schema.maxProperties !== undefined && count > schema.maxProperties)
      add(`must have at most ${schema.maxProperties} properties`)
  }
  return causes
}

function combinedCauses(schema: OpenApiSchema, value: Json, at: string): readonly Cause[] {
  const passes = (one: OpenApiSchema) => walk(one, value, at).length === 0
  const causes: Cause[] = (schema.allOf ?? []).flatMap((one) => [...walk(one, value, at)])
  if (schema.anyOf && !schema.anyOf.some(passes))
    causes.push(invalid(at, '', `"${at}" must validate at least one schema (anyOf)`))
  if (schema.oneOf && schema.oneOf.filter(passes).length !== 1)
    causes.push(invalid(at, '', `"${at}" must validate one and only one schema (oneOf)`))
  if (schema.not && passes(schema.not)) causes.push(invalid(at, '', `"${at}" must not validate the schema (not)`))
  return causes
}
