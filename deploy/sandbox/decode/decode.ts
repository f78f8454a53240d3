import { isJsonArray, isJsonObject, type Json, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import { customDefaults } from '../custom/defaults.ts'
import { pruned } from '../custom/prune.ts'
import { withDefaults } from '../defaults/kinds.ts'
import type { Resource } from '../resources/resource.ts'
import { normalize, type Unknown, WrongType } from '../schema/normalize.ts'
import { definitionSchema } from '../schema/schema.ts'
import { badRequest } from '../status.ts'

/** What becomes of fields that a kind does not have. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

/** How a body is taken in. */
export interface Decoding {
  readonly resource: Resource
  readonly validation: FieldValidation
  /** Paths of keys that stood twice. */
  readonly duplicates: readonly string[]
  warn(text: string): void
}

/** Reads the query's `fieldValidation`; throws 400 for another word than its three. */
export function fieldValidationOf(query: URLSearchParams): FieldValidation {
  const value = query.get('fieldValidation') ?? ''
  if (value === '') return 'Warn'
  if (value === 'Ignore' || value === 'Warn' || value === 'Strict') return value
  throw badRequest(`invalid fieldValidation ${JSON.stringify(value)}`)
}

/** Checks that a body is an object of the resource's kind; an empty apiVersion or kind is filled in. Throws 400. */
export function typedBody(resource: Resource, value: Json): KubeObject {
  if (!isJsonObject(value)) throw badRequest('the body is no object')
  const { apiVersion, kind } = value
  if (typeof kind !== 'string' || kind === '')
    throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(value)}'`)
  if (typeof apiVersion !== 'string' || apiVersion === '')
    throw badRequest(`Object 'apiVersion' is missing in '${JSON.stringify(value)}'`)
  if (apiVersion !== resource.apiVersion)
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${resource.apiVersion})`,
    )
  if (kind !== resource.kind)
    throw badRequest(
      `${kind} in version ${JSON.stringify(resource.version)} cannot be handled as a ${resource.kind}: no kind ${JSON.stringify(kind)} is registered for version`,
    )
  return withMetadata(value)
}

function withMetadata(value: JsonObject): KubeObject {
  const { metadata } = value
  return { ...value, metadata: isJsonObject(metadata) ? metadata : {} } as unknown as KubeObject
}

/**
 * A body as the server keeps it: of the right types, with defaults, without fields that the kind does not have. Those
 * lead to 400, a warning, or nothing, as `fieldValidation` says.
 */
export function decode(decoding: Decoding, body: KubeObject): KubeObject {
  const { resource } = decoding
  const unknown: Unknown[] = []
  const object = resource.custom ? decodeCustom(resource, body, unknown) : decodeBuiltin(resource, body, unknown)
  report(decoding, unknown)
  return withReset(resource, withMetadata(object), body)
}

/** An empty list is dropped like any other, but of `managedFields` of a typed object it means something: wipe them. */
function withReset(resource: Resource, object: KubeObject, { metadata }: KubeObject): KubeObject {
  const { managedFields } = metadata
  const empty = isJsonArray(managedFields) && managedFields.length === 0
  return empty && !resource.custom ? { ...object, metadata: { ...object.metadata, managedFields } } : object
}

function report({ resource, validation, duplicates, warn }: Decoding, unknown: readonly Unknown[]): void {
  const problems = [
    ...duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`),
    ...unknown.map(({ path }) => `unknown field ${JSON.stringify(path)}`),
  ]
  if (problems.length === 0 || validation === 'Ignore') return
  if (validation === 'Strict')
    throw badRequest(`${cannotHandle(resource)}: strict decoding error: ${problems.join(', ')}`)
  for (const problem of problems) warn(problem)
}

function cannotHandle({ kind, version }: Resource): string {
  return `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}`
}

function decodeBuiltin(resource: Resource, body: JsonObject, unknown: Unknown[]): JsonObject {
  const typed = wrongTypeAs400(resource, () => normalize(resource.schema, prepared(resource, body), unknown))
  return withDefaults(resource.storage, typed)
}

function wrongTypeAs400<T>(resource: Resource, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof WrongType) throw badRequest(`${cannotHandle(resource)}: ${error.message}`)
    throw error
  }
}

/** A Secret's data must be base64. */
function prepared(resource: Resource, body: JsonObject): JsonObject {
  if (resource.storage !== 'secrets' || !isJsonObject(body.data)) return body
  for (const value of Object.values(body.data)) {
    if (typeof value !== 'string') continue
    const at = badBase64(value)
    if (at >= 0) throw badRequest(`${cannotHandle(resource)}: illegal base64 data at input byte ${at}`)
  }
  return body
}

/** Where a text stops being base64, -1 where it is. */
function badBase64(text: string): number {
  const clean = text.replace(/[\r\n]/g, '')
  const wrong = clean.search(/[^A-Za-z0-9+/=]/)
  if (wrong >= 0) return wrong
  const padding = clean.indexOf('=')
  if (clean.length % 4 !== 0) return padding >= 0 ? padding : clean.length - (clean.length % 4)
  return /^[A-Za-z0-9+/]*={0,2}$/.test(clean) ? -1 : padding
}

/** A custom resource keeps what its schema says; its metadata is that of all objects. */
function decodeCustom(resource: Resource, body: KubeObject, unknown: Unknown[]): JsonObject {
  const { custom } = resource
  const { metadata, ...rest } = body
  const meta = wrongTypeAs400(resource, () =>
    normalize(definitionSchema('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'), metadata, unknown),
  )
  for (let i = 0; i < unknown.length; i++) {
    const one = unknown[i]
    if (one) unknown[i] = { path: `metadata.${one.path}` }
  }
  const kept = custom && !custom.preserveUnknown ? pruned(custom.openApi, rest, unknown) : rest
  const object = { ...kept, apiVersion: body.apiVersion, kind: body.kind, metadata: meta }
  return custom ? customDefaults(custom.openApi, object) : object
}
