import type { JsonObject } from '../../repo-layout/json.ts'
import type { Reply } from './http/message.ts'
import { json } from './http/message.ts'

/** One of the reasons of an error, as `details.causes` lists it without what is empty. */
export interface Cause {
  readonly reason: string
  readonly message: string
  readonly field: string
}

/** What an error is about. */
export interface About {
  readonly group?: string
  /** The plural name of the resource, or the kind where Kubernetes says the kind. */
  readonly kind?: string
  readonly name?: string
  readonly uid?: string
}

/** A refusal in Kubernetes' own form. Its message is the one that clients print. */
export class StatusError extends Error {
  readonly code: number
  readonly reason: string
  readonly details: JsonObject | undefined

  constructor(code: number, reason: string, message: string, about?: About, causes: readonly Cause[] = []) {
    super(message)
    this.code = code
    this.reason = reason
    const details = { ...about, ...(causes.length > 0 && { causes: causes.map(withoutEmpty) }) }
    this.details = about || causes.length > 0 ? details : undefined
  }
}

function withoutEmpty(cause: Cause): JsonObject {
  return Object.fromEntries(Object.entries(cause).filter(([, text]) => text !== ''))
}

/** The `Status` document of a refusal. */
export function statusOf(error: StatusError): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: error.message,
    ...(error.reason !== '' && { reason: error.reason }),
    ...(error.details && { details: error.details }),
    code: error.code,
  }
}

/** The answer that tells a refusal; an error that is none is an internal one of 500. */
export function errorReply(error: unknown): Reply {
  const status = error instanceof StatusError ? error : unexpected(error)
  return json(status.code, JSON.stringify(statusOf(status)))
}

function unexpected(error: unknown): StatusError {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new StatusError(500, 'InternalError', `Internal error occurred: ${text}`)
}

/** 500 for what a server cannot do with the object that it holds. */
export function internalError(why: string): StatusError {
  const cause: Cause = { reason: '', message: why, field: '' }
  return new StatusError(500, 'InternalError', `Internal error occurred: ${why}`, undefined, [cause])
}

/** 404 for a path that nothing is served at. */
export function noSuchPath(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})
}

/** 404 for an object. */
export function notFound(storage: string, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${storage} "${name}" not found`, aboutStorage(storage, name))
}

/** 400. */
export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message)
}

/** Names a resource as errors do: group and plural apart. */
export function aboutStorage(storage: string, name?: string): About {
  const at = storage.indexOf('.')
  const plural = at < 0 ? storage : storage.slice(0, at)
  const group = at < 0 ? '' : storage.slice(at + 1)
  return { ...(name !== undefined && { name }), ...(group !== '' && { group }), kind: plural }
}
