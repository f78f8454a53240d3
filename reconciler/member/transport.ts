import type { Dispatcher } from 'undici'
import { isJsonObject, type Json, type JsonObject } from '../../repo-layout/json.ts'
import { type Clock, sleep } from '../clock.ts'
import type { Credential } from './credential.ts'
import { ApiError, codeOf, connectionError, statusError } from './errors.ts'
import { HeldBackError, type LastCheck } from './hold-back.ts'
import { jsonLines } from './lines.ts'
import type { Described } from './remedy.ts'

/** The methods that Flotilla uses. */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/**
 * What a request carries; `body` is JSON, sent as `contentType` (JSON by default). Where `maySend` says no right before the
 * first byte is written, be it of a second try, the request rejects with a `HeldBackError`.
 */
export interface RequestOptions extends LastCheck {
  /** Has the request go only where the first one with the same pin went: one that would go elsewhere fails as `unreachable`. */
  readonly pin?: Pin
  readonly query?: { readonly [key: string]: string | undefined }
  readonly body?: Json
  readonly contentType?: string
  /** What is taken for an answer; JSON by default. */
  readonly accept?: string
  readonly signal?: AbortSignal
  /** The user that the API server is asked to take us for, where we may impersonate it. */
  readonly asUser?: string
}

/** Where requests that belong together go; the first of them says where. */
export interface Pin {
  place?: string
}

/** How a watch is read. */
export interface StreamOptions extends RequestOptions {
  /** Called when the server has agreed to it. */
  readonly onOpen?: () => void
}

/** A 2xx answer. */
export interface Answer {
  readonly status: number
  readonly json: JsonObject
  /** The time of the server as it says, in milliseconds since the epoch and whole seconds; undefined where it does not. */
  readonly serverTime?: number | undefined
}

/**
 * Talks to one API server. Whoever implements it: every failure is an `ApiError` that says what kind it is, an answer
 * is one only when it is 2xx, and JSON passes in both directions as it is.
 */
export interface Transport {
  /** Sends one request. Waits out 429 with Retry-After a few times; tries once more on a connection that had died or dies. */
  request(method: Method, path: string, options?: RequestOptions): Promise<Answer>
  /** Reads a watch: one JSON object a line, until the server ends it or `signal` is aborted. */
  stream(path: string, options?: StreamOptions): AsyncIterable<JsonObject>
  /** The credential that was used last, and for which cluster; undefined before there was one. */
  credential?(): CredentialInUse | undefined
  /** Closes all connections at once and for good; requests under way and later ones fail as `unreachable`. */
  close(): Promise<void>
}

/** A credential with the cluster that it is for. */
export interface CredentialInUse extends Credential {
  readonly cluster: Described
}

/** A connection as it is at the moment: where to, through what, and as whom. */
export interface Session {
  /** Longest time that a request may take to be answered, in milliseconds. */
  readonly answerTimeout: number
  readonly origin: string
  /** Path below which the API is served; `''` for most. */
  readonly prefix: string
  readonly requests: Dispatcher
  readonly watches: Dispatcher
  readonly headers: { readonly [name: string]: string }
  /** Differs where another API server may be meant. */
  readonly place: string
}

/** Gives the session of now, renewed where credentials changed. `rejected` says that the last one got 401. */
export interface Sessions {
  current(rejected?: Session): Promise<Session>
  close(): Promise<void>
}

const mostThrottles = 4
const longestThrottle = 30_000

/** Codes of a connection that the other side closed: a keep-alive one just before we sent, or in the middle of an answer. */
const staleConnection = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/**
 * A transport over undici. 401 renews the credentials and is tried once more; every write that Flotilla sends can be
 * repeated (apply, or guarded by uid or resourceVersion), so a dead connection is tried once more too.
 */
