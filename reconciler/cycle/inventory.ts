import { clusterOfRecordPath, parseClusterRecord } from '../../render/clusters.ts'
import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { compare } from '../../repo-layout/message.ts'
import type { TextCache } from './previous.ts'

/** The clusters that are looked after, and those of them that have left the inventory to be emptied. */
export interface ClustersInForce {
  /** Sorted by name. */
  readonly clusters: readonly MemberCluster[]
  readonly leaving: ReadonlySet<string>
}

/**
 * The clusters of a generated tree: as the inventory describes them now, else as their record does. So a cluster whose
 * inventory document is in error is looked after as before, and one that leaves until nothing of ours is in it. Rejects
 * where a record cannot be read.
 */
export async function clustersInForce(
  inventory: readonly MemberCluster[],
  files: ReadonlyMap<string, string>,
  texts: Pick<TextCache, 'read'>,
): Promise<ClustersInForce> {
  const clusters = new Map(inventory.map((cluster) => [cluster.name, cluster]))
  const leaving = new Set<string>()
  for (const [path, oid] of files) {
    const name = clusterOfRecordPath(path)
    if (name === undefined || clusters.has(name)) continue
    const record = parseClusterRecord(await texts.read(oid))
    if (!record) continue
    clusters.set(name, record.cluster)
    if (record.leaving) leaving.add(name)
  }
  return { clusters: [...clusters.values()].sort((a, b) => compare(a.name, b.name)), leaving }
}
