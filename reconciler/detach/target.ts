import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { createFleetReader } from '../../repo-layout/read/reader.ts'
import { clustersInForce } from '../cycle/inventory.ts'
import { createTextCache } from '../cycle/previous.ts'
import { gitTree } from '../cycle/source.ts'
import { fleetUidOf } from '../cycle/uid.ts'
import { filesOf } from '../git/contents.ts'
import type { Repository } from '../git/types.ts'
import type { Owner } from '../member/manifest.ts'

/** A cluster as the fleet in Git knows it. */
export interface Target {
  readonly owner: Owner
  /** Undefined where Git does not name it any more. */
  readonly cluster: MemberCluster | undefined
  /** Why a daemon would take it back at once; undefined where none would. */
  readonly inForce: string | undefined
  /** The names that Git knows. */
  readonly known: readonly string[]
}

/** The fleet in Git cannot be read: the message says why. */
export class UnreadableFleetError extends Error {
  override readonly name = 'UnreadableFleetError'
}

/**
 * Reads from the remote how a cluster is reached, and whether the fleet still looks after it: by the source branch, or by what
 * the generated branch remembers of a cluster that left or whose document is in error. Rejects with an `UnreadableFleetError`,
 * or a `GitError`.
 */
export async function findTarget(repository: Repository, branch: string, name: string): Promise<Target> {
  const refs = await repository.fetch()
  if (refs.source === undefined) throw new UnreadableFleetError(`the repository has no branch "${branch}"`)
  const { source, messages } = await createFleetReader().read(gitTree(repository, refs.source))
  if (!source) {
    const [first] = messages.filter(({ severity }) => severity === 'error')
    throw new UnreadableFleetError(`the fleet cannot be read${first ? `: ${first.path}: ${first.text}` : ''}`)
  }
  const { fleet } = source
  const files = await filesOf(repository, refs.generated)
  const { clusters, leaving } = await clustersInForce(source.clusters, files, createTextCache(repository))
  const cluster = clusters.find((one) => one.name === name)
  const isStill = cluster && !leaving.has(name) && cluster.apply === 'Push' && !cluster.suspend && !fleet.spec.suspend
  return {
    owner: { fleetName: fleet.metadata.name, fleetUid: fleetUidOf(fleet).uid },
    cluster,
    inForce: isStill ? howToSuspend(cluster, source.clusters.includes(cluster)) : undefined,
    known: clusters.map((one) => one.name),
  }
}

function howToSuspend({ name, path }: MemberCluster, isInSource: boolean): string {
  return isInSource
    ? `the fleet still looks after ${name}, and a daemon would take everything back: set spec.suspend: true in ${path}, or remove it, and push`
    : `${name} is not in the source, but the generated branch still looks after it: wait until a daemon has let it go`
}
