import type { MemberCluster } from '../cluster.ts'
import { errorAt, placeOf, type SourceDocument, warningAt } from '../document.ts'
import { groupBy } from '../group.ts'
import { getIn } from '../json.ts'
import { compare, type Message } from '../message.ts'
import type { ClusterItem, RegistryItem } from './clusters.ts'

/** The member clusters of a fleet, sorted by name. */
export interface Inventory {
  readonly clusters: readonly MemberCluster[]
  readonly messages: readonly Message[]
  /** Clusters whose address should stand in a cluster-registry Cluster that is not there. */
  readonly unaddressed: readonly { readonly name: string; readonly registryName: string }[]
  /** Whether two documents describe one cluster: then nothing can be rendered for any. */
  readonly hasTwins: boolean
}

/** Joins the inventory documents of a fleet, and gives each FederatedCluster the address from its cluster registry. */
export function gatherInventory(items: readonly ClusterItem[], registry: readonly RegistryItem[]): Inventory {
  const twins = [...findTwins(items), ...findTwins(registry)]
  const entries = new Map(registry.map((entry) => [entry.name, entry]))
  const messages: Message[] = [...twins]
  const clusters: MemberCluster[] = []
  const unaddressed: { readonly name: string; readonly registryName: string }[] = []
  for (const { cluster, registryName, document } of items) {
    if (!cluster) continue
    if (registryName === undefined || cluster.connection?.type !== 'kubefed') {
      clusters.push(cluster)
      continue
    }
    const { apiEndpoint, caBundle } = entries.get(registryName) ?? {}
    const connection = apiEndpoint === undefined ? undefined : { ...cluster.connection, apiEndpoint, caBundle }
    if (!connection) {
      unaddressed.push({ name: cluster.name, registryName })
      messages.push(explainNoEndpoint(document, cluster.name, registryName))
    }
    clusters.push({ ...cluster, connection })
  }
  clusters.sort((a, b) => compare(a.name, b.name))
  return { clusters, messages, unaddressed, hasTwins: twins.length > 0 }
}

interface Named {
  readonly document: SourceDocument
  readonly name: string | undefined
}

/** Two names that a disk may not tell apart are one: a cluster's name is a folder. */
function foldName(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

function findTwins(items: readonly Named[]): Message[] {
  const byName = groupBy(items, ({ name }) => foldName(name ?? ''))
  return items.flatMap(({ document, name }) => {
    if (name === undefined) return []
    const twin = byName.get(foldName(name))?.find((other) => other.document !== document)
    if (!twin) return []
    const where = placeOf(twin.document, ['metadata', 'name'])
    const text =
      twin.name === name
        ? `the cluster "${name}" is described twice; the other is at ${where}`
        : `the cluster "${name}" differs from "${twin.name}" only in case; the other is at ${where}`
    return [errorAt(document, ['metadata', 'name'], 'cluster-duplicate', text)]
  })
}

function explainNoEndpoint(document: SourceDocument, name: string, registryName: string): Message {
  const named = ['spec', 'clusterRef', 'name']
  const path = getIn(document.value, named) === undefined ? ['metadata', 'name'] : named
  const text = `no clusterregistry.k8s.io Cluster "${registryName}" tells the address of "${name}", so nothing can be applied to it; add it, or write a Cluster of flotilla.dev/v1alpha1`
  return warningAt(document, path, 'cluster-endpoint', text)
}
