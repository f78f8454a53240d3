import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIPv4 } from 'node:net'
import { errorReply, type Reply } from './respond.ts'

/** Header that a program sets and that no form of a web page can. */
export const requestHeader = 'x-flotilla-request'

/**
 * Whether a request that changes something comes from a program and not from a form of a page that a browser shows: both
 * ways to say so make a browser ask first, and this server never says yes to that.
 */
export function isFromProgram(request: IncomingMessage): boolean {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  return request.headers[requestHeader] === '1' || type === 'application/json'
}

/**
 * Whether a request may change what runs. With a token, whoever sent it was let in. Without one, only this machine is trusted:
 * asked from it (a port that kubectl forwards counts, too) and by a name of it.
 */
export function mayChange({ socket, headers }: IncomingMessage, apiToken: string | undefined): boolean {
  if (apiToken !== undefined) return true
  const from = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  return isLoopback(from) && isLoopback(hostnameOf(headers.host ?? ''))
}

/** Who is let in. */
export interface GuardOptions {
  /** Address that the server listens on. */
  readonly host: string
  /** What `Authorization: Bearer` must carry; undefined where no token is asked for. */
  readonly apiToken: string | undefined
}

/** Paths that tell nothing of a fleet, or, as the webhook, look at who asks by themselves. */
const open: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/webhook'])

/**
 * Why a request is not let in; undefined where it is. With a token, the API needs it. Without one, a server that listens
 * on this machine alone is asked by a name of this machine: a page that a browser shows could otherwise ask it through a
 * host name of its own that leads here (DNS rebinding).
 */
export function refusalOf(request: IncomingMessage, path: string, { host, apiToken }: GuardOptions): Reply | undefined {
  if (open.has(path)) return undefined
  if (apiToken !== undefined) {
    // Prometheus scrapes without one unless it is told, and metrics hold no more than names.
    if (path === '/metrics' || isSameSecret(bearerOf(request) ?? '', apiToken)) return undefined
    return errorReply(401, 'the token is missing or wrong; send Authorization: Bearer, from FLOTILLA_API_TOKEN')
  }
  const asked = request.headers.host ?? ''
  if (!isLoopback(host) || isLoopback(hostnameOf(asked))) return undefined
  return errorReply(403, `this daemon listens on ${host} only, and is not asked as "${asked}"`)
}

/** Whether an address or name is one of this machine alone. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase()
  return name === 'localhost' || name === '::1' || name === '[::1]' || (isIPv4(name) && name.startsWith('127.'))
}

/** The token that a request carries. */
export function bearerOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
}

/** Compares in a time that tells nothing, not even a length. */
export function isSameSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** A Host header without its port. */
function hostnameOf(header: string): string {
  return header.replace(/:\d*$/, '')
}
