import { desiredReplicas, hasCapacity } from './capacity.ts'
import type { StrategyCondition, StrategyState } from './conditions.ts'
import type { Step } from './environment.ts'

/** A release as it stands in the generated tree. Maps are by cluster; what they do not hold is 0 or, for steps, `achievedStep`. */
export interface ReleaseState {
  readonly name: string
  readonly steps: readonly Step[]
  readonly targetStep: number
  /** The step that all clusters that were not given up on achieved last; undefined before the first. */
  readonly achievedStep: number | undefined
  /** The step of each cluster that is not where `achievedStep` says, because it was away; undefined where it has none yet. */
  readonly achievedIn: ReadonlyMap<string, number | undefined>
  /** Whether it ever achieved its last step; never taken back. */
  readonly complete: boolean
  /** Whether it is on its way out before it was complete: its traffic goes back to the release before it. */
  readonly isGivenUp: boolean
  /** The replicas that 100 % stand for. */
  readonly totalReplicas: ReadonlyMap<string, number>
  readonly clusters: readonly string[]
  /** Capacity in force. */
  readonly percent: ReadonlyMap<string, number>
  /** Traffic in force. */
  readonly weight: ReadonlyMap<string, number>
  readonly conditions: readonly StrategyCondition[]
}

/** What is known of one release in one cluster, at exactly the targets in force; what is undefined is never achieved. */
export interface ReleaseFacts {
  readonly installed?: boolean | undefined
  readonly availableReplicas?: number | undefined
  readonly trafficReady?: boolean | undefined
  readonly message?: string | undefined
}

/** Facts by release and cluster; undefined = nothing is known. */
export type FactsOf = (release: string, cluster: string) => ReleaseFacts | undefined

/** A new percentage or weight for a release in some of its clusters. */
export interface Patch {
  readonly type: 'capacity' | 'traffic'
  readonly release: string
  readonly value: number
  readonly clusters: readonly string[]
}

/** What a rollout waits for, in which clusters. */
export interface Waiting {
  readonly type: 'installation' | 'capacity' | 'traffic'
  readonly release: string
  readonly clusters: readonly string[]
}

/** How far one release is. */
export interface Progress {
  readonly release: string
  readonly conditions: readonly StrategyCondition[]
  /** Undefined where nothing was to be done with it: then what was said of it still holds. */
  readonly state: StrategyState | undefined
  readonly waiting: Waiting | undefined
  /** Whether it stands at its target step, everything observed. */
  readonly isAchieved: boolean
  readonly achievedStep: number | undefined
  readonly complete: boolean
  readonly problem: { readonly reason: 'StrategyExecutionFailed'; readonly message: string } | undefined
}

/** By how many percent incumbent and contender together may exceed 100 in a cluster; undefined = no limit, as in Shipper. */
export type SurgeOf = (cluster: string) => number | undefined

export interface ExecuteOptions {
  /** To the letter of Shipper, its dangers too, instead of safe. */
  readonly letter: boolean
  /** False where there is no Service: then only capacity moves. */
  readonly hasTraffic: boolean
  /** Of the application, for messages. */
  readonly namespace: string
  readonly surge: SurgeOf
}

/** What a group of clusters can be asked about the releases of one application. */
export interface View {
  readonly clusters: ReadonlySet<string>
  readonly facts: FactsOf
  readonly hasTraffic: boolean
  readonly surge: SurgeOf
}

/** The clusters of a release that are in the group, in its order. */
export function clustersOf(release: ReleaseState, { clusters }: Pick<View, 'clusters'>): readonly string[] {
  return release.clusters.filter((cluster) => clusters.has(cluster))
}

/** Where a release is not installed as far as is known. */
export function notInstalled(release: ReleaseState, view: View): readonly string[] {
  return clustersOf(release, view).filter((cluster) => view.facts(release.name, cluster)?.installed !== true)
}

/** Where a release has fewer available replicas than a percentage stands for, that in force if not given, or unknown ones. */
export function lacksCapacity(
  release: ReleaseState,
  view: View,
  percentOf: (cluster: string) => number = (cluster) => percentIn(release, cluster),
): readonly string[] {
  return clustersOf(release, view).filter((cluster) => {
    const available = view.facts(release.name, cluster)?.availableReplicas
    return available === undefined || available < desiredReplicas(totalIn(release, cluster), percentOf(cluster))
  })
}

/** Where a release has not exactly the available replicas that its percentage in force stands for, or unknown ones. */
export function missesCapacity(release: ReleaseState, view: View): readonly string[] {
  return clustersOf(release, view).filter(
    (cluster) =>
      !hasCapacity(
        totalIn(release, cluster),
        percentIn(release, cluster),
        view.facts(release.name, cluster)?.availableReplicas,
      ),
  )
}

/** Where a release has more available replicas than its percentage in force stands for, or unknown ones. */
export function exceedsCapacity(release: ReleaseState, view: View): readonly string[] {
  return clustersOf(release, view).filter((cluster) => {
    const available = view.facts(release.name, cluster)?.availableReplicas
    return available === undefined || available > replicasIn(release, cluster)
  })
}

/** Where the traffic of a release is not what its weight in force asks for, as far as is known. */
export function lacksTraffic(release: ReleaseState, view: View): readonly string[] {
  if (!view.hasTraffic) return []
  return clustersOf(release, view).filter((cluster) => view.facts(release.name, cluster)?.trafficReady !== true)
}

/** The replicas that 100 % of a release stand for in a cluster. */
export function totalIn({ totalReplicas }: Pick<ReleaseState, 'totalReplicas'>, cluster: string): number {
  return totalReplicas.get(cluster) ?? 0
}

/** The replicas that a release is to have in a cluster. */
export function replicasIn(release: Pick<ReleaseState, 'totalReplicas' | 'percent'>, cluster: string): number {
  return desiredReplicas(totalIn(release, cluster), percentIn(release, cluster))
}

/** The percentage of a release in a cluster. */
export function percentIn(release: Pick<ReleaseState, 'percent'>, cluster: string): number {
  return release.percent.get(cluster) ?? 0
}

/** The weight of a release in a cluster. */
export function weightIn(release: Pick<ReleaseState, 'weight'>, cluster: string): number {
  return release.weight.get(cluster) ?? 0
}

/** Whether a release has capacity or traffic in a cluster. */
export function holds(release: Pick<ReleaseState, 'percent' | 'weight'>, cluster: string): boolean {
  return percentIn(release, cluster) > 0 || weightIn(release, cluster) > 0
}

/** Whether a release was given neither capacity nor traffic anywhere: nothing is lost with it. */
export function isIdle({ percent, weight }: Pick<ReleaseState, 'percent' | 'weight'>): boolean {
  return [...percent.values(), ...weight.values()].every((value) => value === 0)
}
