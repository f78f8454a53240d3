import type { IncomingMessage } from 'node:http'
import type { Logger } from 'pino'
import { readEvent } from '../forge/read-event.ts'
import type { ForgeEvent } from '../forge/types.ts'
import { createDeliveries } from './deliveries.ts'
import type { Metrics, WebhookResult } from './metrics.ts'
import { errorReply, jsonReply, type Reply } from './respond.ts'
import type { Call, Route } from './router.ts'
import type { DaemonApi } from './types.ts'
import { genuine } from './webhook.ts'

/** What the route of webhooks is made of. */
export interface WebhookOptions {
  readonly api: Pick<DaemonApi, 'status' | 'sync'>
  readonly metrics: Pick<Metrics, 'webhook'>
  readonly logger: Logger
  /** Told of a pull request that something happened to; must not throw. */
  readonly onPullRequest?: ((number: number) => void) | undefined
}

type EventType = ForgeEvent['type'] | 'unknown'

/**
 * `POST /webhook` for who knows the secret. A push to the source branch syncs, and so does a request that names no forge; an
 * event of a pull request is handed on; everything else is ignored. What is refused does nothing but a line in the log and a
 * count. Answers before the sync has ended, since forges give up after seconds.
 */
export function webhookRoute(secret: string, { api, metrics, logger, onPullRequest }: WebhookOptions): Route {
  const deliveries = createDeliveries()

  function refuse(request: IncomingMessage, event: EventType, result: WebhookResult, reply: Reply): Reply {
    metrics.webhook(event, result)
    logger.warn({ from: request.socket.remoteAddress, event, result }, 'a webhook was refused')
    return reply
  }

  function accept(event: EventType, work: () => void): Reply {
    metrics.webhook(event, 'accepted')
    work()
    return jsonReply({ accepted: true }, 202)
  }

  function sync(branch: string | undefined): void {
    logger.info({ branch }, 'a push was notified')
    api.sync().catch((error: unknown) => logger.error({ err: error }, 'a notified sync failed'))
  }

  function POST({ request, body }: Call): Reply {
    const known = genuine(request, body, secret)
    if (!known) return refuse(request, 'unknown', 'unauthorized', errorReply(401, 'the signature or token is not ours'))
    const event = readEvent({ headers: flat(request.headers), body: parse(request, body) })
    const type = event?.type ?? 'push'
    if (!deliveries.isNew(known.ids))
      return refuse(request, type, 'replayed', errorReply(409, 'this delivery was here before'))
    if (event === undefined) return accept(type, () => sync(undefined))
    if (event.type === 'push' && event.branch === api.status().source.branch)
      return accept(type, () => sync(event.branch))
    if (event.type === 'pull-request' && onPullRequest !== undefined) {
      return accept(type, () => {
        logger.info({ number: event.number }, 'a pull request was notified')
        onPullRequest(event.number)
      })
    }
    metrics.webhook(type, 'ignored')
    logger.debug({ event }, 'a webhook was ignored')
    return jsonReply({ accepted: false }, 202)
  }

  return {
    POST,
    onOversized: (request) => void refuse(request, 'unknown', 'oversized', errorReply(413, 'the body is too long')),
  }
}

/** The first value of each header. */
function flat(headers: IncomingMessage['headers']): { readonly [name: string]: string | undefined } {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : value?.[0]]),
  )
}

/** What a body says, as JSON or as the form field `payload`, which is what forges send unless they are told otherwise. */
function parse({ headers }: IncomingMessage, body: Buffer): unknown {
  const text = body.toString('utf8')
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true
  try {
    return JSON.parse(isForm ? (new URLSearchParams(text).get('payload') ?? '') : text)
  } catch {
    // A body that says nothing is an event that is looked at no further.
    return undefined
  }
}
