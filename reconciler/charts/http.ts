import type { Readable } from 'node:stream'
import { Agent, request } from 'undici'
import type { Clock } from '../clock.ts'
import { errorCode } from '../git/error.ts'
import type { ChartCredential, FindCredential } from './credentials.ts'
import { ChartError, messageOf, passingError } from './error.ts'
import { formatSize, maxRedirects } from './limits.ts'

/** One thing to be read. */
export interface ChartHttpRequest {
  readonly url: URL
  /** Most bytes that are read of the answer. */
  readonly maxSize: number
  readonly headers?: Readonly<Record<string, string>>
  /** What the server is told of us instead of its user and password; goes to this server alone, too. */
  readonly authorization?: string
  /** No credential at all. */
  readonly anonymous?: boolean
  /** Statuses other than 200 that the caller reads itself. */
  readonly accept?: readonly number[]
}

/** What was answered. */
export interface ChartHttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly bytes: Buffer
  /** Where it was found in the end. */
  readonly url: URL
}

/** Reads from servers of charts. */
export interface ChartHttp {
  /**
   * Reads one address within the time that one chart may take, following a few redirects. A server is told only the credential
   * that is configured for itself; a redirect elsewhere goes without any. Rejects with a `ChartError` that is not final.
   */
  get(call: ChartHttpRequest): Promise<ChartHttpAnswer>
  close(): Promise<void>
}

/** Connections to servers of charts. `timeout` is what one answer may take altogether, in milliseconds. */
export function createChartHttp(
  options: { readonly timeout: number; readonly clock: Clock },
  find: FindCredential,
): ChartHttp {
  const { timeout, clock } = options
  const agents = new Map<string, Agent>()

  function agentFor(credential: ChartCredential | undefined): Agent {
    const ca = credential?.ca ?? ''
    const agent =
      agents.get(ca) ??
      new Agent({
        headersTimeout: timeout,
        bodyTimeout: timeout,
        connect: { timeout, ...(ca === '' ? {} : { ca }) },
      })
    agents.set(ca, agent)
    return agent
  }

  function authorizationFor(call: ChartHttpRequest, url: URL): string | undefined {
    if (call.anonymous || url.origin !== call.url.origin) return undefined
    if (call.authorization !== undefined) return call.authorization
    const user = find(url)?.user
    return user && basic(user)
  }

  async function follow(call: ChartHttpRequest, signal: AbortSignal): Promise<ChartHttpAnswer> {
    let url = call.url
    for (let hops = 0; hops <= maxRedirects; hops++) {
      const authorization = authorizationFor(call, url)
      const answer = await request(url, {
        dispatcher: agentFor(find(url)),
        signal,
        headers: {
          'user-agent': 'flotilla',
          ...call.headers,
          ...(authorization === undefined ? {} : { authorization }),
        },
      })
      const headers = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]))
      const status = answer.statusCode
      if (![301, 302, 303, 307, 308].includes(status)) {
        const isWanted = status === 200 || call.accept?.includes(status)
        const bytes = await readBytes(answer.body, isWanted ? call.maxSize : 0)
        if (!isWanted) throw passingError(statusText(status, url, authorization !== undefined))
        if (bytes === undefined) throw passingError(`${url} is larger than ${formatSize(call.maxSize)}`)
        return { status, headers, bytes, url }
      }
      await readBytes(answer.body, 0)
      url = nextUrl(url, headers.location)
    }
    throw passingError(`${call.url} is redirected more than ${maxRedirects} times`)
  }

  return {
    async get(call) {
      const stop = new AbortController()
      const timer = clock.after(timeout, () => stop.abort())
      try {
        return await follow(call, stop.signal)
      } catch (error) {
        if (error instanceof ChartError) throw error
        throw connectionError(error, call.url, stop.signal.aborted ? timeout : undefined)
      } finally {
        timer.cancel()
      }
    },
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()))
    },
  }
}

/** User and password as a header. */
export function basic(user: NonNullable<ChartCredential['user']>): string {
  return `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`
}

/** Whether nobody on the way can read along: TLS, or a server on this machine. */
export function isPrivate(url: URL): boolean {
  return url.protocol === 'https:' || isLoopback(url)
}

/** Whether an address is on this machine. */
export function isLoopback(url: URL): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
}

function nextUrl(url: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, url.href))
    throw passingError(`${url} is redirected to no address`)
  const next = new URL(location, url)
  if (next.protocol !== 'https:' && next.protocol !== 'http:')
    throw passingError(`${url} is redirected to ${next.protocol}, which is not followed`)
  if (isPrivate(url) && !isPrivate(next)) throw passingError(`${url} is redirected to ${next.origin}, without TLS`)
  next.username = ''
  next.password = ''
  return next
}

/** The bytes of an answer; undefined where it has more than `most`, of which none is kept. */
async function readBytes(body: Readable, most: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    // Leaving the loop ends the connection: what else the server would send is not read.
    if (size > most) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function statusText(status: number, url: URL, wasTold: boolean): string {
  if (status === 401 || status === 403)
    return wasTold
      ? `${url} refused the credential (${status})`
      : `${url} wants a credential (${status}), and none is configured for ${url.origin}`
  return `${url} answered ${status}`
}

function connectionError(error: unknown, url: URL, timeout: number | undefined): ChartError {
  const code = errorCode(error)
  const words = messageOf(error)
  if (timeout !== undefined || /TIMEOUT|TIMEDOUT/.test(code))
    return passingError(
      `${url.origin} did not answer${timeout === undefined ? '' : ` within ${timeout / 1000} s`}`,
      error,
    )
  if (/CERT|SELF_SIGNED|UNABLE_TO_|^ERR_(TLS|SSL)/.test(code))
    return passingError(`${url.origin} has a certificate that is not trusted: ${words}`, error)
  const why = code === '' || words.includes(code) ? words : `${words} (${code})`
  return passingError(`${url.origin} cannot be reached: ${why}`, error)
}
