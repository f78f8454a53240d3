import { clusterOfPath } from '../../repo-layout/generated/path.ts'

/** What changes in one cluster's folder, or, where `cluster` is undefined, in what belongs to the whole fleet. */
export interface ClusterChanges {
  readonly cluster: string | undefined
  /** Paths in the tree, sorted; so too the next two. */
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

/**
 * What differs between two generated trees, given as path to blob id: by cluster in the order of their names, the
 * fleet's own decisions last; clusters without a change are left out. Pure.
 */
export function diffTrees(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly ClusterChanges[] {
  const groups = new Map<string | undefined, { added: string[]; changed: string[]; removed: string[] }>()
  const note = (kind: 'added' | 'changed' | 'removed', path: string) => {
    const cluster = clusterOfPath(path)
    const group = groups.get(cluster) ?? { added: [], changed: [], removed: [] }
    groups.set(cluster, group)
    group[kind].push(path)
  }
  for (const [path, oid] of after) {
    const old = before.get(path)
    if (old === undefined) note('added', path)
    else if (old !== oid) note('changed', path)
  }
  for (const path of before.keys()) if (!after.has(path)) note('removed', path)

  return [...groups]
    .sort(([a], [b]) => (a === undefined ? 1 : b === undefined ? -1 : a < b ? -1 : 1))
    .map(([cluster, { added, changed, removed }]) => ({
      cluster,
      added: added.sort(),
      changed: changed.sort(),
      removed: removed.sort(),
    }))
}
