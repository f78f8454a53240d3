import type { IncomingMessage, ServerResponse } from 'node:http'
import { readBody } from './body.ts'
import { errorReply, type Reply } from './respond.ts'

/** A request as handlers see it. */
export interface Call {
  readonly query: URLSearchParams
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Empty for methods that have none. */
  readonly body: Buffer
}

/** Answers a call; undefined where it answers on `response` by itself. */
export type Handler = (call: Call) => Reply | undefined | Promise<Reply | undefined>

/** Handlers by path and method; a path stands for itself, without patterns. HEAD is answered as GET. */
export type Routes = ReadonlyMap<string, { readonly GET?: Handler; readonly POST?: Handler }>

/** Finds the handler and runs it: 404 for an unknown path, 405 for a wrong method, 413 for a body over the limit. */
export async function route(
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Reply | undefined> {
  const [path = '', search = ''] = (request.url ?? '/').split('?', 2)
  const handlers = routes.get(path)
  if (!handlers) return errorReply(404, `there is nothing at ${path}`)
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const handler = method === 'GET' || method === 'POST' ? handlers[method] : undefined
  if (!handler) {
    const allowed = Object.keys(handlers).flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name]))
    response.setHeader('allow', allowed.join(', '))
    return errorReply(405, `${path} takes ${allowed.join(' and ')}`)
  }
  const body = method === 'POST' ? await readBody(request) : Buffer.alloc(0)
  if (body === undefined) {
    // The rest of the body is not read, so the connection cannot carry another request.
    response.setHeader('connection', 'close')
    return errorReply(413, 'the request body is over 1 MiB')
  }
  return handler({ query: new URLSearchParams(search), request, response, body })
}