export function createTransport(sessions: Sessions, clock: Clock): Transport {
  async function open(method: Method, path: string, options: RequestOptions, watch: boolean): Promise<Exchange> {
    const what = `${method} ${path}`
    let session = await sessions.current()
    const { pin } = options
    if (pin) pin.place ??= session.place
    for (let renewed = false, reopened = false, throttles = 0; ; ) {
      if (pin && pin.place !== session.place) throw new ApiError(elsewhere, { type: 'unreachable' })
      const answer = await exchange(session, method, path, options, watch).catch((error: unknown) => {
        if (error instanceof HeldBackError) throw error
        if (options.signal?.aborted || reopened || !staleConnection.has(codeOf(error))) throw failed(error, what)
        reopened = true
        return undefined
      })
      if (!answer) continue
      const { status } = answer
      if (status < 300) return answer
      const wait = retryAfter(answer.retryAfter)
      if (status === 401 && !renewed) {
        renewed = true
        session = await sessions.current(session)
      } else if (status === 429 && throttles < mostThrottles && wait <= longestThrottle) {
        throttles++
        await sleep(clock, wait, options.signal)
      } else throw statusError(status, parse(answer.text), wait, what)
    }
  }
  return {
    async request(method, path, options = {}) {
      const { status, text, date } = await open(method, path, options, false)
      const json = parse(text)
      if (!isJsonObject(json)) throw new ApiError(`${method} ${path}: the answer is no JSON object`, badAnswer)
      const serverTime = Date.parse(String(date))
      return { status, json, ...(Number.isNaN(serverTime) ? {} : { serverTime }) }
    },
    async *stream(path, options = {}) {
      const { lines } = await open('GET', path, options, true)
      options.onOpen?.()
      try {
        yield* lines
      } catch (error) {
        if (!options.signal?.aborted) throw error instanceof ApiError ? error : failed(error, `watch ${path}`)
      }
    },
    close: () => sessions.close(),
  }
}

const elsewhere = 'the connection of this cluster leads elsewhere now, so it is looked at anew'
const badAnswer = { type: 'server', status: 502, retryAfterMs: 1000 } as const

/** An answer whose body was read, or that of a watch, whose lines are still to come. */
interface Exchange {
  readonly status: number
  readonly retryAfter: string | string[] | undefined
  readonly date: string | string[] | undefined
  readonly text: string
  readonly lines: AsyncIterable<JsonObject>
}

async function exchange(
  session: Session,
  method: Method,
  path: string,
  options: RequestOptions,
  watch: boolean,
): Promise<Exchange> {
  const { statusCode: status, headers, body } = await send(session, method, path, options, watch)
  const { 'retry-after': retryAfter, date } = headers
  if (watch && status < 300) return { status, retryAfter, date, text: '', lines: jsonLines(body) }
  return { status, retryAfter, date, text: await body.text(), lines: nothing() }
}

async function* nothing(): AsyncGenerator<JsonObject> {}

function send(session: Session, method: Method, path: string, options: RequestOptions, watch: boolean) {
  const { query = {}, body, signal, contentType = 'application/json', accept, maySend, asUser } = options
  const text = body === undefined ? undefined : JSON.stringify(body)
  const headers = {
    ...session.headers,
    ...(accept === undefined ? {} : { accept }),
    ...(asUser === undefined ? {} : { 'impersonate-user': asUser }),
    ...(text === undefined ? {} : { 'content-type': contentType }),
  }
  const sent: Dispatcher.RequestOptions & LastCheck = {
    origin: session.origin,
    path: `${session.prefix}${path}${queryText(query)}`,
    method,
    headers,
    body: text ?? null,
    signal: signal ?? null,
    headersTimeout: session.answerTimeout,
    bodyTimeout: watch ? watchSilence : session.answerTimeout,
    maySend,
  }
  return (watch ? session.watches : session.requests).request(sent)
}

/** A watch with bookmarks speaks at least once a minute; silence for so long means that its connection is dead. */
const watchSilence = 150_000

function failed(error: unknown, what: string): ApiError {
  return error instanceof ApiError ? error : connectionError(error, what)
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined // proxies answer in HTML; the status code then says what there is to say
  }
}

function queryText(query: { readonly [key: string]: string | undefined }): string {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`],
  )
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

/** `Retry-After` in milliseconds; one second where the header is missing or a date. */
export function retryAfter(header: string | string[] | undefined): number {
  const seconds = Number(Array.isArray(header) ? header[0] : header)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.max(seconds * 1000, 100) : 1000
}
