import { isJsonObject, type JsonObject } from '../../repo-layout/json.ts'
import type { FieldDrift } from './types.ts'

/** What stands in a report in place of a value of a Secret. */
export const masked = '(masked)'

const secretPath = /^\/(data|stringData|metadata\/annotations\/kubectl\.kubernetes\.io\/last-applied-configuration)/

/**
 * Hides in a message whatever an object holds as a Secret: API servers quote a value that they cannot read. Values of one
 * to three characters are hidden only where the server quotes them as values, or half of each message would go.
 */
export function maskText(text: string, object: JsonObject | undefined): string {
  if (object?.kind !== 'Secret') return text
  let hidden = text.replace(/\bValue:("(\\.|[^"\\])*"|[^}]*)/g, `Value:${masked}`)
  for (const map of [object.data, object.stringData])
    for (const value of isJsonObject(map) ? Object.values(map) : [])
      if (value !== undefined && value !== null && String(value).length > 3)
        hidden = hidden.replaceAll(String(value), masked)
  return hidden
}

/** Hides both values of a field that may hold a secret; whether one is missing stays visible. */
export function maskField(object: JsonObject, field: FieldDrift): FieldDrift {
  if (object.kind !== 'Secret' || !secretPath.test(field.path)) return field
  return {
    ...field,
    live: field.live === undefined ? undefined : masked,
    wanted: field.wanted === undefined ? undefined : masked,
  }
}
