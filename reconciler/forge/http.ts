import { Agent, request } from 'undici'
import type { Json } from '../../repo-layout/json.ts'
import { errorCode } from '../git/error.ts'
import { ForgeError, type ForgeFailure } from './error.ts'
import type { Surroundings } from './place.ts'

/** Where a forge's API is and how to speak to it. */
export interface ForgeAddress {
  /** The root of its API, `https://git.example.com/api/v1`, without a closing slash. */
  readonly api: string
  /** The headers that say who we are; asked for each request, since tokens of apps are renewed. */
  readonly headers: () => Promise<{ readonly [name: string]: string }>
  /** Told that the forge does not accept these headers (401). */
  readonly onUnauthorized?: () => void
}

/** A request to a forge. */
export interface ForgeRequest {
  readonly query?: { readonly [key: string]: string | number | undefined }
  readonly body?: Json
}

/** What a forge answered: `json` is undefined where the body was empty. */
export interface ForgeAnswer {
  readonly status: number
  readonly json: unknown
  readonly headers: { readonly [name: string]: string | undefined }
}

/** Requests to one forge. */
export interface ForgeHttp {
  /** One request. Rejects with a `ForgeError` for everything but a 2xx answer. Never sent twice. */
  send(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, options?: ForgeRequest): Promise<ForgeAnswer>
  /**
   * Every item of a list, page by page; `read` gives those of one page. What says that there is more is, in this order, the
   * `Link` header, the total in a header, and a full page. `isEnough` ends it after a page. Rejects where any page cannot be had.
   */
  all<T>(
    path: string,
    query: NonNullable<ForgeRequest['query']>,
    read: (json: unknown) => readonly T[],
    isEnough?: (page: readonly T[]) => boolean,
  ): Promise<T[]>
  close(): Promise<void>
}

/** How long a forge may stay silent, in milliseconds. */
const patience = 30_000
/** The longest answer that is read: a forge's page of a hundred pull requests takes less than a tenth. */
const longestAnswer = 20 * 1024 * 1024
/** After a failure that says nothing about when to come back. */
const pause = 60_000
/** No limit of a forge lasts longer than its window of an hour, whatever a header says. */
const longestPause = 3_600_000
/** More pages than a list of ours can have: a forge that always has another one must not fill the memory. */
const mostPages = 300

/**
 * Connections to one forge, kept open between requests. The credential goes to this host alone: redirects are errors. `page`
 * names the parameters of paging and the size of a page.
 */
export function createForgeHttp(
  address: ForgeAddress,
  { ca, clock }: Surroundings,
  page: { readonly sizeParameter: string; readonly size: number },
): ForgeHttp {
  const { api, headers, onUnauthorized } = address
  const agent = new Agent({
    headersTimeout: patience,
    bodyTimeout: patience,
    connect: { timeout: 10_000, ...(ca === undefined ? {} : { ca }) },
  })
  const host = new URL(api).host

  const send: ForgeHttp['send'] = async (method, path, { query = {}, body } = {}) => {
    const url = new URL(`${api}${path}`)
    for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, String(value))
    const own = await headers()
    try {
      const answer = await request(url, {
        method,
        dispatcher: agent,
        headers: {
          accept: 'application/json',
          'user-agent': 'flotilla',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...own,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await readText(answer.body, host)
      const flat = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]))
      if (answer.statusCode === 401) onUnauthorized?.()
      if (answer.statusCode >= 300)
        throw statusError(`${method} ${path}`, host, { status: answer.statusCode, text, headers: flat }, clock.now())
      return { status: answer.statusCode, json: parse(text, host), headers: flat }
    } catch (error) {
      if (error instanceof ForgeError) throw error
      const words = error instanceof Error ? error.message : String(error)
      const code = errorCode(error)
      const why = code === '' || words.includes(code) ? words : `${words} (${code})`
      throw new ForgeError(`${host} cannot be reached: ${why}`, { type: 'unreachable' }, { cause: error })
    }
  }

  return {
    send,
    async all(path, query, read, isEnough = () => false) {
      const found = []
      for (let number = 1; number <= mostPages; number++) {
        const here = { ...query, page: number, [page.sizeParameter]: page.size }
        const { json, headers } = await send('GET', path, { query: here })
        const items = read(json)
        found.push(...items)
        if (
          items.length === 0 ||
          isEnough(items) ||
          !hasMore(headers, { onPage: items.length, full: page.size, sofar: found.length })
        )
          return found
      }
      throw new ForgeError(`${host} has no end of GET ${path}`, { type: 'unreachable' })
    },
    close: () => agent.destroy(),
  }
}

