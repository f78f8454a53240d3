import {
  clustersOf,
  exceedsCapacity,
  lacksCapacity,
  lacksTraffic,
  notInstalled,
  type Patch,
  type ReleaseState,
  type View,
  type Waiting,
} from './state.ts'
import { withinSurge } from './surge.ts'
import { type Load, loadIn, type Wanted } from './targets.ts'

/** What is to be done next for a pair of releases: patches, or nothing until what is waited for is seen. */
export interface Move {
  readonly patches: readonly Patch[]
  readonly waiting: Waiting
}

/** The newest release and the one before it, in a group of clusters. */
export interface Pair {
  readonly contender: ReleaseState
  readonly incumbent: ReleaseState | undefined
}

/**
 * The next move that brings two releases to what is wanted of them, or undefined where they have it. Whatever they have
 * now, the order is: raise capacity, raise traffic once that capacity is seen, lower the traffic of one once the other is
 * seen to serve, lower its capacity last. Steps forward and back of Shipper are special cases of it; a step that is
 * taken back half-way is not, and is where Shipper cuts the contender first. One move, in all clusters of the group; under
 * a limit of surge in as many moves as it takes.
 */
export function nextMove(pair: Pair, goal: Wanted, view: View): Move | undefined {
  const { contender, incumbent } = pair
  const wanted = withinSurge(goal, pair, view)
  const raiseCapacity = (release: ReleaseState, other: ReleaseState | undefined) =>
    after(patch('capacity', release, wanted, view, isRaise), () => other && waitForRoom(other, view))
  const raiseTraffic = (release: ReleaseState) =>
    after(patch('traffic', release, wanted, view, isRaise), () => waitForCapacity(release, wanted, view))
  const lowerTraffic = (release: ReleaseState, other: ReleaseState | undefined) =>
    after(patch('traffic', release, wanted, view, isLowering), () => other && waitToServe(other, wanted, view))
  const lowerCapacity = (release: ReleaseState, other: ReleaseState | undefined) =>
    after(
      patch('capacity', release, wanted, view, isLowering),
      () => (other && waitToServe(other, wanted, view)) ?? waitForTraffic(release, view),
    )
  // An incumbent is brought back without waiting for a contender that cannot be installed.
  return (
    (incumbent && raiseCapacity(incumbent, contender)) ??
    after(raiseCapacity(contender, incumbent), () => waitForInstallation(contender, view)) ??
    (incumbent && raiseTraffic(incumbent)) ??
    raiseTraffic(contender) ??
    (incumbent && lowerTraffic(incumbent, contender)) ??
    lowerTraffic(contender, incumbent) ??
    (incumbent && lowerCapacity(incumbent, contender)) ??
    lowerCapacity(contender, incumbent)
  )
}

/** What to wait for until a release serves what is wanted of it, or what it has where that is less; undefined = nothing. */
export function waitToServe(release: ReleaseState, wanted: Wanted, view: View): Move | undefined {
  return waitForCapacity(release, wanted, view) ?? waitForTraffic(release, view)
}

/** As `nextMove` for one release that is on its way out: its traffic first, then its capacity. */
export function nextLowering(release: ReleaseState, wanted: Wanted, view: View): Move | undefined {
  return (
    patch('traffic', release, wanted, view, isLowering) ??
    after(patch('capacity', release, wanted, view, isLowering), () => waitForTraffic(release, view))
  )
}

/** The move, unless something has to be waited for before it; undefined where there is no move to wait with. */
export function after(move: Move | undefined, wait: () => Move | undefined): Move | undefined {
  return move && (wait() ?? move)
}

const isRaise = (now: number, wanted: number) => wanted > now
const isLowering = (now: number, wanted: number) => wanted < now
const keys = { capacity: 'percent', traffic: 'weight' } as const satisfies Record<Patch['type'], keyof Load>

function patch(
  type: Patch['type'],
  release: ReleaseState,
  wanted: Wanted,
  view: View,
  counts: (now: number, wanted: number) => boolean,
): Move | undefined {
  if (type === 'traffic' && !view.hasTraffic) return undefined
  const key = keys[type]
  const clusters = clustersOf(release, view).filter((cluster) =>
    counts(loadIn(release, cluster)[key], wanted(release, cluster)[key]),
  )
  if (clusters.length === 0) return undefined
  const valueIn = (cluster: string) => wanted(release, cluster)[key]
  const patches = [...new Set(clusters.map(valueIn))].map((value) => {
    return { type, release: release.name, value, clusters: clusters.filter((cluster) => valueIn(cluster) === value) }
  })
  return { patches, waiting: { type, release: release.name, clusters } }
}

function waitForInstallation(release: ReleaseState, view: View): Move | undefined {
  return waitFor('installation', release, notInstalled(release, view))
}

function waitForCapacity(release: ReleaseState, wanted: Wanted, view: View): Move | undefined {
  const percentOf = (cluster: string) => Math.min(loadIn(release, cluster).percent, wanted(release, cluster).percent)
  return waitFor('capacity', release, lacksCapacity(release, view, percentOf))
}

/** Under a limit, what one release gave up has to be gone before the other takes it. */
function waitForRoom(other: ReleaseState, view: View): Move | undefined {
  const limited = new Set([...view.clusters].filter((cluster) => view.surge(cluster) !== undefined))
  return waitFor('capacity', other, exceedsCapacity(other, { ...view, clusters: limited }))
}

function waitForTraffic(release: ReleaseState, view: View): Move | undefined {
  return waitFor('traffic', release, lacksTraffic(release, view))
}

function waitFor(type: Waiting['type'], release: ReleaseState, clusters: readonly string[]): Move | undefined {
  return clusters.length > 0 ? { patches: [], waiting: { type, release: release.name, clusters } } : undefined
}
