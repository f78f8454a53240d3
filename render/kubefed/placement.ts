import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { errorAt, type SourceDocument, warningAt } from '../../repo-layout/document.ts'
import { getIn, type JsonPath } from '../../repo-layout/json.ts'
import { hasErrors, type Message } from '../../repo-layout/message.ts'
import type { Valid } from '../../repo-layout/read/assemble.ts'
import type { FederatedDocument } from '../../repo-layout/read/interpret.ts'
import { didYouMean } from '../../repo-layout/suggest.ts'
import { readSelector } from '../selector.ts'

/** The clusters that a placement selects, or that it cannot be told. */
export interface Placement {
  /** Names of selected clusters, also of held ones where they are listed; undefined where the placement is in error. */
  readonly clusters: ReadonlySet<string> | undefined
  readonly messages: readonly Message[]
}

const at: JsonPath = ['spec', 'placement']

/**
 * Evaluates `spec.placement` by kubefed's table (`kubefed v0.10 placement.go`):
 *
 * | clusters | clusterSelector | result |
 * |---|---|---|
 * | absent | absent | none |
 * | absent | empty | all |
 * | absent | given | those that match |
 * | a list, also an empty one | anything | exactly the list |
 *
 * In `v1alpha1` the list is `clusterNames`, and a selector beside it is still checked. With `selectorOnly` the list is
 * ignored. Unlike kubefed, a name that is in no inventory is a warning.
 */
export function readPlacement(
  { document, value }: Valid<FederatedDocument>,
  inventory: readonly MemberCluster[],
  known: ReadonlySet<string>,
  selectorOnly = false,
): Placement {
  const placement = value.spec?.placement
  const list = listedClusters(document, placement)
  if (list.messages.length > 0) return { clusters: undefined, messages: list.messages }
  const alpha = value.apiVersion.endsWith('/v1alpha1')
  const hasSelector = placement?.clusterSelector !== undefined && placement.clusterSelector !== null
  const selector =
    hasSelector && (list.names === undefined || selectorOnly || alpha)
      ? readSelector(document, [...at, 'clusterSelector'])
      : undefined
  if (selector?.type === 'error') return { clusters: undefined, messages: selector.messages }
  const messages: Message[] = [...(selector?.messages ?? [])]
  if (list.names !== undefined && !selectorOnly) {
    const clusters = new Set<string>()
    for (const { name, path } of list.names) {
      if (!known.has(name)) messages.push(unknownCluster(document, path, name, known))
      else clusters.add(name)
    }
    return { clusters, messages }
  }
  if (!selector) {
    if (!selectorOnly) messages.push(nothingPlaced(document))
    return { clusters: new Set(), messages }
  }
  const clusters = new Set(inventory.filter(({ labels }) => selector.matches(labels)).map(({ name }) => name))
  if (clusters.size === 0 && inventory.length > 0 && !selectorOnly) {
    const text = `the selector matches none of the ${inventory.length} clusters of the inventory`
    messages.push(warningAt(document, [...at, 'clusterSelector'], 'nothing-placed', text))
  }
  return { clusters, messages }
}

type PlacementSpec = NonNullable<NonNullable<FederatedDocument['spec']>['placement']>

interface ListedCluster {
  readonly name: string
  readonly path: JsonPath
}

function listedClusters(
  document: SourceDocument,
  placement: PlacementSpec | null | undefined,
): { readonly names: readonly ListedCluster[] | undefined; readonly messages: readonly Message[] } {
  const { clusters, clusterNames } = placement ?? {}
  if (clusters && clusterNames) {
    const text = 'clusters and clusterNames contradict each other; keep clusters'
    return { names: undefined, messages: [errorAt(document, [...at, 'clusterNames'], 'placement', text)] }
  }
  const names =
    clusters?.map(({ name }, i) => ({ name, path: [...at, 'clusters', i, 'name'] })) ??
    clusterNames?.map((name, i) => ({ name, path: [...at, 'clusterNames', i] }))
  return { names, messages: [] }
}

function unknownCluster(document: SourceDocument, path: JsonPath, name: string, known: ReadonlySet<string>): Message {
  const text = `the cluster "${name}" is in no inventory${didYouMean(name, known)}`
  return warningAt(document, path, 'cluster-unknown', text)
}

function nothingPlaced(document: SourceDocument): Message {
  const hasPlacement = getIn(document.value, at) !== undefined
  const text = `${hasPlacement ? 'the placement is empty' : 'there is no placement'}, so this goes to no cluster; write spec.placement.clusters or spec.placement.clusterSelector`
  return warningAt(document, hasPlacement ? at : ['spec'], 'nothing-placed', text)
}

/** Whether reading a placement went wrong. */
export function isBroken(placement: Placement): boolean {
  return placement.clusters === undefined || hasErrors(placement.messages)
}
