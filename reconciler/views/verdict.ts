import type { Sync } from '../member/types.ts'
import type { FleetStatus } from '../server/types.ts'
import { clusterMessage } from './cluster-message.ts'
import { pausedCount } from './pause-text.ts'
import { tame } from './tame.ts'
import { count, oneLine } from './text.ts'

/** One thing that is waited for. */
export interface Awaited {
  readonly name: string
  readonly sync: Sync
  /** ISO time since which the state of its cluster holds. */
  readonly since: string
  readonly message: string
}

/** Whether what was waited for has come. */
export type Verdict =
  | { readonly type: 'done'; readonly text: string }
  | { readonly type: 'failed'; readonly text: string }
  | { readonly type: 'waiting'; readonly text: string }

/** A failure that is younger may still be a first try that the next one mends, in milliseconds. */
const firmAfter = 5000

/** The clusters of a status as things to wait for. */
export function awaitClusters(status: FleetStatus, now: number): readonly Awaited[] {
  return status.clusters.map((cluster) => ({
    name: cluster.cluster,
    sync: cluster.sync,
    since: cluster.since,
    message: clusterMessage(cluster, now),
  }))
}

/**
 * Judges a status: done when everything is synced (what is suspended on purpose does not count), failed when something is
 * degraded or not let in for over five seconds, or when the source has errors and the rest has arrived.
 */
export function judge(status: FleetStatus, awaited: readonly Awaited[], now: number): Verdict {
  const of = (...states: readonly Sync[]) => awaited.filter(({ sync }) => states.includes(sync))
  const failed = of('degraded', 'unauthorized').filter(({ since }) => now - Date.parse(since) >= firmAfter)
  if (failed.length > 0) return { type: 'failed', text: list(failed) }
  const { source, generated, messages } = status
  const problem = source.problem || generated.problem
  if (problem !== '') return { type: 'waiting', text: oneLine(problem) }
  if (source.commit === undefined) return { type: 'waiting', text: 'nothing was rendered yet' }
  const late = of('degraded', 'unauthorized', 'unreachable', 'drifted', 'progressing')
  if (late.length > 0) return { type: 'waiting', text: list(late) }
  const errors = messages.filter(({ severity }) => severity === 'error').length
  if (errors > 0) return { type: 'failed', text: `the source has ${count(errors, 'error')}; the rest is synced` }
  const suspended = of('suspended').length
  const text = `${awaited.length - suspended} synced${suspended > 0 ? `, ${suspended} suspended` : ''}`
  const paused = pausedCount(status.clusters)
  return { type: 'done', text: paused > 0 ? `${text}, ${count(paused, 'object')} paused` : text }
}

/** Some of what is waited for, with the reason; `and 7 more` for the rest. */
function list(awaited: readonly Awaited[]): string {
  const shown = tame(awaited.slice(0, 3)).map(
    ({ name, sync, message }) => `${name} ${sync}${message && `: ${message}`}`,
  )
  return [...shown, ...(awaited.length > 3 ? [`and ${awaited.length - 3} more`] : [])].join('; ')
}
