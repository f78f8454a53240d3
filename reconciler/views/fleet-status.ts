import { formatMessage } from '../../repo-layout/message.ts'
import type { Sync } from '../member/types.ts'
import type { ClusterStatus, FleetStatus } from '../server/types.ts'
import { age } from './age.ts'
import { clusterMessage, driftCount } from './cluster-message.ts'
import { pausedCount } from './pause-text.ts'
import { rolloutsForYou } from './rollout.ts'
import { plainScreen, type Screen, type View, viewOf } from './screen.ts'
import { compareSync, glyph, styleOf, worstFirst, worstOf } from './state.ts'
import { type Cell, escapeMarkdown, layoutTable, markdownTable } from './table.ts'
import { tame } from './tame.ts'
import { count, oneLine, plainSigns, shortCommit, width } from './text.ts'

/** How a fleet's status is shown. */
export interface FleetViewOptions {
  /** Milliseconds since the epoch; ages count to here. */
  readonly now: number
  /** All columns; also where the terminal has 120 of them. */
  readonly wide?: boolean
  /** List equal synced clusters one by one, however many there are. */
  readonly all?: boolean
  /** Only clusters in one of these states. */
  readonly sync?: readonly Sync[]
  /** The status holds some clusters of the fleet only. */
  readonly narrowed?: boolean
}

/** More synced clusters than this are folded into one line. */
const foldAbove = 10

/** The status of a fleet: one sentence, a table with the worst first, and what needs a person. */
export function fleetStatusView(raw: FleetStatus, options: FleetViewOptions, screen: Screen): View {
  const status = tame(raw)
  const { now } = options
  const shown = rowsOf(status, options)
  const folded = options.all || options.sync?.includes('synced') ? [] : foldable(shown)
  const listed = shown.filter((cluster) => !folded.includes(cluster))
  const wide = options.wide === true || (screen.columns ?? 0) >= 120
  const table = listed.map((cluster) => clusterRow(cluster, { now, wide, screen }))
  const sync = options.narrowed ? worstOf(status.clusters.map((cluster) => cluster.sync)) : status.sync
  const lines = [
    ...headline(status, sync, now, screen),
    ...(listed.length > 0 ? layoutTable(wide ? wideHeader : header, table, screen) : []),
    ...(folded.length > 0 ? [foldLine(folded, listed.length > 0, screen)] : []),
    ...linesForYou(status).map((text) => `${screen.style('bold', 'Needs you:')} ${text}`),
  ]
  return viewOf(lines, closingSentence(status, options, shown.length), screen)
}

/** The status of a fleet as Markdown. */
export function fleetStatusMarkdown(raw: FleetStatus, options: FleetViewOptions): View {
  const status = tame(raw)
  const shown = rowsOf(status, options)
  const screen = plainScreen()
  const table = shown.map((cluster) => clusterRow(cluster, { now: options.now, wide: true, screen }))
  const lines = [
    `**${escapeMarkdown(tally(status))}**`,
    '',
    ...(table.length > 0 ? [markdownTable(wideHeader, table), ''] : []),
    ...linesForYou(status).map((text) => `- Needs you: ${escapeMarkdown(text)}`),
  ]
  return { body: `${lines.join('\n').trimEnd()}\n`, closing: closingSentence(status, options, shown.length) }
}

/** The clusters that a view lists, the worst first, equals by name. */
export function rowsOf(status: FleetStatus, { sync }: Pick<FleetViewOptions, 'sync'>): readonly ClusterStatus[] {
  const chosen = sync ? status.clusters.filter((cluster) => sync.includes(cluster.sync)) : status.clusters
  return [...chosen].sort((a, b) => compareSync(a.sync, b.sync) || (a.cluster < b.cluster ? -1 : 1))
}

const header = ['CLUSTER', 'REGION', 'SYNC', 'OBJECTS', 'COMMIT', 'SEEN', 'MESSAGE']
const wideHeader = ['CLUSTER', 'REGION', 'SYNC', 'OBJECTS', 'DRIFT', 'COMMIT', 'SINCE', 'SEEN', 'MESSAGE']

function clusterRow(
  cluster: ClusterStatus,
  { now, wide, screen }: { readonly now: number; readonly wide: boolean; readonly screen: Screen },
): readonly Cell[] {
  const { sync, seenAt } = cluster
  const known = sync !== 'unreachable' && sync !== 'unauthorized'
  const state: Cell = { text: `${glyph(sync, screen.ascii)} ${sync}`, style: styleOf(sync) }
  const objects = `${cluster.applied}/${cluster.total}`
  const seen = seenAt === undefined ? 'never' : age(seenAt, now)
  const commit = shortCommit(cluster.appliedCommit)
  const message = clusterMessage(cluster, now)
  const start = [cluster.cluster, oneLine(cluster.region), state, objects]
  if (!wide) return [...start, commit, seen, message]
  // Drift of a cluster that cannot be seen is not none.
  return [...start, known ? String(driftCount(cluster)) : '–', commit, age(cluster.since, now), seen, message]
}

