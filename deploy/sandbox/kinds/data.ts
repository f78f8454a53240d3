import { isJsonObject, jsonEqual, type KubeObject } from '../../../repo-layout/json.ts'
import type { Cause } from '../status.ts'
import { forbidden, invalid } from '../validate/causes.ts'
import type { Strategy } from './strategy.ts'

const keyRule = /^[-._a-zA-Z0-9]+$/

function keyCauses(object: KubeObject, fields: readonly string[]): readonly Cause[] {
  return fields.flatMap((field) => {
    const data = object[field]
    if (!isJsonObject(data)) return []
    return Object.keys(data).flatMap((key) => {
      const at = `${field}[${key}]`
      if (key.length > 253) return [invalid(at, key, 'must be no more than 253 bytes')]
      if (keyRule.test(key)) return key === '.' || key === '..' ? [invalid(at, key, `must not be '${key}'`)] : []
      return [
        invalid(
          at,
          key,
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
        ),
      ]
    })
  })
}

/** An immutable object may be deleted, nothing else. */
function frozenCauses(next: KubeObject, live: KubeObject, fields: readonly string[]): readonly Cause[] {
  if (live.immutable !== true) return []
  return [
    ...(next.immutable === true ? [] : [forbidden('immutable', 'field is immutable when `immutable` is set')]),
    ...fields
      .filter((field) => !jsonEqual(next[field] ?? {}, live[field] ?? {}))
      .map((field) => forbidden(field, 'field is immutable when `immutable` is set')),
  ]
}

/** ConfigMaps may be frozen. */
export const configMapStrategy: Strategy = {
  validate: (object) => keyCauses(object, ['data', 'binaryData']),
  validateUpdate: (next, live) => frozenCauses(next, live, ['data', 'binaryData']),
}

/** Secrets may be frozen and keep their type. */
export const secretStrategy: Strategy = {
  validate: (object) => keyCauses(object, ['data']),
  validateUpdate: (next, live) => [
    ...(next.type === live.type ? [] : [invalid('type', next.type ?? '', 'field is immutable')]),
    ...frozenCauses(next, live, ['data']),
  ],
}
