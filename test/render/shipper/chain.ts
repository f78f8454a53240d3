import { desiredReplicas } from '../../../render/shipper/capacity.ts'
import type { Step } from '../../../render/shipper/environment.ts'
import { type ExecuteOptions, type FactsOf, type ReleaseState, totalIn } from '../../../render/shipper/state.ts'

/** A step: capacity of incumbent and contender, then their traffic. */
export function step(name: string, capacity: readonly [number, number], traffic: readonly [number, number]): Step {
  return {
    name,
    capacity: { incumbent: capacity[0], contender: capacity[1] },
    traffic: { incumbent: traffic[0], contender: traffic[1] },
  }
}

/** The strategy of Shipper's documentation. */
export const vanguard: readonly Step[] = [
  step('staging', [100, 1], [100, 0]),
  step('50/50', [50, 50], [50, 50]),
  step('full on', [0, 100], [0, 100]),
]

/** What of a release differs from one of 10 replicas in cluster `c1` that nothing was done with yet. */
export interface GivenRelease extends Partial<ReleaseState> {
  /** In each of its clusters. */
  readonly replicas?: number
}

/** A release of 10 replicas in cluster `c1` that nothing was done with yet. */
export function release(name: string, { replicas = 10, ...more }: GivenRelease = {}): ReleaseState {
  const clusters = more.clusters ?? ['c1']
  return {
    name,
    steps: vanguard,
    targetStep: 0,
    achievedStep: undefined,
    achievedIn: new Map(),
    complete: false,
    isGivenUp: false,
    totalReplicas: new Map(clusters.map((cluster) => [cluster, replicas])),
    clusters,
    percent: new Map(),
    weight: new Map(),
    conditions: [],
    ...more,
  }
}

/** A release that is complete and has everything, in `c1` or the clusters given. */
export function complete(name: string, more: GivenRelease = {}): ReleaseState {
  const full = new Map((more.clusters ?? ['c1']).map((cluster) => [cluster, 100]))
  return release(name, { targetStep: 2, achievedStep: 2, complete: true, percent: full, weight: full, ...more })
}

/** Options of the safe way, with traffic and without a limit of surge. */
export const safe: ExecuteOptions = { letter: false, hasTraffic: true, namespace: 'shop', surge: () => undefined }

/** Facts of clusters that have done all that is wanted of them. */
export function allDone(chain: readonly ReleaseState[]): FactsOf {
  const byName = new Map(chain.map((one) => [one.name, one]))
  return (name, cluster) => {
    const one = byName.get(name)
    if (!one) return undefined
    const availableReplicas = desiredReplicas(totalIn(one, cluster), one.percent.get(cluster) ?? 0)
    return { installed: true, availableReplicas, trafficReady: true }
  }
}
