import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../repo-layout/json.ts'

/** One cause inside a Status of the API server. */
export interface Cause {
  readonly field: string
  readonly reason: string
  readonly message: string
}

/**
 * Why a request failed, by what can be done about it:
 * - `unreachable`: nothing answered (network, timeout, a TLS connection that cannot be made); says nothing about the request.
 * - `unauthorized`: something answered and does not let us in (401, a certificate that is expired or not trusted).
 * - `rejected`: the API server decided; the same request fails again until something changes.
 * - `throttled`: 429; come back after `retryAfterMs`.
 * - `server`: 5xx; the same request may succeed.
 */
export type Failure =
  | { readonly type: 'unreachable' }
  | { readonly type: 'unauthorized'; readonly status?: 401 | 403 }
  | {
      readonly type: 'rejected'
      readonly status: number
      readonly reason: string
      readonly causes: readonly Cause[]
    }
  | { readonly type: 'throttled'; readonly retryAfterMs: number }
  | { readonly type: 'server'; readonly status: number; readonly retryAfterMs: number }

/** A request that failed; `message` is one line for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly failure: Failure

  constructor(message: string, failure: Failure, options?: ErrorOptions) {
    super(message, options)
    this.failure = failure
  }
}

/** Whether the API server answered a request with this HTTP status. */
export function isRejected(error: unknown, status?: number): error is ApiError {
  return (
    error instanceof ApiError &&
    error.failure.type === 'rejected' &&
    (status === undefined || error.failure.status === status)
  )
}

/**
 * Whether the API server says that an object is not there. A 404 without its words is somebody else's (a load balancer, or a
 * kind that is not served any more) and says nothing about the object.
 */
export function isAbsent(error: unknown): boolean {
  return isRejected(error, 404) && error.failure.type === 'rejected' && error.failure.reason === 'NotFound'
}

/** Whether an error is about the cluster as a whole, so that trying other objects is of no use. */
export function isClusterWide(error: unknown): error is ApiError {
  return error instanceof ApiError && (error.failure.type === 'unreachable' || error.failure.type === 'unauthorized')
}

/** One line for people, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The items of a list that a server sent. Throws an `ApiError` where it sent none: that is never an empty list. */
export function itemsOf(list: JsonObject): readonly JsonObject[] {
  const { items } = list
  if (isJsonArray(items) && items.every(isJsonObject)) return items
  throw new ApiError('the server sent a list that cannot be read', { type: 'server', status: 502, retryAfterMs: 1000 })
}

/** Certificates that do not fit: somebody answers, but not one that we may talk to. */
const certificateCodes =
  /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT|ERR_SSL_(TLSV1_|TLSV13_|SSLV3_|SSL\/TLS_)?ALERT_|ERR_OSSL)/

/** Whether an error code says that a certificate does not fit, the server's or ours. */
export function isCertificateCode(code: string): boolean {
  return certificateCodes.test(code)
}

/**
 * Classifies what a failed connection threw. `what` names the request for people. A certificate problem means the cluster is
 * alive: it must never count as lost.
 */
export function connectionError(error: unknown, what: string): ApiError {
  const code = codeOf(error)
  // OpenSSL ends its lines.
  const text = `${what}: ${messageOf(error).trim() || code || 'no answer'}`
  const failure: Failure = { type: isCertificateCode(code) ? 'unauthorized' : 'unreachable' }
  return new ApiError(text, failure, { cause: error })
}

/** The `code` of a Node error or of the one that caused it; `''` where there is none. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return ''
  if ('code' in error && typeof error.code === 'string') return error.code
  return 'cause' in error ? codeOf(error.cause) : ''
}

/**
 * Classifies an answer that is not 2xx. HTTP 500 `failed to create typed patch object` is what the server says to a
 * manifest with unknown or duplicate fields: permanent, although its number is one of those that are tried again.
 */
export function statusError(status: number, body: Json | undefined, retryAfterMs: number, what: string): ApiError {
  const answer = isJsonObject(body) ? body : {}
  const message = typeof answer.message === 'string' ? answer.message : `HTTP ${status}`
  const reason = typeof answer.reason === 'string' ? answer.reason : ''
  const permanent = message.includes('failed to create typed patch object')
  if (status === 401) return new ApiError(`${what}: ${message}`, { type: 'unauthorized', status })
  if (status === 429) return new ApiError(message, { type: 'throttled', retryAfterMs })
  if (status >= 500 && !permanent) return new ApiError(message, { type: 'server', status, retryAfterMs })
  return new ApiError(message, { type: 'rejected', status, reason, causes: causesOf(answer.details) })
}

function causesOf(details: Json | undefined): Cause[] {
  const causes = isJsonObject(details) ? details.causes : undefined
  if (!isJsonArray(causes)) return []
  return causes.flatMap((cause) => {
    if (!isJsonObject(cause)) return []
    const text = (key: string) => (typeof cause[key] === 'string' ? cause[key] : '')
    return [{ field: text('field'), reason: text('reason'), message: text('message') }]
  })
}
