import { treeDigest } from '../../repo-layout/generated/oid.ts'
import type { Observations } from '../../repo-layout/observations.ts'
import type { ObjectFiles } from '../files.ts'
import type { PreviousIndex } from '../previous.ts'
import { isAbout } from './release-files.ts'
import { releaseKey } from './rollout.ts'

/** What is known of a release in a cluster about exactly the targets in force; undefined is unknown. */
export type Seen = NonNullable<Observations['clusters'][string]['releases']>[string]

/** Facts of one application's releases. */
export type FactsOf = (release: string, cluster: string) => Seen | undefined

/**
 * The facts about an application's releases that count: those of clusters whose observation is about the very files that
 * the previous tree has of a release, where the observation says what it is about. `copies` are the application's objects in
 * the previous tree.
 */
export function releaseFacts(
  namespace: string,
  observations: Observations,
  previous: PreviousIndex,
  copies: () => readonly ObjectFiles[],
): FactsOf {
  const digests = new Map<string, string>()
  const digestOf = (release: string, cluster: string) => {
    const name = `${cluster}/${release}`
    const known = digests.get(name)
    if (known !== undefined) return known
    const files = copies().flatMap(({ pathInCluster, byCluster }) => {
      const [path, { object }] = byCluster.get(cluster) ?? ['', {}]
      const file = object && isAbout(object, release) ? previous.file(path) : undefined
      return file ? [[pathInCluster, file.oid] as const] : []
    })
    const digest = treeDigest(files)
    digests.set(name, digest)
    return digest
  }
  return (release, cluster) => {
    const { releases, applied, reachable } = observations.clusters[cluster] ?? {}
    if (reachable === false || !releases) return undefined
    const key = releaseKey({ namespace, name: release })
    const seen = Object.hasOwn(releases, key) ? releases[key] : undefined
    if (applied?.releases && applied.releases[key] !== digestOf(release, cluster)) return undefined
    return seen
  }
}
