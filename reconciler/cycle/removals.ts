import { clusterOfRecordPath, parseClusterRecord } from '../../render/clusters.ts'
import { sourceOfGenerated } from '../../repo-layout/generated/file.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { digestOf } from './budget.ts'

/** A source whose removed clusters were judged; `problem` says why some of them stay, or is empty. */
export interface JudgedSource {
  readonly source: FleetSource
  readonly problem: string
}

/**
 * Judges the clusters that left the inventory since the previous tree, given as its decision records by path. More of
 * them than `budget.maxRemovedClusters`, or the last ones, are held as if their documents were in error, unless a commit allowed exactly
 * these (`allowed` is asked only then): a folder that was lost by mistake must not move a fleet's replicas.
 */
export async function judgeRemovals(
  source: FleetSource,
  records: ReadonlyMap<string, string>,
  allowed: () => Promise<ReadonlySet<string>>,
): Promise<JudgedSource> {
  const { maxRemovedClusters } = source.fleet.spec.budget
  const removed = removedClusters(source, records)
  const digest = digestOf(removed.map((cluster) => ({ cluster, subject: `Cluster.flotilla.dev/${cluster}`, uid: '' })))
  const isEmptied = removed.length > 0 && source.clusters.length === 0
  if (!isEmptied && removed.length <= maxRemovedClusters) return { source, problem: '' }
  if (removed.length === 0 || (await allowed()).has(digest)) return { source, problem: '' }
  const holds = { ...source.holds, clusters: new Set([...source.holds.clusters, ...removed]) }
  const whole = 'which leaves it empty,'
  const most = maxRemovedClusters === 1 ? '1 cluster' : `${maxRemovedClusters} clusters`
  return {
    source: { ...source, holds },
    problem: `${removed.join(', ')} left the inventory, ${isEmptied ? whole : `more than ${most} at a time,`} and ${removed.length === 1 ? 'is' : 'are'} kept as before; to let go, push a commit with the trailer Flotilla-Allow-Delete: ${digest}`,
  }
}

function removedClusters({ clusters, holds }: FleetSource, records: ReadonlyMap<string, string>): readonly string[] {
  const inventory = new Set(clusters.map(({ name }) => name))
  return [...records].flatMap(([path, text]) => {
    const name = clusterOfRecordPath(path)
    if (name === undefined || inventory.has(name) || holds.clusters.has(name)) return []
    // It may stand in there still; rendering holds it for that.
    if (holds.files.has(sourceOfGenerated(text) ?? '')) return []
    return parseClusterRecord(text)?.leaving === true ? [] : [name]
  })
}
