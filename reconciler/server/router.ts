import type { IncomingMessage, ServerResponse } from 'node:http'
import { didYouMean } from '../../repo-layout/suggest.ts'
import { readBody } from './body.ts'
import { type GuardOptions, refusalOf } from './guard.ts'
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

/** What is at a path. HEAD is answered as GET. */
export interface Route {
  readonly GET?: Handler
  readonly POST?: Handler
  /** Told of a request whose body is over the limit; it is answered by 413. */
  readonly onOversized?: (request: IncomingMessage) => void
  /** Names of the parameters that it takes, with the values of those that have a fixed list. */
  readonly parameters?: { readonly [name: string]: readonly string[] | 'any' }
}

/** Routes by path; a path stands for itself, without patterns. */
export type Routes = ReadonlyMap<string, Route>

/**
 * Finds the handler and runs it: 404 for an unknown path, 401 or 403 for who is not let in, 405 for a wrong method, 400 for
 * a parameter that it does not take, 413 for a body over the limit.
 */
export async function route(
  routes: Routes,
  guard: GuardOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Reply | undefined> {
  const url = request.url ?? '/'
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
  const refusal = refusalOf(request, path, guard)
  if (refusal) {
    response.setHeader('connection', 'close')
    return refusal
  }
  const handlers = routes.get(path)
  if (!handlers) return errorReply(404, `there is nothing at ${path}; there is ${[...routes.keys()].join(', ')}`)
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const handler = method === 'GET' || method === 'POST' ? handlers[method] : undefined
  if (!handler) {
    const allowed = [...(handlers.GET ? ['GET', 'HEAD'] : []), ...(handlers.POST ? ['POST'] : [])]
    response.setHeader('allow', allowed.join(', '))
    return errorReply(405, `${path} takes ${allowed.join(' and ')}`)
  }
  const problem = queryProblem(query, handlers.parameters ?? {})
  if (problem !== undefined) return errorReply(400, problem)
  const body = method === 'POST' ? await readBody(request) : Buffer.alloc(0)
  if (body === undefined) {
    handlers.onOversized?.(request)
    // The rest of the body is not read, so the connection cannot carry another request.
    response.setHeader('connection', 'close')
    return errorReply(413, 'the request body is over 1 MiB')
  }
  return handler({ query, request, response, body })
}

/** A parameter that is passed over would make a narrow question a wide one, so each is known or refused. */
function queryProblem(query: URLSearchParams, known: NonNullable<Route['parameters']>): string | undefined {
  const names = Object.keys(known)
  for (const [name, value] of query) {
    const values = Object.hasOwn(known, name) ? known[name] : undefined
    if (values === undefined) return `there is no parameter "${name}"${didYouMean(name, names)}`
    if (values !== 'any' && !values.includes(value)) return `${name} is ${values.join(' or ')}, not "${value}"`
  }
  return undefined
}
