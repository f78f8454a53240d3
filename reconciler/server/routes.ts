import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { diffReport, historyReport } from './diff.ts'
import { streamEvents } from './events.ts'
import { isFromProgram, requestHeader } from './guard.ts'
import type { Metrics } from './metrics.ts'
import { pauseRoutes } from './pause-routes.ts'
import { errorReply, jsonReply, type Reply, textReply } from './respond.ts'
import type { Call, Route, Routes } from './router.ts'
import { matchClusters, type StatusQuery, selectStatus } from './select.ts'
import type { DaemonApi, FleetStatus } from './types.ts'
import { webhookRoute } from './webhook-route.ts'

/** What the routes are made of. */
export interface RouteOptions {
  readonly api: DaemonApi
  readonly metrics: Metrics
  readonly logger: Logger
  readonly clock: Clock
  readonly webhookToken: string | undefined
  readonly apiToken: string | undefined
  /** Told of a pull request that a webhook is about; see `WebhookOptions`. */
  readonly onPullRequest?: ((number: number) => void) | undefined
  /** Ends of the event streams that are open. */
  readonly streams: Set<() => void>
}

/** Most event streams that are open at a time: each costs a status of the whole fleet at every change. */
export const mostStreams = 100

const statusParameters = { cluster: 'any', objects: ['all', 'notable'] } as const

/** The paths of the server. `POST /webhook` is there only where a token is set. */
export function routesOf(options: RouteOptions): Routes {
  const { api, metrics, clock, streams, webhookToken } = options
  return new Map<string, Route>([
    ['/healthz', { GET: () => probe(api.healthy(), 'the cycle stands still') }],
    ['/readyz', { GET: () => probe(api.ready(), 'nothing was rendered yet') }],
    ['/metrics', { GET: async () => textReply(await metrics.text(api.status()), 200, metrics.contentType) }],
    [
      '/api/v1/status',
      { GET: ({ query }) => statusReply(api.status(), statusQuery(query)), parameters: statusParameters },
    ],
    ['/api/v1/observations', { GET: () => jsonReply(api.observations()) }],
    [
      '/api/v1/diff',
      {
        parameters: { cluster: 'any' },
        GET: (call) =>
          ofClusters(call, api, async (names) => {
            const diffs = await api.diff(names)
            return jsonReply(diffReport(api.status(), diffs, new Date(clock.now())))
          }),
      },
    ],
    [
      '/api/v1/history',
      {
        parameters: { cluster: 'any' },
        GET: (call) =>
          ofClusters(call, api, async (names) =>
            jsonReply(historyReport(api.status(), api.history(names), new Date(clock.now()))),
          ),
      },
    ],
    ['/api/v1/sync', { POST: (call) => sync(call, options) }],
    ...pauseRoutes(api, options.apiToken),
    [
      '/api/v1/events',
      {
        parameters: statusParameters,
        GET({ query, request, response }) {
          const wanted = statusQuery(query)
          const first = statusReply(api.status(), wanted)
          if (first.status !== 200 || request.method === 'HEAD') return first
          if (streams.size >= mostStreams) return errorReply(503, `${mostStreams} event streams are open already`)
          const data = () => {
            const { status, unmatched } = selectStatus(api.status(), wanted)
            // A cluster may leave the fleet while it is watched.
            return status ?? { ...api.status(), clusters: [], unmatched }
          }
          const end = streamEvents(response, { data, onChange: (listener) => api.onChange(listener), clock })
          streams.add(end)
          response.once('close', () => streams.delete(end))
          return undefined
        },
      },
    ],
    ...(webhookToken === undefined ? [] : [['/webhook', webhookRoute(webhookToken, options)] as const]),
  ])
}

function probe(fine: boolean, why: string): Reply {
  return fine ? textReply('ok\n') : textReply(`${why}\n`, 503)
}

function statusQuery(query: URLSearchParams): StatusQuery {
  return { clusters: query.getAll('cluster'), objects: query.get('objects') === 'notable' ? 'notable' : 'all' }
}

function statusReply(whole: FleetStatus, query: StatusQuery): Reply {
  const { status, unmatched } = selectStatus(whole, query)
  if (status) return jsonReply(status)
  return unknownClusters(
    unmatched,
    whole.clusters.map(({ cluster }) => cluster),
  )
}

/** Answers about the clusters that a call names by `cluster`; all where it names none. */
async function ofClusters(
  { query }: Call,
  api: DaemonApi,
  answer: (names: readonly string[]) => Promise<Reply>,
): Promise<Reply> {
  const all = api.status().clusters.map(({ cluster }) => cluster)
  const { names, unmatched } = matchClusters(all, query.getAll('cluster'))
  return unmatched.length > 0 ? unknownClusters(unmatched, all) : answer(names)
}

function unknownClusters(unmatched: readonly string[], known: readonly string[]): Reply {
  const names = unmatched.map((name) => `"${name}"`).join(', ')
  return errorReply(404, `no cluster of the fleet matches ${names}`, { unmatched: [...unmatched], known: [...known] })
}

async function sync({ request }: Call, { api }: RouteOptions): Promise<Reply> {
  if (!isFromProgram(request)) {
    return errorReply(403, `set the header ${requestHeader}: 1, or send a body of type application/json`)
  }
  await api.sync()
  const { source, generated, sync } = api.status()
  return jsonReply({ sync, source, generated }, 202)
}
