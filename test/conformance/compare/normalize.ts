import { isJsonArray, isJsonObject, type Json } from '../../../repo-layout/json.ts'
import type { ApiResponse } from '../../testbed/api-client.ts'

const replaced = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'time',
  'clusterIP',
  'clusterIPs',
  'nodePort',
  'continue',
  'healthCheckNodePort',
])

/**
 * An answer without what no two servers say alike: identities, times, addresses, the order of entries that have the same
 * second, and the texts of Go's decoders.
 */
export function normalized(
  { status, body }: ApiResponse,
  namespace: string,
): { readonly status: number; readonly body: Json } {
  const text = JSON.stringify(body).replaceAll(namespace, '{ns}')
  return { status, body: walk(JSON.parse(text) as Json, '') }
}

function walk(value: Json, key: string): Json {
  if (isJsonArray(value)) {
    const items = value.map((item) => walk(item, ''))
    if (key === 'causes') return unique(items)
    return key === 'managedFields' ? [...items].sort(byText) : items
  }
  if (!isJsonObject(value)) {
    if (typeof value !== 'string') return value
    return key === 'message' || key === 'field' ? message(value) : identities(value)
  }
  const entries = Object.entries(value).map(([name, inner]): [string, Json] => [
    identities(name),
    replaced.has(name) && inner !== 'None' ? standIn(inner ?? null) : walk(inner ?? null, name),
  ])
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Kubernetes checks some things several times and says so each time. */
function unique(items: readonly Json[]): readonly Json[] {
  const texts = [...new Set(items.map((item) => JSON.stringify(item)))].sort()
  return texts.map((text) => JSON.parse(text) as Json)
}

/** Whether a value is there is still compared. */
function standIn(value: Json): Json {
  return isJsonArray(value) ? value.map((item) => (item === 'None' ? item : '*')) : '*'
}

function identities(text: string): string {
  return text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '{uid}')
}

/** Texts that depend on the order of Go's maps are sorted; those of its decoders are cut. */
function message(text: string): string {
  const clean = identities(text)
    .replace(/(cannot be handled as a \w+): (?!strict).*/s, '$1')
    // The causes say it too, one by one.
    .replace(/( is invalid: ).*/s, '$1*')
    .replace(/(Invalid value: ).*?(: (field is immutable|may not change once set))/gs, '$1*$2')
    .replace(/(duplicate nodePort: \{\w+ )\d+/, '$1*')
    .replace(/(Duplicate value: )(\{.*\}|3\d{4})/s, '$1*')
    .replace(/(Invalid value: ).*(: only allowed for updateStrategy)/s, '$1*$2')
    .replace(/^Invalid value: .*(strict decoding error: .*|json: cannot unmarshal|illegal base64)/s, '$1')
    .replace(/Invalid value: (null|\[\]):/, 'Invalid value: nothing:')
    .replace(/in record \([^)]*\)/g, 'in record (*)')
    .replace(/unable to parse requirement.*/, 'unable to parse requirement')
    .replace(/(Precondition failed: UID in precondition).*/, '$1')
  // A walk over a map ends at a field that is not declared; what else was found before depends on its order.
  const undeclared = clean.match(/[^\n ]+: field not declared in schema/)
  if (clean.startsWith('failed to create typed') && undeclared) return `failed to create typed: ${undeclared[0]}`
  if (clean.startsWith('Apply failed'))
    return clean
      .replace(/conflicts: /, 'conflicts:\n')
      .split('\n')
      .sort()
      .join('\n')
  if (clean.startsWith('failed to create typed')) return clean.split('\n').sort().join('\n')
  return clean
}

function byText(a: Json, b: Json): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}
