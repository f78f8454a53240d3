import { type IncomingHttpHeaders, type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'

/** What is passed on to a server. */
export interface Passed {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly signal?: AbortSignal
}

/** A server behind a proxy. */
export interface Upstream {
  /** Passes one request on; resolves when its answer begins. */
  send(request: Passed): Promise<IncomingMessage>
  close(): void
}

/** Opens the way to a server; `ca` is PEM, and with `authorization` every request carries that instead of its own. */
export function openUpstream(
  origin: string,
  options: { readonly ca?: string; readonly authorization?: string } = {},
): Upstream {
  const { ca, authorization } = options
  const isTls = origin.startsWith('https:')
  const agent = isTls ? new TlsAgent({ keepAlive: true, ca }) : new PlainAgent({ keepAlive: true })
  return {
    send({ method, path, headers, body, signal }) {
      const { host: _host, connection: _connection, 'transfer-encoding': _chunked, ...kept } = headers
      const own = authorization === undefined ? {} : { authorization }
      const length = body.length > 0 ? { 'content-length': String(body.length) } : {}
      return new Promise((resolve, reject) => {
        const request = (isTls ? tlsRequest : plainRequest)(
          new URL(origin),
          { agent, method, path, headers: { ...kept, ...own, ...length }, ...(signal ? { signal } : {}) },
          resolve,
        )
        request.once('error', reject)
        request.end(body)
      })
    },
    close: () => agent.destroy(),
  }
}
