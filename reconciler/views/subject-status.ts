import { parseSubject, type Subject } from '../../repo-layout/subject.ts'
import { nearest } from '../../repo-layout/suggest.ts'
import type { ObjectStatus } from '../member/types.ts'
import type { ClusterStatus, FleetStatus } from '../server/types.ts'
import { age } from './age.ts'
import type { DetailOptions } from './cluster-status.ts'
import { objectCells, objectMessage } from './object-rows.ts'
import { type Screen, type View, viewOf } from './screen.ts'
import { compareSync, glyph, objectState, styleOf, worstFirst, worstOf } from './state.ts'
import { type Cell, layoutTable } from './table.ts'
import { tame } from './tame.ts'
import { count, oneLine } from './text.ts'

/** An object in one of the clusters that should run it. */
export interface Placed {
  readonly cluster: ClusterStatus
  readonly object: ObjectStatus
}

/**
 * Finds the Subject that a person means: as written, or with any case and without the group. Gives undefined where
 * nothing or more than one thing is meant, with the Subject that is nearest.
 */
export function findSubject(status: FleetStatus, text: string): ReturnType<typeof findAmong> {
  return findAmong(
    status.clusters.flatMap(({ objects }) => objects.map(({ subject }) => subject)),
    text,
  )
}

/** The same among the Subjects that are given. */
export function findAmong(
  subjects: Iterable<Subject>,
  text: string,
): { readonly subject: Subject | undefined; readonly nearest: Subject | undefined } {
  const known = new Set(subjects)
  if (known.has(text)) return { subject: text, nearest: undefined }
  const wanted = short(text)
  const matching = [...known].filter((subject) => short(subject) === wanted)
  if (matching.length === 1) return { subject: matching[0], nearest: undefined }
  return { subject: undefined, nearest: matching[0] ?? nearest(text, known) }
}

/** One Subject in every cluster that should run it, the worst first. */
export function placesOf(status: FleetStatus, subject: Subject): readonly Placed[] {
  return status.clusters
    .flatMap((cluster) =>
      cluster.objects.filter((object) => object.subject === subject).map((object) => ({ cluster, object })),
    )
    .sort((a, b) => compareSync(stateOf(a), stateOf(b)) || (a.cluster.cluster < b.cluster.cluster ? -1 : 1))
}

/** The status of one Subject over the clusters. */
export function subjectStatusView(
  rawSubject: Subject,
  rawPlaces: readonly Placed[],
  options: DetailOptions,
  screen: Screen,
): View {
  const [subject, places] = [tame(rawSubject), tame(rawPlaces)]
  const { now } = options
  const wide = options.wide === true || (screen.columns ?? 0) >= 120
  const states = places.map(stateOf)
  const worst = worstOf(states)
  const synced = states.filter((state) => state === 'synced').length
  const sources = [...new Set(places.map(({ object }) => object.source))].filter((source) => source !== '')
  const rows = places.map((place): readonly Cell[] => {
    const { cluster, object } = place
    const sync = stateOf(place)
    return [
      cluster.cluster,
      oneLine(cluster.region),
      { text: `${glyph(sync, screen.ascii)} ${sync}`, style: styleOf(sync) },
      ...objectCells(object),
      cluster.seenAt === undefined ? 'never' : age(cluster.seenAt, now),
      objectMessage(object, now, wide),
    ]
  })
  const left = `${glyph(worst, screen.ascii).trimEnd()} ${subject}: ${synced} of ${count(places.length, 'cluster')} synced`
  const from = sources.length > 0 ? `    ${sources.join(', ')}` : ''
  const lines = [
    `${screen.style(styleOf(worst), left)}${from}`,
    ...layoutTable(['CLUSTER', 'REGION', 'SYNC', 'ACTION', 'HEALTH', 'SEEN', 'MESSAGE'], rows, screen),
  ]
  const counts = worstFirst.flatMap((state) => {
    const number = states.filter((one) => one === state).length
    return number === 0 ? [] : [`${number} ${state}`]
  })
  return viewOf(lines, `${subject} should run in ${count(places.length, 'cluster')}: ${counts.join(', ')}.`, screen)
}

/** What was last heard of an object says nothing of it now while its cluster cannot be seen. */
function stateOf({ cluster, object }: Placed) {
  return cluster.sync === 'unreachable' || cluster.sync === 'unauthorized' ? cluster.sync : objectState(object)
}

function short(text: string): string {
  const parts = parseSubject(text)
  if (!parts) return text.toLowerCase()
  return [parts.kind, parts.namespace ?? '', parts.name].join('/').toLowerCase()
}
