import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json, JsonObject } from '../../../repo-layout/json.ts'
import { badRequest } from '../status.ts'

/** The media type in which Go clients send typed objects. */
export const protobufType = 'application/vnd.kubernetes.protobuf'

/** `name type`, with `*` before a repeated type, `%` before the values of a map, `=` before an inlined message. */
type Messages = Readonly<Record<string, Readonly<Record<string, string>>>>

let loaded: Messages | undefined

function messages(): Messages {
  loaded ??= JSON.parse(readFileSync(join(import.meta.dirname, 'data', 'protobuf.json'), 'utf8')) as Messages
  return loaded
}

const magic = 'k8s\0'

/**
 * Reads an object in Kubernetes' protobuf encoding: an envelope with apiVersion, kind and the message itself. Throws 400
 * for anything else, and for kinds that no message is known of.
 */
export function readProtobuf(bytes: Buffer): JsonObject {
  if (bytes.subarray(0, 4).toString('latin1') !== magic) throw badRequest('the body is no Kubernetes protobuf')
  let apiVersion = ''
  let kind = ''
  let raw: Buffer = Buffer.alloc(0)
  for (const { number, content } of fieldsOf(bytes.subarray(4))) {
    if (number === 1 && Buffer.isBuffer(content)) {
      for (const inner of fieldsOf(content)) {
        if (inner.number === 1) apiVersion = String(inner.content)
        if (inner.number === 2) kind = String(inner.content)
      }
    }
    if (number === 2 && Buffer.isBuffer(content)) raw = content
  }
  const name = messageOf(apiVersion, kind)
  if (name === undefined) throw badRequest(`no protobuf message is known for ${apiVersion} ${kind}`)
  return { apiVersion, kind, ...message(name, raw) }
}

/** Groups live in packages that are named by their first word. */
function messageOf(apiVersion: string, kind: string): string | undefined {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion]
  const home =
    kind === 'DeleteOptions' ? 'apimachinery.pkg.apis.meta.v1' : `api.${group.split('.')[0] ?? ''}.${version}`
  const name = `k8s.io.${home}.${kind}`
  return messages()[name] ? name : undefined
}

interface WireField {
  readonly number: number
  readonly content: Buffer | bigint | number
}

/** Splits a message into its fields (the encoding's wire types 0, 1, 2 and 5). */
function* fieldsOf(bytes: Buffer): Generator<WireField> {
  let at = 0
  const varint = (): bigint => {
    let [value, shift] = [0n, 0n]
    for (;;) {
      const byte = bytes[at++]
      if (byte === undefined) throw badRequest('the protobuf body ends too early')
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
      shift += 7n
    }
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const number = tag >> 3
    switch (tag & 7) {
      case 0:
        yield { number, content: BigInt.asIntN(64, varint()) }
        break
      case 1:
        yield { number, content: bytes.readDoubleLE(at) }
        at += 8
        break
      case 2: {
        const length = Number(varint())
        yield { number, content: bytes.subarray(at, at + length) }
        at += length
        break
      }
      case 5:
        yield { number, content: bytes.readFloatLE(at) }
        at += 4
        break
      default:
        throw badRequest('the protobuf body has a field of an unknown type')
    }
  }
}

function message(name: string, bytes: Buffer): JsonObject {
  const known = messages()[name] ?? {}
  const result: Record<string, Json> = {}
  for (const { number, content } of fieldsOf(bytes)) {
    const [field = '', type = ''] = known[number]?.split(' ') ?? []
    if (field === '') continue
    if (type.startsWith('*'))
      result[field] = [...((result[field] as Json[] | undefined) ?? []), value(type.slice(1), content)]
    else if (type.startsWith('%')) {
      const { key, inner } = mapEntry(type.slice(1), content)
      result[field] = { ...(result[field] as JsonObject | undefined), [key]: inner }
    } else if (type.startsWith('=')) Object.assign(result, value(type.slice(1), content))
    else {
      const decoded = value(type, content)
      if (decoded !== undefined) result[field] = decoded
    }
  }
  return result
}

function mapEntry(type: string, content: WireField['content']): { readonly key: string; readonly inner: Json } {
  let key = ''
  let inner: Json = ''
  for (const part of fieldsOf(Buffer.isBuffer(content) ? content : Buffer.alloc(0))) {
    if (part.number === 1) key = String(part.content)
    if (part.number === 2) inner = value(type, part.content)
  }
  return { key, inner }
}

const meta = 'k8s.io.apimachinery.pkg.apis.meta.v1'

function value(type: string, content: WireField['content']): Json {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.alloc(0)
  switch (type) {
    case 'string':
      return bytes.toString('utf8')
    case 'bytes':
      return bytes.toString('base64')
    case 'bool':
      return content !== 0n
    case 'int32':
    case 'int64':
    case 'uint32':
    case 'uint64':
    case 'double':
    case 'float':
      return Number(content)
    case `${meta}.Time`:
    case `${meta}.MicroTime`:
      return time(bytes)
    case `${meta}.FieldsV1`:
    case 'k8s.io.apimachinery.pkg.runtime.RawExtension':
      return embedded(bytes)
    case 'k8s.io.apimachinery.pkg.api.resource.Quantity':
      return firstText(bytes)
    case 'k8s.io.apimachinery.pkg.util.intstr.IntOrString':
      return intOrString(bytes)
    default:
      return message(type, bytes)
  }
}

function firstText(bytes: Buffer): string {
  for (const { number, content } of fieldsOf(bytes)) if (number === 1) return String(content)
  return ''
}

function embedded(bytes: Buffer): Json {
  const text = firstText(bytes)
  return text === '' ? {} : (JSON.parse(text) as Json)
}

/** A time that is not set is a message without fields. */
function time(bytes: Buffer): Json {
  let [seconds, nanos] = [0n, 0n]
  for (const { number, content } of fieldsOf(bytes)) {
    if (typeof content !== 'bigint') continue
    if (number === 1) seconds = content
    if (number === 2) nanos = content
  }
  if (seconds === 0n && nanos === 0n) return null
  const text = new Date(Number(seconds) * 1000 + Number(nanos) / 1e6).toISOString()
  return nanos === 0n ? text.replace(/\.\d+Z$/, 'Z') : text
}

function intOrString(bytes: Buffer): Json {
  let [isText, number, text] = [false, 0, '']
  for (const part of fieldsOf(bytes)) {
    if (part.number === 1) isText = part.content === 1n
    if (part.number === 2) number = Number(part.content)
    if (part.number === 3) text = String(part.content)
  }
  return isText ? text : number
}
