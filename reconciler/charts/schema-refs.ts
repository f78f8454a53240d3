import { isJsonArray, isJsonObject, type Json } from '../../repo-layout/json.ts'
import { finalError } from './error.ts'

/** Words of JSON Schema whose value is an address that Helm would read. */
const references = ['$ref', '$dynamicRef', '$recursiveRef']

/**
 * Refuses a `values.schema.json` that refers to anything outside of itself: Helm would read it from this machine's disk or
 * network. Throws a final `ChartError` that names the reference; what is no JSON is left to Helm.
 */
export function checkSchemaRefs(path: string, bytes: Uint8Array): void {
  let schema: Json
  try {
    schema = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return // Helm refuses it, and says where it is wrong.
  }
  const outside = findOutside(schema)
  if (outside !== undefined)
    throw finalError(`${path} refers to ${outside}; a schema must be whole, since nothing is fetched while rendering`)
}

function findOutside(schema: Json): string | undefined {
  const waiting: Json[] = [schema]
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (isJsonArray(value)) waiting.push(...value)
    if (!isJsonObject(value)) continue
    for (const [key, item] of Object.entries(value)) {
      if (typeof item === 'string') {
        if (references.includes(key) && !item.startsWith('#')) return item
        if (key === '$schema' && !/^https?:\/\/json-schema\.org\//.test(item)) return item
      } else if (item !== undefined) waiting.push(item)
    }
  }
  return undefined
}
