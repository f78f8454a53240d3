import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../../repo-layout/json.ts'
import type { OpenApiSchema } from '../schema/openapi.ts'

/** A custom resource with the defaults of its schema; null where a field may not be null counts as missing. */
export function customDefaults(schema: OpenApiSchema, object: JsonObject): JsonObject {
  const result = walk(schema, object)
  return isJsonObject(result) ? result : object
}

function walk(schema: OpenApiSchema, value: Json): Json {
  if (isJsonArray(value)) {
    const { items } = schema
    return items ? value.map((item) => walk(items, item)) : value
  }
  if (!isJsonObject(value)) return value
  const { properties = {}, additionalProperties: more } = schema
  const result: Record<string, Json | undefined> = { ...value }
  for (const [key, property] of Object.entries(properties)) {
    const inner = result[key]
    const missing = inner === undefined || (inner === null && property.nullable !== true)
    if (missing && property.default !== undefined) result[key] = walk(property, property.default)
    else if (inner !== undefined) result[key] = walk(property, inner)
  }
  if (more && more !== true) {
    for (const [key, inner] of Object.entries(result)) {
      if (!properties[key] && inner !== undefined) result[key] = walk(more, inner)
    }
  }
  return result
}
