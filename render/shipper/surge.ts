import type { Step, StepValue } from './environment.ts'
import type { Pair } from './safe.ts'
import { clustersOf, type ReleaseState, type View } from './state.ts'
import { type Load, loadIn, type Wanted, wantedAt } from './targets.ts'

/**
 * How many percent of `replicas` a rollout may have beside its 100, by `rollingUpdate.maxSurge`: a number of pods, or a
 * percentage of them (`25%`), which is rounded up to whole pods. Absent and 0 are 100, which is no limit
 * (`shipper gradual-rollout max_surge.go`).
 */
export function surgePercent(maxSurge: number | string | null | undefined, replicas: number): number {
  const pods =
    typeof maxSurge === 'string' ? Math.ceil((replicas * Number.parseInt(maxSurge, 10)) / 100) : (maxSurge ?? 0)
  return pods > 0 && replicas > 0 ? Math.ceil((pods / replicas) * 100) : 100
}
/** A step between two steps of a strategy. */
export type VirtualStep = Pick<Step, 'capacity' | 'traffic'>

/** What there is before the first step. */
export const origin: VirtualStep = {
  capacity: { incumbent: 100, contender: 0 },
  traffic: { incumbent: 100, contender: 0 },
}

/**
 * The steps from one step of a strategy to another, both included, in which no capacity moves by more than `surge` percent at
 * once and traffic moves evenly (`shipper gradual-rollout virtual_strategy.go`).
 */
export function virtualSteps(from: VirtualStep, to: VirtualStep, surge: number): readonly VirtualStep[] {
  const distance = (role: keyof StepValue) => Math.abs(to.capacity[role] - from.capacity[role])
  const count = Math.max(1, Math.ceil(Math.max(distance('incumbent'), distance('contender')) / surge))
  const pace = (role: keyof StepValue) => Math.ceil(Math.abs(to.traffic[role] - from.traffic[role]) / count)
  return Array.from({ length: count + 1 }, (_, i) => ({
    capacity: {
      incumbent: approach(from.capacity.incumbent, to.capacity.incumbent, i * surge),
      contender: approach(from.capacity.contender, to.capacity.contender, i * surge),
    },
    traffic: {
      incumbent: approach(from.traffic.incumbent, to.traffic.incumbent, i * pace('incumbent')),
      contender: approach(from.traffic.contender, to.traffic.contender, i * pace('contender')),
    },
  }))
}

function approach(from: number, to: number, by: number): number {
  return from < to ? Math.min(to, from + by) : Math.max(to, from - by)
}

/**
 * What is wanted on the way to a step of the contender: in each cluster the first virtual step that it has not reached.
 * Without a limit, or without an incumbent to share with, it is the step itself.
 */
export function pacedTo(step: Step, { contender, incumbent }: Pair, view: View): Wanted {
  const direct = wantedAt(contender, step)
  if (!incumbent) return direct
  const { steps, achievedStep } = contender
  const from = achievedStep === undefined ? origin : (steps[achievedStep] ?? origin)
  const ways = new Map<number, readonly Wanted[]>()
  const waysOf = (surge: number) => {
    const known = ways.get(surge)
    if (known) return known
    const made = virtualSteps(from, step, surge).map((one) => wantedAt(contender, { name: step.name, ...one }))
    ways.set(surge, made)
    return made
  }
  const places = [contender, incumbent].map((release) => [release, new Set(clustersOf(release, view))] as const)
  const reached = new Map<string, Wanted>()
  const wantedIn = (cluster: string) => {
    const known = reached.get(cluster)
    if (known) return known
    const surge = view.surge(cluster)
    const [start = direct, ...rest] = surge === undefined ? [] : waysOf(surge)
    const there = places.flatMap(([release, clusters]) => (clusters.has(cluster) ? [release] : []))
    const next = rest.find((wanted) => !isReached(wanted, start, cluster, there, view)) ?? rest.at(-1) ?? start
    reached.set(cluster, next)
    return next
  }
  return (release, cluster) => wantedIn(cluster)(release, cluster)
}

function isReached(
  wanted: Wanted,
  start: Wanted,
  cluster: string,
  releases: readonly ReleaseState[],
  view: View,
): boolean {
  const isThere = (now: number, from: number, to: number) => (from < to ? now >= to : from > to ? now <= to : true)
  return releases.every((release) => {
    const [now, from, to] = [loadIn(release, cluster), start(release, cluster), wanted(release, cluster)]
    const hasTraffic = !view.hasTraffic || isThere(now.weight, from.weight, to.weight)
    return hasTraffic && isThere(now.percent, from.percent, to.percent)
  })
}

/**
 * Cuts what is wanted of two releases so that together they never have more than 100 and `surge` percent in a cluster,
 * unless the step itself asks for more. Where one cannot be raised as far as wanted yet, the other makes room, down to
 * 100 together, and keeps its traffic.
 */
export function withinSurge(wanted: Wanted, { contender, incumbent }: Pair, view: View): Wanted {
  if (!incumbent) return wanted
  return (release, cluster) => {
    const surge = view.surge(cluster)
    const other = release.name === contender.name ? incumbent : contender
    const to = wanted(release, cluster)
    const runs = (one: ReleaseState) => one.clusters.includes(cluster)
    if (surge === undefined || !runs(other) || !runs(release)) return to
    const own: Way = { now: loadIn(release, cluster), to }
    const others: Way = { now: loadIn(other, cluster), to: wanted(other, cluster) }
    const limit = Math.max(100 + surge, own.to.percent + others.to.percent)
    const allowed = allow(own, others, limit)
    if (own.to.percent > own.now.percent) return { ...to, percent: allowed }
    const otherAllowed = allow(others, own, limit)
    if (otherAllowed >= others.to.percent) return to
    const together = Math.min(100, own.to.percent + others.to.percent, own.now.percent + others.now.percent)
    const percent = Math.max(to.percent, Math.min(own.now.percent, together - otherAllowed))
    return { percent, weight: Math.max(to.weight, own.now.weight) }
  }
}

interface Way {
  readonly now: Load
  readonly to: Load
}

/** How far one release may be raised beside what the other has. */
function allow({ now, to }: Way, other: Way, limit: number): number {
  return to.percent > now.percent ? Math.min(to.percent, Math.max(now.percent, limit - other.now.percent)) : to.percent
}