function headline(status: FleetStatus, sync: Sync, now: number, screen: Screen): readonly string[] {
  const { source, generated } = status
  // Clusters that run what was rendered last are not what Git says while something newer cannot be rendered.
  const held = sync === 'synced' && needsYou(status).length > 0
  const left = `${held ? '!' : glyph(sync, screen.ascii).trimEnd()} ${tally(status)}`
  const painted = screen.style(held ? 'yellow' : styleOf(sync), left)
  const from = `${source.branch} ${shortCommit(source.commit)} → ${generated.branch} ${shortCommit(generated.commit)}`
  const fetched = source.fetchedAt === undefined ? 'never fetched' : `${age(source.fetchedAt, now)} ago`
  const right = plainSigns(`${from}, ${fetched}`, screen.ascii)
  const fits = screen.columns === undefined || width(left) + 4 + width(right) <= screen.columns
  return fits ? [`${painted}    ${right}`] : [painted, `  ${right}`]
}

function tally({ fleet, clusters, source, standby }: FleetStatus): string {
  if (standby !== undefined) return `standby: ${oneLine(standby)}`
  if (source.commit === undefined) return `${fleet === '' ? 'the fleet' : fleet}: nothing was rendered yet`
  const synced = clusters.filter(({ sync }) => sync === 'synced').length
  return `${fleet}: ${synced} of ${count(clusters.length, 'cluster')} synced`
}

function foldable(clusters: readonly ClusterStatus[]): readonly ClusterStatus[] {
  // What is said of a cluster that is synced (a credential that expires soon, a pause) must not be folded away.
  const synced = clusters.filter((cluster) => cluster.sync === 'synced' && clusterMessage(cluster, 0) === '')
  return synced.length > foldAbove ? synced : []
}

/** `46 more synced: ap-se 15, eu-west 15`, with the way to see them at the right edge. */
function foldLine(folded: readonly ClusterStatus[], more: boolean, screen: Screen): string {
  const hint = '(--all lists them)'
  const regions = [...new Set(folded.map(({ region }) => region))].sort()
  const counts = regions.map(
    (region) => `${oneLine(region) || 'no region'} ${folded.filter((cluster) => cluster.region === region).length}`,
  )
  const start = `${folded.length} ${more ? 'more ' : ''}synced`
  const columns = screen.columns ?? 80
  const full = regions.length > 1 || regions[0] !== '' ? `${start}: ${counts.join(', ')}` : start
  const text = width(full) + 2 + width(hint) <= columns ? full : `${start} in ${regions.length} regions`
  return `${text}${' '.repeat(Math.max(2, columns - width(text) - width(hint)))}${screen.style('dim', hint)}`
}

/** A cycle that has not ended a turn for so many milliseconds stands still: it polls every half minute. */
const silence = 180_000

/** What needs a person: what stands in the way, and rollouts that wait for a person. */
function linesForYou(status: FleetStatus): readonly string[] {
  return [...needsYou(status), ...rolloutsForYou(status).map(oneLine)]
}

function needsYou({ at, heartbeatAt, source, generated, messages, report }: FleetStatus): readonly string[] {
  const isSilent = heartbeatAt !== undefined && Date.parse(at) - Date.parse(heartbeatAt) > silence
  const errors = messages.filter(({ severity }) => severity === 'error')
  const [first] = errors
  return [
    ...(isSilent ? [`the daemon has not ended a turn for ${age(heartbeatAt, Date.parse(at))}; its log says why`] : []),
    ...(source.problem === '' ? [] : [`${source.branch}: ${oneLine(source.problem)}`]),
    ...(generated.problem === '' ? [] : [`${generated.branch}: ${oneLine(generated.problem)}`]),
    ...(report ? [`reports wait: ${oneLine(report.problem)}`] : []),
    ...(first ? [`${count(errors.length, 'error')} in the source: ${oneLine(formatMessage(first))}`] : []),
  ]
}

function closingSentence(status: FleetStatus, { sync }: FleetViewOptions, shown: number): string {
  const total = status.clusters.length
  if (status.standby !== undefined) return 'This daemon waits; ask the active one.'
  if (status.source.commit === undefined) return 'Nothing was rendered yet.'
  if (total === 0) return 'The fleet has no clusters.'
  if (sync)
    return `${shown} of ${count(total, 'cluster')} ${shown === 1 || total === 1 ? 'is' : 'are'} ${sync.join(' or ')}.`
  const counts = worstFirst.flatMap((state) => {
    const number = status.clusters.filter((cluster) => cluster.sync === state).length
    return number === 0 || state === 'synced' ? [] : [`${number} ${state}`]
  })
  if (counts.length > 0) return `${tally(status).slice(status.fleet.length + 2)}; ${counts.join(', ')}.`
  if (needsYou(status).length > 0) {
    return total === 1
      ? 'The one cluster runs what was rendered last.'
      : `All ${total} clusters run what was rendered last.`
  }
  const paused = pausedCount(status.clusters)
  const but = paused > 0 ? `; ${count(paused, 'object')} ${paused === 1 ? 'is' : 'are'} paused` : ''
  return total === 1 ? `The one cluster is synced${but}.` : `All ${total} clusters are synced${but}.`
}
