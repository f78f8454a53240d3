import type { z } from 'zod'
import { errorAt, formatPath, messageAt, type SourceDocument } from '../document.ts'
import { getIn, isJsonArray, isJsonObject, type Json, type JsonPath } from '../json.ts'
import type { Message } from '../message.ts'
import { didYouMean, nearest } from '../suggest.ts'

/** A document that fits its schema, read, or nothing; with everything there is to say about it. */
export interface Checked<T> {
  readonly value: T | undefined
  readonly messages: readonly Message[]
}

/**
 * Checks the value at `base` of a document against a schema. All problems are reported at once, each at its place.
 * Fields that a loose schema does not know are warnings, or errors where they look like a slip of a known one: a
 * `placment` must never select nothing in silence.
 */
export function checkSchema<T>(schema: z.ZodType<T>, document: SourceDocument, base: JsonPath = []): Checked<T> {
  const value = getIn(document.value, base)
  const result = schema.safeParse(value)
  const messages = [...unknownFields(schema, value, document, base)]
  if (!result.success) messages.push(...result.error.issues.flatMap((issue) => explain(issue, schema, document, base)))
  const fits = result.success && messages.every(({ severity }) => severity !== 'error')
  return { value: fits ? result.data : undefined, messages }
}

type Issue = z.core.$ZodIssue

function explain(issue: Issue, schema: z.ZodType, document: SourceDocument, base: JsonPath): Message[] {
  const path = [...base, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))]
  const field = formatPath(path) || 'the document'
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path)
    return issue.keys.map((key) =>
      messageAt(document, [...path, key], {
        severity: 'error',
        code: 'schema',
        at: 'key',
        text: `${formatPath([...path, key])} is not a field of this kind${didYouMean(key, known)}`,
      }),
    )
  }
  const found = getIn(document.value, path)
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String)
    const text = `${field}: expected ${allowed.map((one) => JSON.stringify(one)).join(' or ')}, found ${show(found)}`
    return [errorAt(document, path, 'schema', text + (typeof found === 'string' ? didYouMean(found, allowed) : ''))]
  }
  return [errorAt(document, path, 'schema', `${field}: ${sentence(issue, found)}`)]
}

function sentence(issue: Issue, found: Json | undefined): string {
  if (issue.code === 'invalid_type') {
    return found === undefined
      ? `is missing; expected ${nameOf(issue.expected)}`
      : `expected ${nameOf(issue.expected)}, found ${show(found)}`
  }
  if (issue.code === 'too_small') {
    if (issue.origin === 'string') return 'must not be empty'
    return issue.origin === 'array'
      ? `must hold at least ${issue.minimum} entries`
      : `must be ${issue.minimum} or more, found ${show(found)}`
  }
  if (issue.code === 'too_big') return `must be ${issue.maximum} or less, found ${show(found)}`
  if (issue.code === 'invalid_format' || issue.code === 'custom') {
    return found === undefined || typeof found === 'object' ? issue.message : `${issue.message}, found ${show(found)}`
  }
  return issue.message
}

/** The library's word for a type, as people who write YAML say it. */
function nameOf(type: string): string {
  const names: Readonly<Record<string, string>> = { record: 'object', array: 'list', int: 'whole number' }
  return names[type] ?? type
}

function show(value: Json | undefined): string {
  if (value === undefined) return 'nothing'
  if (isJsonArray(value)) return 'a list'
  if (isJsonObject(value)) return 'an object'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** Metadata, templates and statuses hold what other programs wrote: nothing in them is ours to judge. */
const foreignFields: ReadonlySet<string> = new Set(['metadata', 'template', 'status'])

function* unknownFields(
  schema: unknown,
  value: Json | undefined,
  document: SourceDocument,
  path: JsonPath,
): Iterable<Message> {
  const node = unwrap(schema)
  if (!node) return
  if (node.type === 'array' && isJsonArray(value)) {
    for (const [i, item] of value.entries()) yield* unknownFields(node.element, item, document, [...path, i])
  } else if (node.type === 'record' && isJsonObject(value)) {
    for (const [key, item] of Object.entries(value))
      yield* unknownFields(node.valueType, item, document, [...path, key])
  } else if (node.type === 'object' && isJsonObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (foreignFields.has(key)) continue
      if (Object.hasOwn(node.shape, key)) yield* unknownFields(node.shape[key], item, document, [...path, key])
      else if (node.loose) yield unknownField(document, [...path, key], key, Object.keys(node.shape))
    }
  }
}

function unknownField(document: SourceDocument, path: JsonPath, key: string, known: readonly string[]): Message {
  const meant = nearest(key, known)
  return messageAt(document, path, {
    severity: meant === undefined ? 'warning' : 'error',
    code: 'unknown-field',
    at: 'key',
    text:
      meant === undefined
        ? `${formatPath(path)} is not a field of this kind and has no effect`
        : `${formatPath(path)} is not a field of this kind; did you mean "${meant}"?`,
  })
}

type SchemaNode =
  | { readonly type: 'object'; readonly shape: Readonly<Record<string, unknown>>; readonly loose: boolean }
  | { readonly type: 'array'; readonly element: unknown }
  | { readonly type: 'record'; readonly valueType: unknown }

interface SchemaDef {
  readonly type: string
  readonly innerType?: unknown
  readonly in?: unknown
  readonly shape?: Readonly<Record<string, unknown>>
  readonly catchall?: { readonly def: { readonly type: string } }
  readonly element?: unknown
  readonly valueType?: unknown
}

/** The container that stands behind optional, nullable, default and transform. */
function unwrap(schema: unknown): SchemaNode | undefined {
  let def = defOf(schema)
  while (def && (def.innerType !== undefined || def.in !== undefined)) def = defOf(def.innerType ?? def.in)
  if (def?.type === 'object' && def.shape) {
    return { type: 'object', shape: def.shape, loose: def.catchall?.def.type === 'unknown' }
  }
  if (def?.type === 'array') return { type: 'array', element: def.element }
  if (def?.type === 'record') return { type: 'record', valueType: def.valueType }
  return undefined
}

function defOf(schema: unknown): SchemaDef | undefined {
  return typeof schema === 'object' && schema !== null && 'def' in schema ? (schema.def as SchemaDef) : undefined
}

function keysAt(schema: unknown, path: readonly PropertyKey[]): readonly string[] {
  let node = unwrap(schema)
  for (const step of path) {
    if (node?.type === 'object') node = unwrap(node.shape[String(step)])
    else if (node?.type === 'array') node = unwrap(node.element)
    else if (node?.type === 'record') node = unwrap(node.valueType)
  }
  return node?.type === 'object' ? Object.keys(node.shape) : []
}