/** A server may give less on a page than it was asked for, so a page that is not full says little. */
function hasMore(
  headers: ForgeAnswer['headers'],
  count: { readonly onPage: number; readonly full: number; readonly sofar: number },
): boolean {
  if (headers.link !== undefined) return /;\s*rel="?next"?/.test(headers.link)
  const total = headers['x-total-count'] ?? headers['x-total']
  if (total !== undefined && /^\d+$/.test(total)) return count.sofar < Number(total)
  return count.onPage >= count.full
}

async function readText(body: AsyncIterable<Uint8Array>, host: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > longestAnswer) throw new ForgeError(`${host} sent an answer that is too long`, { type: 'unreachable' })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string, host: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ForgeError(`${host} does not answer as a forge does`, { type: 'unreachable' }, { cause: error })
  }
}

interface Refusal {
  readonly status: number
  readonly text: string
  readonly headers: { readonly [name: string]: string }
}

function statusError(what: string, host: string, refusal: Refusal, now: number): ForgeError {
  const { status, headers } = refusal
  const words = saidBy(refusal)
  const target = headers.location
  const moved =
    status < 400 && target !== undefined ? `: it has moved to ${originOf(target)}; the token is not sent there` : ''
  const message = `${host} answered ${status} to ${what}${moved}${words === '' ? '' : `: ${words}`}`
  return new ForgeError(message, failureOf(status, words, headers, now))
}

function originOf(location: string): string {
  return URL.canParse(location) ? new URL(location).origin : 'another address'
}

function failureOf(status: number, words: string, headers: Refusal['headers'], now: number): ForgeFailure {
  const isLimit =
    status === 429 || (status === 403 && (headers['x-ratelimit-remaining'] === '0' || /rate limit/i.test(words)))
  if (isLimit || ((status === 503 || status === 403) && headers['retry-after'] !== undefined))
    return { type: 'limited', retryAt: retryAt(headers, now) }
  if (status === 401 || status === 403) return { type: 'unauthorized' }
  if (status === 404 || status === 410) return { type: 'missing' }
  if (status >= 500) return { type: 'unreachable' }
  return { type: 'refused', status }
}

/** `Retry-After` in seconds or as a date, else the time at which GitHub's or GitLab's window ends; within an hour. */
function retryAt(headers: Refusal['headers'], now: number): number {
  const after = headers['retry-after']
  const reset = Number(headers['x-ratelimit-reset'] ?? headers['ratelimit-reset'])
  const at =
    after !== undefined && /^\d+$/.test(after)
      ? now + Number(after) * 1000
      : after !== undefined && !Number.isNaN(Date.parse(after))
        ? Date.parse(after)
        : Number.isFinite(reset) && reset > 0
          ? reset * 1000
          : now + pause
  return Math.min(Math.max(now, at), now + longestPause)
}

/** What a forge says in the body of a refusal, in one line. */
function saidBy({ text }: Refusal): string {
  try {
    const json: unknown = JSON.parse(text)
    if (typeof json !== 'object' || json === null) return ''
    const { message, error, errors } = json as { readonly [key: string]: unknown }
    const parts = [message, error, errors].flatMap((part) =>
      part === undefined || part === null ? [] : [typeof part === 'string' ? part : JSON.stringify(part)],
    )
    return parts.join('; ').slice(0, 300)
  } catch {
    // A page of a proxy says nothing that a person could use here; the status code does.
    return ''
  }
}
