import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { type Clock, systemClock } from '../clock.ts'
import { isLoopback } from './guard.ts'
import type { Metrics } from './metrics.ts'
import { errorReply, send } from './respond.ts'
import { route } from './router.ts'
import { routesOf } from './routes.ts'
import type { DaemonApi } from './types.ts'

/** What a server is made of. */
export interface ServerOptions {
  readonly api: DaemonApi
  /** Address to listen on; only this machine unless another is given. */
  readonly host?: string
  /** Port to listen on; 0 lets the system choose. */
  readonly port: number
  readonly logger: Logger
  readonly metrics: Metrics
  /** Secret of push notifications; without it there is no `POST /webhook`. */
  readonly webhookToken?: string | undefined
  /** Token that the API asks for; without it whoever reaches the address is answered. */
  readonly apiToken?: string | undefined
  /** Told of a pull request that a webhook is about; must not throw. */
  readonly onPullRequest?: ((number: number) => void) | undefined
  readonly clock?: Clock
}

/** A server that listens. */
export interface RunningServer {
  readonly port: number
  /**
   * Takes no more requests, ends event streams, gives requests under way two seconds; resolves when every connection is
   * closed.
   */
  close(): Promise<void>
}

/** Time that requests under way get when the server is closed, in milliseconds. */
const closingTime = 2000

/** Starts the daemon's HTTP server; resolves once it listens, rejects when the address cannot be had. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const {
    api,
    logger,
    metrics,
    clock = systemClock,
    webhookToken,
    apiToken,
    onPullRequest,
    host = '127.0.0.1',
  } = options
  const streams = new Set<() => void>()
  const routes = routesOf({ api, metrics, logger, clock, webhookToken, apiToken, onPullRequest, streams })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const reply = await route(routes, { host, apiToken }, request, response)
      if (reply) send(response, reply, request.method)
    } catch (error) {
      // A client that went away in the middle of its request is no failure of ours.
      if (request.destroyed && !request.complete) return
      logger.error({ err: error, method: request.method, url: request.url }, 'a request failed')
      if (!response.headersSent) {
        send(response, errorReply(500, "the request failed; the daemon's log says why"), request.method)
      }
    }
  }

  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port } = server.address() as AddressInfo
  logger.debug({ host, port }, 'the server listens')
  if (!isLoopback(host) && apiToken === undefined) {
    logger.warn(
      { host, port },
      'whoever reaches this address can read the fleet; FLOTILLA_API_TOKEN makes it ask for a token',
    )
  }

  return {
    port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const end of streams) end()
      server.closeIdleConnections()
      const deadline = clock.after(closingTime, () => server.closeAllConnections())
      await closed
      deadline.cancel()
    },
  }
}
