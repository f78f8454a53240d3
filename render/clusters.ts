import { z } from 'zod'
import type { Connection, MemberCluster } from '../repo-layout/cluster.ts'
import { formatGenerated, sourceOfGenerated } from '../repo-layout/generated/file.ts'
import { treeDigest } from '../repo-layout/generated/oid.ts'
import type { JsonObject } from '../repo-layout/json.ts'
import type { Observations } from '../repo-layout/observations.ts'
import { ownApiVersion } from '../repo-layout/schema/common.ts'
import { firstDocument } from '../repo-layout/yaml/parse.ts'
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
 * What must be known of a cluster once its inventory is gone: how it is reached, what shall become of its objects, and by which
 * identity it is known again under another name.
 * Connections are references, so no secret stands here. `leaving` marks a cluster that has left the inventory and whose
 * objects are still to be deleted.
 */
export function formatClusterRecord(cluster: MemberCluster, leaving = false): GeneratedFile {
  const { name, connection, scheduler } = cluster
  return formatGenerated(cluster.path, {
    apiVersion: ownApiVersion,
    kind: 'ClusterRecord',
    metadata: { name },
    spec: {
      deletionPolicy: cluster.deletionPolicy,
      apply: cluster.apply,
      ...(cluster.suspend ? { suspend: true } : {}),
      ...(leaving ? { leaving } : {}),
      ...(scheduler.identity === name ? {} : { identity: scheduler.identity }),
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

const secretName = z.string()

const connectionSchema: z.ZodType<Connection> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('secret'), name: z.string(), key: z.string() }),
  z
    .object({ type: z.literal('file'), path: z.string(), context: z.string().optional() })
    .transform(({ context, ...rest }) => ({ ...rest, context })),
  z.object({ type: z.literal('inCluster') }),
  z
    .object({
      type: z.literal('kubefed'),
      apiEndpoint: z.string(),
      caBundle: z.string().optional(),
      secretName,
      disabledTLSValidations: z.array(z.string()),
    })
    .transform(({ caBundle, ...rest }) => ({ ...rest, caBundle })),
  z.object({ type: z.literal('shipper'), apiMaster: z.string(), secretName }),
])

const recordSchema = z.object({
  kind: z.literal('ClusterRecord'),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    deletionPolicy: z.enum(['Orphan', 'Delete']),
    apply: z.enum(['Push', 'External']).default('Push'),
    suspend: z.boolean().default(false),
    leaving: z.boolean().default(false),
    identity: z.string().optional(),
    connection: connectionSchema.optional(),
    proxyURL: z.string().default(''),
    serviceAccountName: z.string().default(''),
  }),
})

/** A member cluster as its record in the generated branch describes it; `leaving` as `formatClusterRecord` says. */
export interface ClusterRecord {
  readonly cluster: MemberCluster
  readonly leaving: boolean
}

/** Reads the record of a cluster; undefined where the text is none. */
export function parseClusterRecord(text: string): ClusterRecord | undefined {
  const result = recordSchema.safeParse(firstDocument(text))
  if (!result.success) return undefined
  const { metadata, spec } = result.data
  const { deletionPolicy, apply, suspend, leaving, identity, connection, proxyURL, serviceAccountName } = spec
  return {
    leaving,
    cluster: {
      ...{ name: metadata.name, labels: {}, region: undefined, zones: [], capabilities: [] },
      scheduler: { weight: 100, unschedulable: false, identity: identity ?? metadata.name },
      ...{ apply, suspend, connection, proxyURL, serviceAccountName, deletionPolicy },
      path: sourceOfGenerated(text) ?? '',
    },
  }
}

/**
 * The records that stay of clusters which have left the inventory: of those with `deletionPolicy: Delete` until the
 * observations say that nothing of ours is left in them; a cluster of which nothing is known is waited for.
 */
export function leavingRecords(
  previous: PreviousIndex,
  inventory: ReadonlySet<string>,
  { clusters }: Observations,
): ReadonlyMap<string, GeneratedFile> {
  const records = new Map<string, GeneratedFile>()
  for (const [path, text] of previous.decisions) {
    const name = clusterOfRecordPath(path)
    const record = name === undefined || inventory.has(name) ? undefined : parseClusterRecord(text)
    if (name === undefined || !record || !mustDelete(record.cluster)) continue
    if (record.leaving && clusters[name]?.applied?.tree === nothing) continue
    records.set(path, formatClusterRecord(record.cluster, true))
  }
  return records
}

const nothing = treeDigest([])

/** Whether what a cluster runs is deleted when it leaves; what another tool applies goes with the folder itself. */
function mustDelete({ deletionPolicy, apply, connection }: MemberCluster): boolean {
  return deletionPolicy === 'Delete' && apply === 'Push' && connection !== undefined
}
