import { achievedWeight, podTargets } from '../../../render/shipper/traffic-targets.ts'
import type { ProductionService } from './application.ts'
import { choosePods } from './choose.ts'
import type { Pod, TrafficStatus } from './pod.ts'

/** What one release gets of the traffic. */
export interface ReleaseTraffic {
  /** How many of its pods are to get traffic. */
  readonly target: number
  /** How many are ready endpoints of the Service. */
  readonly serving: number
  /** The weight that these amount to. */
  readonly achievedWeight: number
  /** Whether every label is as it should be and exactly the wanted number serves. */
  readonly isReady: boolean
  /** Ready pods that are to get traffic and are no endpoints. */
  readonly waiting: readonly Pod[]
  /** Pods that keep their traffic for as long as those that are to take it over do not serve. */
  readonly kept: readonly Pod[]
}

/** One label to be written. */
export interface Labelling {
  readonly pod: Pod
  readonly status: TrafficStatus
}

/** What is to be done to the pods of one application, and how far it is. */
export interface TrafficPlan {
  readonly releases: ReadonlyMap<string, ReleaseTraffic>
  /** Labels to be written now. */
  readonly labels: readonly Labelling[]
  /** Whether labels may decide who serves: as many pods that are ready carry theirs as serve now, or are to. */
  readonly isPrepared: boolean
}

/** What a plan is made from. */
export interface TrafficFacts {
  /** The pods of the application that are its own and not ending. */
  readonly pods: readonly Pod[]
  /** The uids of the ready endpoints of the Service; undefined while they are not known. */
  readonly serving: ReadonlySet<string> | undefined
  /** How many pods each release is to have: those that are missing still are promised. */
  readonly replicas: ReadonlyMap<string, number>
}

/**
 * Says which pods of an application are to carry which label now. A pod that serves loses its traffic only when that leaves as
 * many serving as all releases together are to have: first those come that take over, then those go that are too many. While
 * it is unknown who serves, traffic is given and taken from nobody.
 */
export function planTraffic(service: ProductionService, facts: TrafficFacts): TrafficPlan {
  const { pods, serving } = facts
  const byRelease = releasesOf(service, pods)
  const sizes = new Map([...byRelease].map(([release, list]) => [release, list.length]))
  const targets = targetsOf(service, sizes)
  const isServing = (pod: Pod) => pod.isReady && serving?.has(pod.uid) === true
  const chosen = new Set<Pod>()
  for (const [release, list] of byRelease)
    for (const pod of choosePods(list, targets.get(release) ?? 0)) chosen.add(pod)
  const wanted = promised(service, sizes, facts.replicas)
  const kept = keptPods(service, facts, chosen, wanted - [...chosen].filter(isServing).length)
  const statusOf = (pod: Pod) => (chosen.has(pod) ? 'enabled' : 'disabled')
  const totalWeight = [...service.weights.values()].reduce((sum, weight) => sum + weight, 0)
  const releases = new Map<string, ReleaseTraffic>()
  for (const [release, list] of byRelease) {
    const target = targets.get(release) ?? 0
    const inService = list.filter(isServing)
    releases.set(release, {
      target,
      serving: inService.length,
      achievedWeight: achievedWeight(inService.length, pods.length, totalWeight),
      isReady: inService.length === target && list.every((pod) => pod.status === statusOf(pod)),
      waiting: list.filter((pod) => chosen.has(pod) && pod.isReady && !isServing(pod)),
      kept: list.filter((pod) => kept.has(pod)),
    })
  }
  const labels = pods.filter((pod) => pod.status !== statusOf(pod) && !kept.has(pod))
  const labelled = pods.filter(({ isReady, status }) => isReady && status === 'enabled').length
  return {
    releases,
    labels: labels.map((pod) => ({ pod, status: statusOf(pod) })),
    isPrepared: serving !== undefined && labelled >= Math.min(wanted, pods.filter(isServing).length),
  }
}

/** The pods of each release that has a weight, the Service or pods. */
function releasesOf({ weights, holder }: ProductionService, pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  const names = [...weights.keys(), ...(holder === undefined ? [] : [holder]), ...pods.map(({ release }) => release)]
  const found = new Map<string, Pod[]>(names.map((name) => [name, []]))
  for (const pod of pods) found.get(pod.release)?.push(pod)
  return found
}

/** The one release that the Service selects by name has it all, so that its labels are right when they come to count. */
function targetsOf(
  { weights, holder }: ProductionService,
  sizes: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const weightOf = (name: string) => (holder === undefined ? (weights.get(name) ?? 0) : name === holder ? 1 : 0)
  return podTargets([...sizes].map(([name, pods]) => ({ name, pods, weight: weightOf(name) })))
}

/** How many pods are to serve in all once every release has its pods. */
function promised(
  service: ProductionService,
  sizes: ReadonlyMap<string, number>,
  replicas: ReadonlyMap<string, number>,
): number {
  const whole = new Map([...sizes].map(([name, pods]) => [name, Math.max(pods, replicas.get(name) ?? 0)]))
  return [...targetsOf(service, whole).values()].reduce((sum, target) => sum + target, 0)
}

/**
 * The pods that serve and are no longer to, and must go on for want of so many others; those of the heaviest release first.
 * All that may serve, where nobody knows who does.
 */
function keptPods(
  { weights }: ProductionService,
  { pods, serving }: TrafficFacts,
  chosen: ReadonlySet<Pod>,
  missing: number,
): ReadonlySet<Pod> {
  const mayServe = ({ uid, status, isReady }: Pod) =>
    isReady && status === 'enabled' && (serving === undefined || serving.has(uid))
  const surplus = pods.filter((pod) => !chosen.has(pod) && mayServe(pod))
  const weightOf = ({ release }: Pod) => weights.get(release) ?? 0
  surplus.sort((a, b) => weightOf(b) - weightOf(a) || (a.name < b.name ? -1 : 1))
  return new Set(serving === undefined ? surplus : surplus.slice(0, Math.max(0, missing)))
}
