import { treeDigest } from '../repo-layout/generated/oid.ts'
import { clusterFolder, clusterOfPath, clusterScopeFolder, encodeName } from '../repo-layout/generated/path.ts'
import type { GeneratedFile, PreviousTree } from './input.ts'

/** The previous generated tree, sorted for the questions that rendering asks. */
export interface PreviousIndex {
  readonly exists: boolean
  file(path: string): GeneratedFile | undefined
  /** All paths below a cluster's folder. */
  inCluster(cluster: string): readonly string[]
  /** Paths below a cluster's folder of an object, whatever its group. */
  ofObject(cluster: string, object: ObjectName): readonly string[]
  /** The same, given a path that the object could have. */
  likePath(path: string): readonly string[]
  /** Paths in a namespace's folder of a cluster. */
  inNamespace(cluster: string, namespace: string): readonly string[]
  /** All paths that came from one of these source files. */
  fromSources(sources: ReadonlySet<string>): readonly string[]
  /** Digest of a cluster's folder, as observations name it; undefined without a previous tree. */
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
  const byCluster = lazily(() => groupPaths(files.keys(), (path) => clusterOfPath(path)))
  const objects = lazily(() => groupPaths(files.keys(), objectKey))
  const namespaces = lazily(() => groupPaths(files.keys(), (path) => /^clusters\/[^/]+\/[^/]+\//.exec(path)?.[0]))
  const digests = new Map<string, string>()
  const inCluster = (cluster: string) => byCluster().get(cluster) ?? []

  return {
    exists: previous !== undefined,
    decisions: previous?.decisions ?? new Map(),
    inCluster,
    file(path) {
      const oid = files.get(path)
      return oid === undefined ? undefined : { oid }
    },
    ofObject: (cluster, { kind, namespace, name }) =>
      objects().get(
        `${clusterFolder(cluster)}${encodeName(namespace ?? clusterScopeFolder)}/${kind}/${encodeName(name)}.yaml`,
      ) ?? [],
    likePath: (path) => objects().get(objectKey(path) ?? '') ?? [],
    inNamespace: (cluster, namespace) => namespaces().get(`${clusterFolder(cluster)}${encodeName(namespace)}/`) ?? [],
    fromSources(sources) {
      if (sources.size === 0) return []
      return [...files.keys()].filter((path) => sources.has(previous?.sourceOf(path) ?? ''))
    },
    digestOf(cluster) {
      const known = digests.get(cluster)
      if (known !== undefined) return known
      const folder = clusterFolder(cluster)
      if (previous === undefined) return undefined
      const paths = inCluster(cluster)
      const digest = treeDigest(paths.map((path) => [path.slice(folder.length), files.get(path) ?? ''] as const))
      digests.set(cluster, digest)
      return digest
    },
    sourceOf: (path) => previous?.sourceOf(path),
  }
}

/** A path without the group of its kind, which an override or a new template may have changed. */
function objectKey(path: string): string | undefined {
  const match = /^(clusters\/[^/]+\/[^/]+\/[^./]+)(?:\.[^/]+)?(\/[^/]+)$/.exec(path)
  return match ? `${match[1]}${match[2]}` : undefined
}

function groupPaths(paths: Iterable<string>, keyOf: (path: string) => string | undefined): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const path of paths) {
    const key = keyOf(path)
    if (key === undefined) continue
    const group = groups.get(key)
    if (group) group.push(path)
    else groups.set(key, [path])
  }
  return groups
}

/** Most renders hold nothing and ask nothing: sorting a large tree then would be the most of their work. */
export function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
