import { parseDocument } from 'yaml'
import type { Json } from '../../../repo-layout/json.ts'
import type { ApiRequest } from '../http/message.ts'
import { badRequest, StatusError } from '../status.ts'
import { duplicateKeys } from './duplicates.ts'
import { protobufType, readProtobuf } from './protobuf.ts'

/** A body that was read, with the paths of keys that stand twice in it. */
export interface Body {
  readonly value: Json
  readonly duplicates: readonly string[]
}

/** The media type of a body, without parameters; JSON where none is named. */
export function mediaType({ headers }: ApiRequest): string {
  return (headers['content-type'] ?? 'application/json').split(';')[0]?.trim() || 'application/json'
}

/** Reads a body as JSON, as protobuf or, where its type says so, as YAML. Throws 400 where it is neither, 415 for other types. */
export function readBody(request: ApiRequest): Body {
  const type = mediaType(request)
  if (type === protobufType) return { value: readProtobuf(Buffer.from(request.body, 'latin1')), duplicates: [] }
  if (type.endsWith('yaml')) return readYaml(request.body)
  if (type.endsWith('json')) return readJson(request.body)
  throw new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/cbor`,
  )
}

function readJson(text: string): Body {
  try {
    return { value: JSON.parse(text) as Json, duplicates: duplicateKeys(text) }
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${messageOf(error)}`)
  }
}

function readYaml(text: string): Body {
  // Most clients send JSON, which is YAML; reading it as such is many times faster.
  if (text.trimStart().startsWith('{')) {
    try {
      return { value: JSON.parse(text) as Json, duplicates: duplicateKeys(text) }
    } catch {
      // A flow mapping of YAML may look like JSON in its first character.
    }
  }
  const document = parseDocument(text, { uniqueKeys: false, version: '1.1' })
  const [problem] = document.errors
  if (problem) throw badRequest(`error decoding YAML: ${problem.message}`)
  return { value: document.toJS() as Json, duplicates: [] }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
