import type { ClusterObservation, WorkloadObservation } from '../../repo-layout/observations.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import type { Book } from './book.ts'
import type { Link } from './status.ts'

/**
 * The facts about one cluster as `render` reads them. `reachable` is this member's own view of now, undamped: only a
 * network that fails counts as lost, a cluster that refuses us is alive. Sections are left out where they are not
 * known: workloads while a commit is being applied are those of the old one, and `applied` says so.
 */
export function observationOf(book: Book): ClusterObservation {
  const { kubernetesVersion, appliedTree, nodes, link } = book
  const facts = link.type === 'connected' ? book.releases?.() : undefined
  return {
    reachable: reachable(link),
    ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
    ...(appliedTree === undefined && facts === undefined
      ? {}
      : {
          applied: {
            ...(appliedTree === undefined ? {} : { tree: appliedTree }),
            ...(facts === undefined ? {} : { releases: facts.applied }),
          },
        }),
    ...(nodes === undefined ? {} : { nodes: nodes.map((node) => ({ ...node, taints: [...node.taints] })) }),
    ...(appliedTree === undefined || link.type !== 'connected' ? {} : { workloads: workloadsOf(book) }),
    ...(facts === undefined ? {} : { releases: facts.releases }),
  }
}

function reachable(link: Link): boolean | 'unknown' {
  switch (link.type) {
    case 'connected':
    case 'unauthorized':
      return true
    case 'unreachable':
      return false
    default:
      return 'unknown'
  }
}

function workloadsOf(book: Book): { [subject: Subject]: WorkloadObservation } {
  const workloads: { [subject: Subject]: WorkloadObservation } = {}
  for (const { subject, wanted, live } of book.items.values()) {
    const facts = live?.workload
    if (!wanted || !facts) continue
    const pods = book.pods.get(subject)
    // kubefed looks at pods only where replicas and ready replicas differ; else ready ones are what runs.
    const allReady = facts.replicas === facts.readyReplicas
    workloads[subject] = {
      replicas: facts.replicas,
      readyReplicas: facts.readyReplicas,
      ...(facts.availableReplicas === undefined ? {} : { availableReplicas: facts.availableReplicas }),
      ...(allReady ? { runningPods: facts.readyReplicas } : pods ? { runningPods: pods.runningPods } : {}),
      unschedulablePods: allReady ? 0 : (pods?.unschedulablePods ?? 0),
      ...(allReady || pods ? {} : { podsCounted: false }),
    }
  }
  return workloads
}
