import { clusterFolder, clusterOfPath } from '../repo-layout/generated/path.ts'
import type { GeneratedFile } from './input.ts'

/** One object in all its clusters, at the same path below each cluster's folder. */
export interface ObjectFiles {
  readonly pathInCluster: string
  readonly byCluster: ReadonlyMap<string, PlacedFile>
}

/** A file with its path in the generated tree. */
export type PlacedFile = readonly [path: string, file: GeneratedFile]

/**
 * A generated tree that is being put together: objects as a whole, so that what did not change is not even walked
 * through, and single files.
 */
export interface FileTree extends ReadonlyMap<string, GeneratedFile> {
  /** Objects come first: a single file may take the place of an object's, not the other way round. */
  add(object: ObjectFiles): void
  set(path: string, file: GeneratedFile): void
}

/** Makes an empty tree. A file that is put at a path twice is the later one. */
export function createFileTree(): FileTree {
  const objects = new Map<string, ReadonlyMap<string, PlacedFile>>()
  const single = new Map<string, PlacedFile>()

  const find = (path: string): PlacedFile | undefined => {
    const alone = single.get(path)
    if (alone || objects.size === 0) return alone
    const cluster = clusterOfPath(path)
    return cluster === undefined ? undefined : objects.get(path.slice(clusterFolder(cluster).length))?.get(cluster)
  }
  function* all(): Generator<PlacedFile, undefined> {
    for (const byCluster of objects.values()) yield* byCluster.values()
    yield* single.values()
    return undefined
  }
  function* map<T>(of: (file: PlacedFile) => T): Generator<T, undefined> {
    for (const file of all()) yield of(file)
    return undefined
  }

  const tree: FileTree = {
    add({ pathInCluster, byCluster }) {
      const known = objects.get(pathInCluster)
      objects.set(pathInCluster, known ? new Map([...known, ...byCluster]) : byCluster)
    },
    set(path, file) {
      const cluster = clusterOfPath(path)
      const pathInCluster = cluster === undefined ? '' : path.slice(clusterFolder(cluster).length)
      if (cluster !== undefined && objects.get(pathInCluster)?.has(cluster)) {
        tree.add({ pathInCluster, byCluster: new Map([[cluster, [path, file]]]) })
      } else single.set(path, [path, file])
    },
    get: (path) => find(path)?.[1],
    has: (path) => find(path) !== undefined,
    get size() {
      let count = single.size
      for (const byCluster of objects.values()) count += byCluster.size
      return count
    },
    forEach(callback, self) {
      for (const [path, file] of all()) callback.call(self, file, path, tree)
    },
    entries: () => map(([path, file]): [string, GeneratedFile] => [path, file]),
    keys: () => map(([path]) => path),
    values: () => map(([, file]) => file),
    [Symbol.iterator]: () => tree.entries(),
  }
  return tree
}
