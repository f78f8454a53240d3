import { z } from 'zod'
import type { Connection, MemberCluster } from '../repo-layout/cluster.ts'
import { formatGenerated } from '../repo-layout/generated/file.ts'
import type { JsonObject } from '../repo-layout/json.ts'
import { ownApiVersion } from '../repo-layout/schema/common.ts'
import { parseYaml } from '../repo-layout/yaml/parse.ts'
import type { GeneratedFile } from './input.ts'
import type { PreviousIndex } from './previous.ts'

const folder = 'decisions/clusters/'

/** The path of the record of a member cluster. */
export function clusterRecordPath(cluster: string): string {
  return `${folder}${cluster}.yaml`
}

/** The cluster of a record's path; undefined for other paths. */
export function clusterOfRecordPath(path: string): string | undefined {
  return path.startsWith(folder) && path.endsWith('.yaml') ? path.slice(folder.length, -'.yaml'.length) : undefined
}

/**
 * What must be known of a cluster once its inventory is gone: how it was reached and what shall become of its objects.
 * Connections are references, so no secret stands here.
 */
export function formatClusterRecord(cluster: MemberCluster): GeneratedFile {
  const { connection } = cluster
  return formatGenerated(cluster.path, {
    apiVersion: ownApiVersion,
    kind: 'ClusterRecord',
    metadata: { name: cluster.name },
    spec: {
      deletionPolicy: cluster.deletionPolicy,
      apply: cluster.apply,
      ...(connection ? { connection: withoutUndefined(connection) } : {}),
      ...(cluster.proxyURL === '' ? {} : { proxyURL: cluster.proxyURL }),
      ...(cluster.serviceAccountName === '' ? {} : { serviceAccountName: cluster.serviceAccountName }),
    },
  })
}

function withoutUndefined(connection: Connection): JsonObject {
  return Object.fromEntries(Object.entries(connection).filter(([, value]) => value !== undefined))
}

/**
 * Clusters of the previous tree whose inventory may stand in a file that cannot be read now: they are held, for a
 * file in error is no reason to take a cluster out of the fleet.
 */
export function clustersInBrokenFiles(
  previous: PreviousIndex,
  broken: ReadonlySet<string>,
  inventory: readonly MemberCluster[],
): readonly string[] {
  if (broken.size === 0) return []
  return previous.fromSources(broken).flatMap((path) => {
    const cluster = clusterOfRecordPath(path)
    return cluster === undefined || inventory.some(({ name }) => name === cluster) ? [] : [cluster]
  })
}

const recordSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ deletionPolicy: z.enum(['Orphan', 'Delete']) }),
})

/** The deletion policy that a record holds; undefined where the text is no record. */
export function parseClusterRecord(
  text: string,
): { readonly name: string; readonly deletionPolicy: 'Orphan' | 'Delete' } | undefined {
  const parsed = parseYaml(text)
  const result = recordSchema.safeParse(parsed.type === 'documents' ? parsed.documents[0]?.value : undefined)
  return result.success
    ? { name: result.data.metadata.name, deletionPolicy: result.data.spec.deletionPolicy }
    : undefined
}
