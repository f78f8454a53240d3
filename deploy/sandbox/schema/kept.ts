import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../../repo-layout/json.ts'
import type { Schema } from './schema.ts'

/**
 * An object of a typed kind as it comes back from storage, where none and empty are one: bytes that are null are empty, and
 * a list that is always written is null when it is empty. Until then, `managedFields` tell them apart. Both matter at the
 * top of an object alone: further down they are owned as part of something, or refused.
 */
export function keptForm({ map, whenAbsent }: Schema, object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]): [string, Json | undefined] => {
      if (isJsonArray(value) && value.length === 0 && whenAbsent?.[key] === null) return [key, null]
      return isJsonObject(value) && holdsBytes(map?.fields.get(key))
        ? [key, Object.fromEntries(Object.entries(value).map(([name, bytes]) => [name, bytes ?? '']))]
        : [key, value]
    }),
  )
}

function holdsBytes(schema: Schema | undefined): boolean {
  return schema?.map?.others !== undefined && isBytes(schema.map.others)
}

/** Whether values are bytes, which JSON holds as base64. */
export function isBytes({ source }: Schema): boolean {
  return source.format === 'byte'
}
