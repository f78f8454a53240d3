import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../../repo-layout/json.ts'
import type { Unknown } from '../schema/normalize.ts'
import type { OpenApiSchema } from '../schema/openapi.ts'

const rootFields = new Set(['apiVersion', 'kind', 'metadata'])

/** A custom resource without what its schema does not name; what is dropped is added to `unknown`. */
export function pruned(schema: OpenApiSchema, object: JsonObject, unknown: Unknown[]): JsonObject {
  return walkObject(schema, object, '', unknown)
}

function walk(schema: OpenApiSchema | undefined, value: Json, at: string, unknown: Unknown[]): Json {
  if (!schema) return value
  if (isJsonArray(value)) return value.map((item, i) => walk(schema.items, item, `${at}[${i}]`, unknown))
  return isJsonObject(value) ? walkObject(schema, value, at, unknown) : value
}

function walkObject(schema: OpenApiSchema, value: JsonObject, at: string, unknown: Unknown[]): JsonObject {
  const keeps = schema['x-kubernetes-preserve-unknown-fields'] === true
  const embedded = at === '' || schema['x-kubernetes-embedded-resource'] === true
  const more = schema.additionalProperties
  const result: Record<string, Json> = {}
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue
    const path = at === '' ? key : `${at}.${key}`
    const property = schema.properties?.[key]
    if (property) result[key] = walk(property, inner, path, unknown)
    else if (embedded && rootFields.has(key)) result[key] = inner
    else if (more !== undefined && more !== false)
      result[key] = more === true ? inner : walk(more, inner, path, unknown)
    else if (keeps) result[key] = inner
    else unknown.push({ path })
  }
  return result
}
