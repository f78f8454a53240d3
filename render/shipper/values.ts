import { isJsonObject, type JsonObject } from '../../repo-layout/json.ts'

/**
 * Values with others over them, as Helm merges the files of two `--values`: objects are merged, anything else takes the place
 * of what was there. A null stays, for it has Helm take the chart's own value out too.
 */
export function mergeValues(values: JsonObject, over: JsonObject): JsonObject {
  const merged = Object.entries(over).map(([key, value]) => {
    const below = Object.hasOwn(values, key) ? values[key] : undefined
    return [key, isJsonObject(below) && isJsonObject(value) ? mergeValues(below, value) : value] as const
  })
  return Object.fromEntries([...Object.entries(values), ...merged])
}
