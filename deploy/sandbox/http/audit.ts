import type { AuditRecord } from '../types.ts'
import { type AnyReply, type ApiRequest, isStream } from './message.ts'
import type { Target } from './target.ts'

/** Writes down what was asked and answered. */
export interface AuditLog {
  readonly records: readonly AuditRecord[]
  /** Notes a request; the answer that it gives back must be the one that is sent. */
  note(request: ApiRequest, target: Target | undefined, receivedAt: number, reply: AnyReply): AnyReply
}

/** An empty record. `now` gives milliseconds since the epoch. */
export function createAuditLog(now: () => number): AuditLog {
  const records: AuditRecord[] = []
  return {
    records,
    note(request, target, receivedAt, reply) {
      const query = request.query.toString()
      const write = () =>
        void records.push({
          user: request.user,
          userAgent: request.headers['user-agent'] ?? '',
          verb: verbOf(request, target),
          uri: query === '' ? request.path : `${request.path}?${query}`,
          resource: target?.resource.plural ?? '',
          namespace: target?.namespace ?? '',
          objectName: target?.name ?? '',
          subresource: target?.subresource ?? '',
          status: reply.status,
          receivedAt,
          answeredAt: now(),
        })
      if (isStream(reply)) return { ...reply, start: noted(reply.start, write) }
      write()
      return reply
    },
  }
}

function noted(start: (write: (line: string) => void, end: () => void) => () => void, write: () => void): typeof start {
  return (send, end) => {
    let open = true
    const close = () => {
      if (open) write()
      open = false
    }
    const stop = start(send, () => {
      close()
      end()
    })
    return () => {
      close()
      stop()
    }
  }
}

/** The verb of authorization and audit. */
export function verbOf({ method, query }: ApiRequest, target: Target | undefined): string {
  if (!target) return method.toLowerCase()
  const many = target.name === ''
  switch (method) {
    case 'GET':
      return ['true', '1'].includes(query.get('watch') ?? '') ? 'watch' : many ? 'list' : 'get'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'DELETE':
      return many ? 'deletecollection' : 'delete'
    default:
      return method.toLowerCase()
  }
}
