import { isJsonArray, isJsonObject, type Json, type JsonObject, jsonEqual } from '../../../repo-layout/json.ts'
import { listOf, objectOf, textOf } from '../defaults/fill.ts'
import type { Cause } from '../status.ts'
import { invalid, required } from '../validate/causes.ts'

/** Whether labels are selected by a `LabelSelector`; an empty one selects everything. */
export function selects(selector: Json | undefined, labels: Json | undefined): boolean {
  const [{ matchLabels, matchExpressions }, held] = [objectOf(selector), objectOf(labels)]
  const wanted = Object.entries(objectOf(matchLabels))
  if (!wanted.every(([key, value]) => held[key] === value)) return false
  return listOf(matchExpressions).every((expression) => matches(objectOf(expression), held))
}

function matches({ key, operator, values }: JsonObject, labels: JsonObject): boolean {
  const value = labels[textOf(key)]
  const listed = isJsonArray(values) && value !== undefined && values.includes(value)
  switch (operator) {
    case 'In':
      return listed
    case 'NotIn':
      return !listed
    case 'Exists':
      return value !== undefined
    default:
      return value === undefined
  }
}

/** What is wrong with the selector of a workload whose pods have `labels`. */
export function selectorCauses(kind: string, selector: Json | undefined, labels: Json | undefined): readonly Cause[] {
  const matches = isJsonObject(selector) && Object.keys(selector).length > 0 && selects(selector, labels)
  if (matches) return []
  const mismatch = invalid(
    'spec.template.metadata.labels',
    labels ?? null,
    '`selector` does not match template `labels`',
  )
  // A DaemonSet does not say that it has none.
  if (!isJsonObject(selector)) return kind === 'DaemonSet' ? [mismatch] : [required('spec.selector'), mismatch]
  if (Object.keys(selector).length > 0) return [mismatch]
  return [invalid('spec.selector', selector, `empty selector is invalid for ${kind.toLowerCase()}`)]
}

/** A selector never changes. */
export function frozenSelector(next: Json | undefined, live: Json | undefined): readonly Cause[] {
  return jsonEqual(next ?? null, live ?? null) ? [] : [invalid('spec.selector', next ?? null, 'field is immutable')]
}
