import { resolve } from 'node:path'
import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { compareMessages, formatMessage, hasErrors, type Message } from '../../repo-layout/message.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { folderTree } from '../../repo-layout/read/folder.ts'
import { createFleetReader } from '../../repo-layout/read/reader.ts'
import type { SourceTree } from '../../repo-layout/read/tree.ts'
import type { Clock } from '../clock.ts'
import { gitTree } from '../cycle/source.ts'
import { openFleetRepository, type RepositoryFlags } from '../run/fleet-repository.ts'

/** A fleet, read. */
export interface ReadFleet {
  readonly source: FleetSource
  /** Errors in the source: what stands there renders nothing. */
  readonly errors: readonly Message[]
}

/** A fleet repository as a folder on this disk. */
export interface FleetFolder extends ReadFleet {
  /** Absolute path. */
  readonly folder: string
}

/** Reads the fleet in a folder. Rejects with a message for people where there is none. */
export async function readFleet(source: string): Promise<FleetFolder> {
  const folder = resolve(source)
  return { folder, ...(await readTree(folderTree(folder), folder)) }
}

/**
 * Reads the fleet at the tip of the source branch, freshly fetched. Rejects with a `GitError` where the repository cannot be
 * read, and with a message for people where it holds no fleet.
 */
export async function fetchFleet(
  flags: RepositoryFlags,
  env: NodeJS.ProcessEnv,
  clock: Clock,
  warn: (text: string) => void,
): Promise<ReadFleet> {
  const repository = await openFleetRepository(flags, env, clock, warn)
  try {
    const { source } = await repository.fetch()
    if (source === undefined) throw new Error(`${flags.repo} has no branch "${flags.branch}"`)
    return await readTree(gitTree(repository, source), `branch ${flags.branch} of ${flags.repo}`)
  } finally {
    await repository.close()
  }
}

async function readTree(tree: SourceTree, what: string): Promise<ReadFleet> {
  const reading = await createFleetReader().read(tree)
  const messages = [...reading.messages].sort(compareMessages)
  const errors = messages.filter((message) => hasErrors([message]))
  if (reading.source) return { source: reading.source, errors }
  const [first] = errors
  throw new Error(`${what} holds no fleet that can be read${first ? `: ${formatMessage(first)}` : ''}`)
}

/** The cluster of this name in the inventory. Rejects with the names that there are where it is none of them. */
export function clusterNamed({ source }: ReadFleet, name: string): MemberCluster {
  const found = source.clusters.find((cluster) => cluster.name === name)
  if (found) return found
  const names = source.clusters.map((cluster) => cluster.name)
  throw new Error(
    `there is no cluster "${name}" in the inventory${names.length > 0 ? `, but ${names.slice(0, 10).join(', ')}` : ''}`,
  )
}
