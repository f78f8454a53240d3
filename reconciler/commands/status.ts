import { duration, milliseconds } from '../../repo-layout/schema/common.ts'
import type { Sync } from '../member/types.ts'
import type { StatusQuery } from '../server/select.ts'
import type { FleetStatus } from '../server/types.ts'
import { clusterStatusView } from '../views/cluster-status.ts'
import { dataText } from '../views/data.ts'
import { fleetStatusMarkdown, fleetStatusView, rowsOf } from '../views/fleet-status.ts'
import type { Screen, View } from '../views/screen.ts'
import { findSubject, placesOf, subjectStatusView } from '../views/subject-status.ts'
import { askDaemon } from './ask-daemon.ts'
import { type DaemonClient, DaemonError } from './client.ts'
import { type CommandContext, screenOf } from './context.ts'
import { waitForStatus, watchStatus } from './status-follow.ts'

/** Options of `flotilla status`. */
export interface StatusOptions {
  readonly server: string
  readonly cluster: readonly string[]
  readonly sync?: readonly Sync[]
  readonly output?: 'wide' | 'json' | 'yaml' | 'name' | 'markdown'
  readonly all?: boolean
  /** False leaves out the heads of tables. */
  readonly headers?: boolean
  readonly watch?: boolean
  readonly wait?: boolean
  /** A duration such as `5m`. */
  readonly timeout: string
}

/** What `status` was asked to show; a Subject has a slash, a cluster's name cannot. */
export type Target = { readonly type: 'fleet' } | { readonly type: 'cluster' | 'subject'; readonly name: string }

/** A status command whose words were read. */
export interface StatusRequest {
  readonly target: Target
  readonly options: StatusOptions
  readonly query: StatusQuery
  readonly context: CommandContext
  readonly client: DaemonClient
}

/**
 * `flotilla status [CLUSTER|SUBJECT]`: exit 0; with `--wait` 1 where something failed and 8 when the time is over; 2 where
 * no daemon answers or nothing has that name; 130 when interrupted.
 */
export async function statusCommand(
  name: string | undefined,
  options: StatusOptions,
  context: CommandContext,
): Promise<number> {
  const target: Target =
    name === undefined ? { type: 'fleet' } : { type: name.includes('/') ? 'subject' : 'cluster', name }
  const output = options.output ?? 'wide'
  if (options.watch && output !== 'wide' && output !== 'json') {
    context.terminal.fail(`--watch shows text or json, not ${output}`)
    return 2
  }
  const span = duration.safeParse(options.timeout)
  if (!span.success) {
    context.terminal.fail(`--timeout ${options.timeout}: ${span.error.issues[0]?.message}`)
    return 2
  }
  return askDaemon(options.server, context, async (client) => {
    const request: StatusRequest = { target, options, query: queryOf(target, options), context, client }
    if (options.wait) return await waitForStatus(request, milliseconds(span.data))
    if (options.watch) return await watchStatus(request)
    const status = await client.status(request.query)
    printView(showStatus(status, request, screenOf(context, options)), context)
    return 0
  })
}

/** Data to stdout, the closing sentence to stderr. */
export function printView({ body, closing }: View, { terminal }: Pick<CommandContext, 'terminal'>): void {
  terminal.data(body)
  terminal.note(closing)
}

/** A status as it was asked for. Throws a DaemonError where it holds nothing of the name. */
export function showStatus(status: FleetStatus, request: StatusRequest, screen: Screen): View {
  const { target, options, context } = request
  const { output, sync } = options
  const now = context.clock.now()
  const wide = output === 'wide'
  const view = { now, wide, all: options.all ?? false }
  const narrowed = request.query.clusters !== undefined && request.query.clusters.length > 0
  const fleetView = { ...view, narrowed, ...(sync ? { sync } : {}) }
  const text = fleetStatusView(status, fleetView, screen)
  const chosen = { ...status, clusters: rowsOf(status, fleetView) }
  const data = (body: string): View => ({ body, closing: text.closing })

  if (target.type === 'subject') {
    const found = findSubject(status, target.name)
    if (found.subject === undefined) throw new DaemonError(unknownSubject(target.name, found.nearest))
    const places = placesOf(chosen, found.subject)
    const seen = subjectStatusView(found.subject, places, view, screen)
    if (output === 'json' || output === 'yaml') {
      const rows = places.map(({ cluster, object }) => ({ cluster: cluster.cluster, sync: cluster.sync, ...object }))
      return { ...seen, body: dataText(rows, output) }
    }
    return output === 'name' ? { ...seen, body: names(places.map(({ cluster }) => cluster.cluster)) } : seen
  }
  if (output === 'json' || output === 'yaml') return data(dataText(chosen, output))
  if (output === 'name') return data(names(chosen.clusters.map(({ cluster }) => cluster)))
  if (output === 'markdown') return fleetStatusMarkdown(status, fleetView)
  const [only, second] = chosen.clusters
  return target.type === 'cluster' && only && !second ? clusterStatusView(only, view, screen) : text
}

function queryOf(target: Target, { cluster, output }: StatusOptions): StatusQuery {
  const clusters = target.type === 'cluster' ? [target.name, ...cluster] : cluster
  const whole = target.type !== 'fleet' || output === 'json' || output === 'yaml'
  return { clusters, objects: whole ? 'all' : 'notable' }
}

function names(all: readonly string[]): string {
  return all.map((name) => `${name}\n`).join('')
}

function unknownSubject(name: string, nearest: string | undefined): string {
  return `no cluster should run ${name}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`
}
