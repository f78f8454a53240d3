import { ApiError } from '../member/errors.ts'
import type { Method, Transport } from '../member/transport.ts'
import type { ApiVerb } from './metrics.ts'

/** A transport that tells `count` how each request ended; a status of 0 where no answer came. */
export function meteredTransport(transport: Transport, count: (verb: ApiVerb, status: number) => void): Transport {
  return {
    async request(method, path, options) {
      const verb = verbOf(method, path, options?.contentType)
      try {
        const answer = await transport.request(method, path, options)
        count(verb, answer.status)
        return answer
      } catch (error) {
        count(verb, statusOf(error))
        throw error
      }
    },
    async *stream(path, options) {
      try {
        yield* transport.stream(path, options)
        count('watch', 200)
      } catch (error) {
        count('watch', statusOf(error))
        throw error
      }
    },
    credential: () => transport.credential?.(),
    close: () => transport.close(),
  }
}

/** The verb of a request as an audit log names it. */
export function verbOf(method: Method, path: string, contentType: string | undefined): ApiVerb {
  switch (method) {
    case 'GET':
      return isCollection(path) ? 'list' : 'get'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'DELETE':
      return 'delete'
    case 'PATCH':
      return contentType?.startsWith('application/apply-patch') ? 'apply' : 'patch'
  }
}

/** Whether a path names all objects of a kind, and not one of them or something about the API. */
function isCollection(path: string): boolean {
  const [, rest] = /^\/(?:api\/[^/]+|apis\/[^/]+\/[^/]+)\/(.+)$/.exec(path) ?? []
  if (rest === undefined) return false
  const parts = rest.split('/')
  return (parts[0] === 'namespaces' && parts.length > 2 ? parts.length - 2 : parts.length) === 1
}

function statusOf(error: unknown): number {
  if (!(error instanceof ApiError)) return 0
  switch (error.failure.type) {
    case 'unreachable':
      return 0
    case 'unauthorized':
      return 401
    case 'throttled':
      return 429
    case 'rejected':
    case 'server':
      return error.failure.status
  }
}
