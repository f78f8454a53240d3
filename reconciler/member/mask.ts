import type { JsonObject } from '../../repo-layout/json.ts'
import type { FieldDrift } from './types.ts'

/** What stands in a report in place of a value of a Secret. */
export const masked = '(masked)'

const secretPath = /^\/(data|stringData|metadata\/annotations\/kubectl\.kubernetes\.io\/last-applied-configuration)/

/** Hides both values of a field that may hold a secret; whether one is missing stays visible. */
export function maskField(object: JsonObject, field: FieldDrift): FieldDrift {
  if (object.kind !== 'Secret' || !secretPath.test(field.path)) return field
  return {
    ...field,
    live: field.live === undefined ? undefined : masked,
    wanted: field.wanted === undefined ? undefined : masked,
  }
}
