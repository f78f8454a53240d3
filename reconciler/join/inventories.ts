import type { Json, JsonObject } from '../../repo-layout/json.ts'
import { getIn, isJsonObject } from '../../repo-layout/json.ts'
import { ownApiVersion } from '../../repo-layout/schema/common.ts'
import type { Clock } from '../clock.ts'
import { collectionPath, createDiscovery } from '../member/discovery.ts'
import { itemsOf } from '../member/errors.ts'
import { metadataText } from '../member/manifest.ts'
import type { Transport } from '../member/transport.ts'

/** A tool whose inventory can be taken. */
export type Inventory = 'kubefed' | 'shipper' | 'capi'

/** A cluster of another tool's inventory, as it goes into a fleet repository. */
export interface ImportedCluster {
  readonly name: string
  readonly document: JsonObject
  /** The Secret with its credential, where that tool keeps it; undefined where its inventory names none. */
  readonly secret: SecretPlace | undefined
  /** The address that the credential is for, where the tool names one. */
  readonly server: string | undefined
}

/** Where a Secret lies, and what of it is needed: every key where none is named. */
export interface SecretPlace {
  readonly namespace: string
  readonly name: string
  readonly key: string | undefined
}

interface Kind {
  readonly groups: readonly string[]
  readonly kind: string
  /** Makes a cluster of an object that was read. */
  take(object: JsonObject): Omit<ImportedCluster, 'name'>
}

const kinds: Readonly<Record<Inventory, Kind>> = {
  kubefed: {
    groups: ['core.kubefed.io', 'core.kubefed.k8s.io'],
    kind: 'KubeFedCluster',
    take(object) {
      const [name, server] = [getIn(object, ['spec', 'secretRef', 'name']), getIn(object, ['spec', 'apiEndpoint'])]
      return {
        document: withoutStatus(object),
        secret:
          typeof name === 'string' ? { namespace: metadataText(object, 'namespace'), name, key: undefined } : undefined,
        server: typeof server === 'string' ? server : undefined,
      }
    },
  },
  shipper: {
    groups: ['shipper.booking.com'],
    kind: 'Cluster',
    take(object) {
      const server = getIn(object, ['spec', 'apiMaster'])
      return {
        document: withoutStatus(object),
        secret: { namespace: 'shipper-system', name: metadataText(object, 'name'), key: undefined },
        server: typeof server === 'string' ? server : undefined,
      }
    },
  },
  capi: {
    groups: ['cluster.x-k8s.io'],
    kind: 'Cluster',
    take(object) {
      const name = metadataText(object, 'name')
      const secret = `${name}-kubeconfig`
      const labels = getIn(object, ['metadata', 'labels'])
      return {
        document: {
          apiVersion: ownApiVersion,
          kind: 'Cluster',
          metadata: { name, ...(isJsonObject(labels) ? { labels } : {}) },
          spec: { connection: { secretRef: { name: secret } } },
        },
        secret: { namespace: metadataText(object, 'namespace'), name: secret, key: 'value' },
        server: undefined,
      }
    },
  },
}

/**
 * Reads the inventory of another tool, sorted by name. Rejects with an `ApiError` where it cannot be read, and with an
 * error for people where the cluster does not serve its kinds or has two clusters of one name.
 */
export async function readInventory(
  transport: Transport,
  inventory: Inventory,
  clock: Clock,
): Promise<readonly ImportedCluster[]> {
  const { groups, kind, take } = kinds[inventory]
  const discovery = createDiscovery(transport, clock)
  for (const group of groups) {
    const resource = await discovery.resourceOfGroup(group, kind)
    if (!resource) continue
    const { json } = await transport.request('GET', collectionPath(resource, undefined))
    const clusters = itemsOf(json)
      .map((item): ImportedCluster => {
        const object = { ...item, apiVersion: resource.apiVersion, kind }
        return { name: metadataText(object, 'name'), ...take(object) }
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    const twin = clusters.find(({ name }, i) => clusters[i + 1]?.name === name)
    if (twin) throw new Error(`two clusters are named "${twin.name}", in two namespaces; a fleet needs a name for each`)
    return clusters
  }
  throw new Error(`the cluster serves no ${kind} of ${groups[0]}: is --context the host of ${inventory}?`)
}

const kept = new Set(['name', 'namespace', 'labels', 'annotations'])
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/** An object as its author wrote it: without what a cluster adds. */
function withoutStatus(object: JsonObject): JsonObject {
  const { apiVersion, kind, metadata, spec } = object
  const fields = Object.entries(isJsonObject(metadata) ? metadata : {}).flatMap(([key, value]) => {
    if (!kept.has(key)) return []
    const cleaned = key === 'annotations' ? withoutKey(value, lastApplied) : value
    return isJsonObject(cleaned) && Object.keys(cleaned).length === 0 ? [] : [[key, cleaned] as const]
  })
  return { apiVersion, kind, metadata: Object.fromEntries(fields), spec }
}

function withoutKey(value: Json | undefined, key: string): Json | undefined {
  if (!isJsonObject(value)) return value
  const { [key]: _, ...rest } = value
  return rest
}
