import { isJsonObject, type Json } from '../../../repo-layout/json.ts'
import type { Resource } from '../resources/resource.ts'
import { type Cause, StatusError } from '../status.ts'

/** A value that is not allowed. */
export function invalid(field: string, value: Json, why: string): Cause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${sortedText(value)}: ${why}`, field }
}

/** A value as Go prints it: the keys of maps are sorted. */
function sortedText(value: Json): string {
  return JSON.stringify(value, (_key, inner: Json) =>
    isJsonObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  )
}

/** A value that is missing. */
export function required(field: string, why = ''): Cause {
  return { reason: 'FieldValueRequired', message: `Required value${why === '' ? '' : `: ${why}`}`, field }
}

/** A value that stands twice where it must be unique. */
export function duplicate(field: string, value: Json): Cause {
  return { reason: 'FieldValueDuplicate', message: `Duplicate value: ${JSON.stringify(value)}`, field }
}

/** Something that may not be set or changed. */
export function forbidden(field: string, why: string): Cause {
  return { reason: 'FieldValueForbidden', message: `Forbidden: ${why}`, field }
}

/** A value that is none of those there are. */
export function unsupported(field: string, value: Json, supported: readonly string[]): Cause {
  const names = supported.map((one) => JSON.stringify(one)).join(', ')
  return {
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${names}`,
    field,
  }
}

/** 422 with all causes, in the words of Kubernetes; nothing happens where there are none. */
export function refuse(
  { kind, group }: Pick<Resource, 'kind' | 'group'>,
  name: string,
  causes: readonly Cause[],
): void {
  if (causes.length === 0) return
  const texts = causes.map(({ field, message }) => `${field}: ${message}`)
  const what = group === '' ? kind : `${kind}.${group}`
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  throw new StatusError(
    422,
    'Invalid',
    `${what} ${JSON.stringify(name)} is invalid: ${list}`,
    { ...(name !== '' && { name }), ...(group !== '' && { group }), ...(kind !== '' && { kind }) },
    causes,
  )
}
