import type { MemberCluster } from '../../repo-layout/cluster.ts'
import type { ClusterRequirements } from './environment.ts'
import { xxhash64 } from './xxhash.ts'

/** What of a cluster counts for the choice. */
export type Candidate = Pick<MemberCluster, 'name' | 'region' | 'capabilities' | 'scheduler'>

/** Why no clusters were chosen, in Shipper's words and in ours. */
export interface ChoiceProblem {
  readonly reason:
    | 'NoRegionsSpecified'
    | 'DuplicateCapabilityRequirement'
    | 'NotEnoughClustersInRegion'
    | 'NotEnoughCapableClustersInRegion'
  /** What is wrong and what to change. */
  readonly text: string
}

/** Clusters sorted by name, or why there are none. */
export type Choice =
  | { readonly type: 'chosen'; readonly clusters: readonly string[] }
  | { readonly type: 'failed'; readonly problem: ChoiceProblem }

/**
 * Chooses the clusters of a new release by weighted rendezvous hashing: of each region as many as it asks for, those
 * that the application prefers most among the schedulable ones with all capabilities. A region named twice counts as
 * named last. Depends on nothing but its arguments, in any order; whether a cluster can be reached does not count
 * (`shipper 0.10 scheduler.go computeTargetClusters`).
 */
export function chooseClusters(
  application: string,
  requirements: ClusterRequirements,
  clusters: readonly Candidate[],
): Choice {
  const capabilities = requirements.capabilities ?? []
  const problem = problemOf(requirements)
  if (problem) return { type: 'failed', problem }
  const preferred = preferClusters(application, clusters).filter(({ scheduler }) => !scheduler.unschedulable)
  const wanted = new Map((requirements.regions ?? []).map(({ name, replicas }) => [name, replicas ?? 1]))
  const chosen: string[] = []
  for (const [region, count] of wanted) {
    const inRegion = preferred.filter((cluster) => cluster.region === region)
    const capable = inRegion.filter((cluster) => capabilities.every((one) => cluster.capabilities.includes(one)))
    if (count > capable.length) return { type: 'failed', problem: tooFew(region, count, inRegion, capable) }
    chosen.push(...capable.slice(0, count).map(({ name }) => name))
  }
  return { type: 'chosen', clusters: chosen.sort() }
}

/**
 * The clusters in the order in which an application prefers them. Equal scores, which Shipper orders by chance, go by
 * name (`shipper 0.10 weighted_preflist.go`).
 */
export function preferClusters(application: string, clusters: readonly Candidate[]): readonly Candidate[] {
  return clusters
    .map((cluster) => ({ cluster, score: score(application, cluster.scheduler) }))
    .sort((a, b) => b.score - a.score || (a.cluster.name < b.cluster.name ? -1 : 1))
    .map(({ cluster }) => cluster)
}

/**
 * How much an application prefers a cluster: its share of all applications is in proportion to its weight, and a cluster
 * that comes or goes moves only its own share. Only the application's name counts, not its namespace.
 */
export function score(application: string, scheduler: Pick<Candidate['scheduler'], 'identity' | 'weight'>): number {
  return -scheduler.weight * Math.log(Number(xxhash64(application + scheduler.identity)) / 2 ** 64)
}

function problemOf({ regions, capabilities = [] }: ClusterRequirements): ChoiceProblem | undefined {
  if (!regions?.length) {
    const text =
      'clusterRequirements names no region, so no cluster can be chosen; add one to clusterRequirements.regions'
    return { reason: 'NoRegionsSpecified', text }
  }
  const twice = capabilities.find((one, i) => capabilities.indexOf(one) !== i)
  if (twice === undefined) return undefined
  const text = `the capability ${JSON.stringify(twice)} is required twice; leave one of them out`
  return { reason: 'DuplicateCapabilityRequirement', text }
}

function tooFew(
  region: string,
  count: number,
  inRegion: readonly Candidate[],
  capable: readonly Candidate[],
): ChoiceProblem {
  const of = `region ${JSON.stringify(region)} is to have ${count} of its clusters used`
  if (count > inRegion.length) {
    const text = `${of}, but it has ${inRegion.length} that can be scheduled to; ask for fewer or add clusters to it`
    return { reason: 'NotEnoughClustersInRegion', text }
  }
  const names = capable.map(({ name }) => name).sort()
  const those = names.length > 0 ? ` (${names.join(', ')})` : ''
  const text = `${of}, but only ${names.length} of ${inRegion.length} have all capabilities${those}; ask for fewer clusters or capabilities`
  return { reason: 'NotEnoughCapableClustersInRegion', text }
}
