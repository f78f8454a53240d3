import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../../repo-layout/json.ts'

/** Gives an object with its defaults. */
export type Rule = (value: JsonObject) => JsonObject

/** Fills in what is missing. */
export function fill(value: JsonObject, defaults: JsonObject): JsonObject {
  const missing = Object.entries(defaults).filter(([key, inner]) => inner !== undefined && value[key] === undefined)
  return missing.length === 0 ? value : { ...value, ...Object.fromEntries(missing) }
}

/** Applies a rule to the object under a key, where there is one. */
export function inside(value: JsonObject, key: string, rule: Rule): JsonObject {
  const inner = value[key]
  return isJsonObject(inner) ? { ...value, [key]: rule(inner) } : value
}

/** Applies a rule to each object of the list under a key, where there is one. */
export function each(value: JsonObject, key: string, rule: Rule): JsonObject {
  const items = value[key]
  if (!isJsonArray(items)) return value
  return { ...value, [key]: items.map((item) => (isJsonObject(item) ? rule(item) : item)) }
}

/** A list that may be missing. */
export function listOf(value: Json | undefined): readonly Json[] {
  return isJsonArray(value) ? value : []
}

/** An object that may be missing. */
export function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}

/** A text that may be missing. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** A number that may be missing. */
export function numberOf(value: Json | undefined, otherwise = 0): number {
  return typeof value === 'number' ? value : otherwise
}
