import { errorAt, placeOf, type SourceDocument, warningAt } from '../../repo-layout/document.ts'
import { groupBy } from '../../repo-layout/group.ts'
import { builtinKind } from '../../repo-layout/kinds/builtin.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { FleetSource, Valid } from '../../repo-layout/read/assemble.ts'
import type { HeldDocument } from '../../repo-layout/read/holds.ts'
import type { FederatedDocument } from '../../repo-layout/read/interpret.ts'
import { groupOf } from '../../repo-layout/subject.ts'
import type { PreviousIndex } from '../previous.ts'
import { mayBe } from '../suspects.ts'
import type { Placement } from './placement.ts'

/**
 * What a namespace allows: `all` clusters (no FederatedNamespace limits it), some, or `held` where that cannot be told
 * and everything in it stays as it is.
 */
export type NamespaceLimit =
  | { readonly type: 'all' }
  | {
      readonly type: 'some'
      readonly clusters: ReadonlySet<string>
      /** The clusters that its selector alone matches; undefined where it is in error. */
      selected(): ReadonlySet<string> | undefined
    }
  | { readonly type: 'held' }
  | { readonly type: 'missing' }

/** The FederatedNamespaces of a fleet. */
export interface Namespaces {
  limitOf(namespace: string): NamespaceLimit
  /** FederatedNamespaces that make a Namespace object. */
  readonly rendered: readonly Valid<FederatedDocument>[]
  /** Namespaces whose Namespace object stays as it is. */
  readonly held: ReadonlySet<string>
  readonly messages: readonly Message[]
}

const all: NamespaceLimit = { type: 'all' }

/** Whether a document is a FederatedNamespace, of any generation. */
export function isFederatedNamespace({ value }: Valid<FederatedDocument>): boolean {
  return value.kind === 'FederatedNamespace'
}

/** Reads all FederatedNamespaces. One that is misnamed, described twice or in error holds its namespace. */
export function readNamespaces(
  source: FleetSource,
  previous: PreviousIndex,
  placementOf: (valid: Valid<FederatedDocument>) => Placement,
  selectedBy: (valid: Valid<FederatedDocument>) => Placement,
): Namespaces {
  const { holds, fleet } = source
  const { protected: kept, requireFederatedNamespace } = fleet.spec.namespaces
  const messages: Message[] = []
  const held = new Set([...holds.namespaces, ...namespacesFrom(previous, holds.namespaceFiles)])
  const limits = new Map<string, NamespaceLimit>()
  const rendered: Valid<FederatedDocument>[] = []
  const documents = source.federated.filter(isFederatedNamespace)
  for (const { name, namespace } of misspeltNamespaces(source)) {
    held.add(name)
    if (namespace !== undefined) held.add(namespace)
  }
  for (const [name, group] of groupBy(documents, ({ value }) => value.metadata.name)) {
    for (const valid of group) {
      const wrong = nameProblem(valid) ?? twinProblem(valid.document, group)
      const placement = placementOf(valid)
      messages.push(...placement.messages, ...(wrong ? [wrong] : []))
      if (wrong || !placement.clusters) {
        held.add(name)
        if (valid.value.metadata.namespace) held.add(valid.value.metadata.namespace)
        continue
      }
      const selected = () => selectedBy(valid).clusters
      limits.set(name, { type: 'some', clusters: placement.clusters, selected })
      if (name === 'default' || kept.includes(name)) {
        const text = `the Namespace "${name}" is not managed; the placement still limits what is in it`
        messages.push(warningAt(valid.document, ['metadata', 'name'], 'namespace-protected', text))
      } else rendered.push(valid)
    }
  }
  return {
    messages,
    held,
    rendered: rendered.filter(({ value }) => !held.has(value.metadata.name)),
    limitOf(namespace) {
      if (held.has(namespace)) return { type: 'held' }
      const limit = limits.get(namespace)
      if (limit) return limit
      if (holds.mayHold('FederatedNamespace', [namespace])) return { type: 'held' }
      return requireFederatedNamespace ? { type: 'missing' } : all
    },
  }
}

/** Documents that are probably FederatedNamespaces, but for a slip of the pen in their kind or group. */
function misspeltNamespaces({ federated, holds }: FleetSource): readonly HeldDocument[] {
  const others = federated
    .filter(
      (valid) => !isFederatedNamespace(valid) && builtinKind(valid.value.kind.replace(/^Federated/, '')) === undefined,
    )
    .map(({ value: { apiVersion, kind, metadata } }) => ({
      kind,
      group: groupOf(apiVersion),
      namespace: metadata.namespace ?? undefined,
      name: metadata.name,
    }))
  return [...others, ...holds.strangers].filter((one) => mayBe(one, ['FederatedNamespace']))
}

/** Namespaces that the previous tree has from files which cannot be read now: what limits them is unknown. */
function namespacesFrom(previous: PreviousIndex, files: ReadonlySet<string>): readonly string[] {
  return previous.fromSources(files).flatMap((path) => {
    const match = /^clusters\/[^/]+\/_cluster\/Namespace\/([^/]+)\.yaml$/.exec(path)
    return match?.[1] === undefined ? [] : [match[1]]
  })
}

function nameProblem({ document, value }: Valid<FederatedDocument>): Message | undefined {
  const { name, namespace } = value.metadata
  if (namespace === undefined || namespace === null || namespace === name) return undefined
  const text = `a FederatedNamespace has the name of its namespace; "${name}" is in "${namespace}"`
  return errorAt(document, ['metadata', 'name'], 'namespace-name', text)
}

function twinProblem(document: SourceDocument, group: readonly Valid<FederatedDocument>[]): Message | undefined {
  const twin = group.find((other) => other.document !== document)
  if (!twin) return undefined
  const text = `this FederatedNamespace is described twice; the other is at ${placeOf(twin.document, ['metadata', 'name'])}`
  return errorAt(document, ['metadata', 'name'], 'duplicate', text)
}
