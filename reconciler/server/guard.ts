import type { IncomingMessage } from 'node:http'

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
