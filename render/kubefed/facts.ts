import type { ClusterObservation, WorkloadObservation } from '../../repo-layout/observations.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import type { ReplicaFacts } from './decision.ts'

/**
 * What is known of a workload in a cluster, or `unknown`. Facts are about the tree that was applied: where the
 * observation names its digest and it is not that of the previous tree, nothing is known. A workload that a complete
 * section does not list does not exist.
 */
export function workloadFacts(
  observation: ClusterObservation | undefined,
  subject: Subject,
  previousDigest: () => string | undefined,
): ReplicaFacts | 'unknown' {
  const { workloads, applied } = observation ?? {}
  if (!workloads) return 'unknown'
  if (applied?.tree !== undefined && applied.tree !== previousDigest()) return 'unknown'
  const seen = Object.hasOwn(workloads, subject) ? workloads[subject] : undefined
  return seen ? analyse(seen) : nothingRuns
}

/** The facts of a cluster that does not have the workload. */
export const nothingRuns: ReplicaFacts = { current: undefined, capacity: undefined }

/**
 * Replicas that count as running, and the most the cluster can hold (`kubefed v0.10 replicascheduler.go`,
 * `podanalyzer`): all ready counts as they are; else running pods count, and unschedulable ones limit the cluster.
 */
function analyse(seen: WorkloadObservation): ReplicaFacts | 'unknown' {
  const { replicas, readyReplicas, runningPods, unschedulablePods, podsCounted } = seen
  if (replicas === readyReplicas) return { current: readyReplicas, capacity: undefined }
  if (podsCounted === false) return 'unknown'
  return {
    current: runningPods ?? readyReplicas,
    capacity: unschedulablePods > 0 ? Math.max(0, replicas - unschedulablePods) : undefined,
  }
}
