import { treeDigest } from '../repo-layout/generated/oid.ts'
import { clusterFolder, clusterOfPath, encodeName } from '../repo-layout/generated/path.ts'
import type { GeneratedFile, PreviousTree } from './input.ts'

/** The previous generated tree, sorted for the questions that rendering asks. */
export interface PreviousIndex {
  readonly exists: boolean
  file(path: string): GeneratedFile | undefined
  /** All paths below a cluster's folder. */
  inCluster(cluster: string): readonly string[]
  /** Paths below a cluster's folder of an object, whatever its group. */
  ofObject(cluster: string, object: ObjectName): readonly string[]
  /** Paths in a namespace's folder of a cluster. */
  inNamespace(cluster: string, namespace: string): readonly string[]
  /** All paths that came from one of these source files. */
  fromSources(sources: ReadonlySet<string>): readonly string[]
  /** Digest of a cluster's folder, as observations name it; undefined where the tree has none. */
  digestOf(cluster: string): string | undefined
  readonly decisions: ReadonlyMap<string, string>
  sourceOf(path: string): string | undefined
}

/** An object as it can be told from a path. */
export interface ObjectName {
  readonly kind: string
  readonly namespace: string | undefined
  readonly name: string
}

/** Sorts a previous tree; without one every question has an empty answer. */
export function indexPrevious(previous: PreviousTree | undefined): PreviousIndex {
  const files = previous?.files ?? new Map<string, string>()
  const byCluster = new Map<string, string[]>()
  for (const path of files.keys()) {
    const cluster = clusterOfPath(path)
    if (cluster === undefined) continue
    const list = byCluster.get(cluster)
    if (list) list.push(path)
    else byCluster.set(cluster, [path])
  }
  const digests = new Map<string, string>()
  const inCluster = (cluster: string) => byCluster.get(cluster) ?? []

  return {
    exists: previous !== undefined,
    decisions: previous?.decisions ?? new Map(),
    inCluster,
    file(path) {
      const oid = files.get(path)
      return oid === undefined ? undefined : { oid }
    },
    ofObject(cluster, { kind, namespace, name }) {
      const start = `${clusterFolder(cluster)}${encodeName(namespace ?? '_cluster')}/${kind}`
      const end = `/${encodeName(name)}.yaml`
      return inCluster(cluster).filter(
        (path) =>
          path.startsWith(start) && path.endsWith(end) && /^(\.[^/]+)?$/.test(path.slice(start.length, -end.length)),
      )
    },
    inNamespace(cluster, namespace) {
      const folder = `${clusterFolder(cluster)}${encodeName(namespace)}/`
      return inCluster(cluster).filter((path) => path.startsWith(folder))
    },
    fromSources(sources) {
      if (sources.size === 0) return []
      return [...files.keys()].filter((path) => sources.has(previous?.sourceOf(path) ?? ''))
    },
    digestOf(cluster) {
      const known = digests.get(cluster)
      if (known !== undefined) return known
      const folder = clusterFolder(cluster)
      const paths = inCluster(cluster)
      if (paths.length === 0) return undefined
      const digest = treeDigest(paths.map((path) => [path.slice(folder.length), files.get(path) ?? ''] as const))
      digests.set(cluster, digest)
      return digest
    },
    sourceOf: (path) => previous?.sourceOf(path),
  }
}
