import type { ClusterDiff, DiffReport, FleetStatus } from './types.ts'

/** Joins differences with the source files of their objects, as `diff` shows them. */
export function diffReport(status: FleetStatus, diffs: readonly ClusterDiff[], at: Date): DiffReport {
  const members = new Map(status.clusters.map((cluster) => [cluster.cluster, cluster]))
  return {
    fleet: status.fleet,
    at: at.toISOString(),
    commit: status.generated.commit,
    clusters: diffs.map((diff) => {
      const drifted = new Set(diff.drifts.map(({ subject }) => subject))
      const objects = members.get(diff.cluster)?.objects ?? []
      const known = objects.filter(({ subject, source }) => drifted.has(subject) && source !== '')
      return { ...diff, sources: Object.fromEntries(known.map(({ subject, source }) => [subject, source])) }
    }),
  }
}
