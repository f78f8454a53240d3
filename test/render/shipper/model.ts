import { desiredReplicas } from '../../../render/shipper/capacity.ts'
import {
  type FactsOf,
  percentIn,
  type ReleaseFacts,
  type ReleaseState,
  totalIn,
  weightIn,
} from '../../../render/shipper/state.ts'
import { podTargets } from '../../../render/shipper/traffic-targets.ts'

/** One release in a model of a cluster. */
interface Running {
  readonly totalReplicas: number
  percent: number
  weight: number
  available: number
  labelled: number
}

/** A cluster that follows what is wanted of it late, and one thing after the other. */
export interface ModelCluster {
  readonly name: string
  isReachable: boolean
  readonly running: Map<string, Running>
}

/** A cluster with nothing in it. */
export function emptyCluster(name: string): ModelCluster {
  return { name, isReachable: true, running: new Map() }
}

/** Takes over what is wanted, if the cluster can be reached. */
export function apply(cluster: ModelCluster, chain: readonly ReleaseState[]): void {
  if (!cluster.isReachable) return
  for (const name of cluster.running.keys()) {
    if (!chain.some((one) => one.name === name)) cluster.running.delete(name)
  }
  for (const release of chain) {
    if (!release.clusters.includes(cluster.name)) continue
    const totalReplicas = totalIn(release, cluster.name)
    const running = cluster.running.get(release.name) ?? {
      totalReplicas,
      percent: 0,
      weight: 0,
      available: 0,
      labelled: 0,
    }
    running.percent = percentIn(release, cluster.name)
    running.weight = weightIn(release, cluster.name)
    cluster.running.set(release.name, running)
  }
}

/** Starts at most `count` pods of each release that lacks some, and ends all that are too many; sick releases start none. */
export function movePods(cluster: ModelCluster, count: number, sick: ReadonlySet<string>): void {
  for (const [name, one] of cluster.running) {
    const desired = desiredReplicas(one.totalReplicas, one.percent)
    const started = sick.has(name) ? 0 : count
    one.available = Math.min(desired, one.available + started)
    // Which pods end is not ours to choose: those with traffic go first.
    one.labelled = Math.min(one.labelled, one.available)
  }
}

/** Labels and takes labels as the weights ask for, of one release after the other. */
export function shiftTraffic(cluster: ModelCluster, releases: number): void {
  const targets = targetsOf(cluster)
  const off = [...cluster.running].filter(([name, one]) => one.labelled !== targets.get(name))
  for (const [name, one] of off.slice(0, releases)) one.labelled = targets.get(name) ?? 0
}

function targetsOf(cluster: ModelCluster): ReadonlyMap<string, number> {
  return podTargets([...cluster.running].map(([name, { weight, available }]) => ({ name, weight, pods: available })))
}

/** How many pods are available of the releases that get traffic. */
export function serving(cluster: ModelCluster): number {
  return [...cluster.running.values()].reduce((sum, one) => sum + (one.labelled > 0 ? one.available : 0), 0)
}

/** What is seen of a release in a cluster; nothing unless the cluster runs exactly what is wanted of all releases. */
export function observe(clusters: readonly ModelCluster[], chain: readonly ReleaseState[]): FactsOf {
  return (name, at) => {
    const cluster = clusters.find((one) => one.name === at)
    const isCurrent = chain.every((release) => {
      const running = cluster?.running.get(release.name)
      const isWanted = release.clusters.includes(at)
      return isWanted
        ? running?.percent === percentIn(release, at) && running.weight === weightIn(release, at)
        : running === undefined
    })
    return cluster?.isReachable && isCurrent ? truth(cluster, name) : undefined
  }
}

/** How a release in a cluster really is. */
export function truth(cluster: ModelCluster, name: string): ReleaseFacts | undefined {
  const running = cluster.running.get(name)
  if (!running) return undefined
  const trafficReady = running.labelled === targetsOf(cluster).get(name)
  return { installed: true, availableReplicas: running.available, trafficReady }
}
