import type { ClusterDiff, ClusterHistory, ClusterStatus, DiffReport, FleetStatus, HistoryReport } from './types.ts'

/** Joins differences with the source files of their objects, as `diff` shows them. */
export function diffReport(status: FleetStatus, diffs: readonly ClusterDiff[], at: Date): DiffReport {
  const members = new Map(status.clusters.map((cluster) => [cluster.cluster, cluster]))
  return {
    fleet: status.fleet,
    at: at.toISOString(),
    commit: status.generated.commit,
    clusters: diffs.map((diff) => {
      return { ...diff, sources: sourcesOf(members.get(diff.cluster), diff.drifts) }
    }),
  }
}

/** The same for what was written over. */
export function historyReport(status: FleetStatus, histories: readonly ClusterHistory[], at: Date): HistoryReport {
  const members = new Map(status.clusters.map((cluster) => [cluster.cluster, cluster]))
  return {
    fleet: status.fleet,
    at: at.toISOString(),
    clusters: histories.map((one) => ({ ...one, sources: sourcesOf(members.get(one.cluster), one.entries) })),
  }
}

function sourcesOf(member: ClusterStatus | undefined, of: readonly { readonly subject: string }[]) {
  const wanted = new Set(of.map(({ subject }) => subject))
  const known = (member?.objects ?? []).filter(({ subject, source }) => wanted.has(subject) && source !== '')
  return Object.fromEntries(known.map(({ subject, source }) => [subject, source]))
}
