import { resolve } from 'node:path'
import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { compareMessages, formatMessage, hasErrors, type Message } from '../../repo-layout/message.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { folderTree } from '../../repo-layout/read/folder.ts'
import { createFleetReader } from '../../repo-layout/read/reader.ts'

/** A fleet repository as a folder on this disk. */
export interface FleetFolder {
  /** Absolute path. */
  readonly folder: string
  readonly source: FleetSource
  /** Errors in the source: what stands there renders nothing. */
  readonly errors: readonly Message[]
}

/** Reads the fleet in a folder. Rejects with a message for people where there is none. */
export async function readFleet(source: string): Promise<FleetFolder> {
  const folder = resolve(source)
  const reading = await createFleetReader().read(folderTree(folder))
  const messages = [...reading.messages].sort(compareMessages)
  if (!reading.source) {
    const [first] = messages.filter((message) => hasErrors([message]))
    throw new Error(`${folder} holds no fleet that can be read${first ? `: ${formatMessage(first)}` : ''}`)
  }
  return { folder, source: reading.source, errors: messages.filter((message) => hasErrors([message])) }
}

/** The cluster of this name in the inventory. Rejects with the names that there are where it is none of them. */
export function clusterNamed({ source }: FleetFolder, name: string): MemberCluster {
  const found = source.clusters.find((cluster) => cluster.name === name)
  if (found) return found
  const names = source.clusters.map((cluster) => cluster.name)
  throw new Error(
    `there is no cluster "${name}" in the inventory${names.length > 0 ? `, but ${names.slice(0, 10).join(', ')}` : ''}`,
  )
}
