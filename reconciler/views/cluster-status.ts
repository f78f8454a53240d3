import type { ObjectStatus, Sync } from '../member/types.ts'
import type { ClusterStatus } from '../server/types.ts'
import { age } from './age.ts'
import { clusterMessage } from './cluster-message.ts'
import { objectCells, objectMessage } from './object-rows.ts'
import { type Screen, type View, viewOf } from './screen.ts'
import { compareSync, countedState, glyph, objectState, styleOf, worstFirst } from './state.ts'
import { type Cell, layoutTable } from './table.ts'
import { tame } from './tame.ts'
import { count, oneLine, shortCommit } from './text.ts'

/** How one cluster or one Subject is shown. */
export interface DetailOptions {
  readonly now: number
  readonly wide?: boolean
  readonly all?: boolean
}

/** More objects that are as they should be than this are folded into one line. */
const foldAbove = 10

/** The status of one cluster: what is known of it, then its objects with the worst first. */
export function clusterStatusView(raw: ClusterStatus, options: DetailOptions, screen: Screen): View {
  const cluster = tame(raw)
  const { now } = options
  const wide = options.wide === true || (screen.columns ?? 0) >= 120
  // What was last heard of an object says nothing of it now while its cluster cannot be seen.
  const lost = cluster.sync === 'unreachable' || cluster.sync === 'unauthorized'
  const states = new Map(cluster.objects.map((object) => [object, lost ? cluster.sync : objectState(object)]))
  const state = (object: (typeof cluster.objects)[number]): Sync => states.get(object) ?? 'synced'
  const sorted = [...cluster.objects].sort(
    (a, b) => compareSync(state(a), state(b)) || (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0),
  )
  const quiet = sorted.filter((object) => state(object) === 'synced' && objectMessage(object, now, wide) === '')
  const folded = !options.all && quiet.length > foldAbove ? new Set(quiet) : new Set()
  const listed = sorted.filter((object) => !folded.has(object))
  const rows = listed.map((object): readonly Cell[] => {
    const sync = state(object)
    return [
      { text: `${glyph(sync, screen.ascii)} ${object.subject}`, style: styleOf(sync) },
      ...objectCells(object),
      ...(wide ? [object.source] : []),
      objectMessage(object, now, wide),
    ]
  })
  const header = ['OBJECT', 'ACTION', 'HEALTH', ...(wide ? ['SOURCE'] : []), 'MESSAGE']
  const hint = screen.style('dim', '  (--all lists them)')
  const lines = [
    ...headlines(cluster, now, screen),
    ...(rows.length > 0 ? layoutTable(header, rows, screen) : []),
    ...(folded.size > 0 ? [`${folded.size}${rows.length > 0 ? ' more' : ''} as they should be${hint}`] : []),
  ]
  return viewOf(lines, closing(cluster, states), screen)
}

function headlines(cluster: ClusterStatus, now: number, screen: Screen): readonly string[] {
  const { sync, applied, total, region, kubernetesVersion, seenAt } = cluster
  const commit = shortCommit(cluster.appliedCommit)
  const behind = cluster.wantedCommit !== undefined && cluster.wantedCommit !== cluster.appliedCommit
  const left = `${glyph(sync, screen.ascii).trimEnd()} ${cluster.cluster}: ${sync} for ${age(cluster.since, now)}`
  const facts = [
    region === '' ? '' : `region ${oneLine(region)}`,
    kubernetesVersion === undefined ? '' : `Kubernetes ${oneLine(kubernetesVersion)}`,
    `commit ${commit}${behind ? ` (wanted ${shortCommit(cluster.wantedCommit)})` : ''}`,
    cluster.credentialExpiresAt === undefined ? '' : `credential until ${cluster.credentialExpiresAt.slice(0, 10)}`,
    seenAt === undefined ? 'never seen' : `seen ${age(seenAt, now)} ago`,
  ].filter((part) => part !== '')
  const message = clusterMessage(cluster, now)
  return [
    `${screen.style(styleOf(sync), left)}    ${applied}/${total} applied`,
    `  ${facts.join(', ')}`,
    ...(message === '' ? [] : [`  ${message}`]),
  ]
}

function closing({ cluster, applied, total }: ClusterStatus, states: ReadonlyMap<ObjectStatus, Sync>): string {
  const counts = worstFirst.flatMap((state) => {
    if (state === 'synced') return []
    const words = [...states].filter(([, one]) => one === state).map(([object]) => countedState(object, state))
    return [...new Set(words)].map((word) => `${words.filter((one) => one === word).length} ${word}`)
  })
  return `${applied} of ${count(total, 'object')} applied in ${cluster}${counts.length > 0 ? `; ${counts.join(', ')}` : ''}.`
}
