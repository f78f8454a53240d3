import type { SourceDocument } from '../document.ts'
import { groupOf } from '../subject.ts'
import { isKubefedGroup } from './classify.ts'
import type { ClusterItem, RegistryItem } from './clusters.ts'
import type { SourceFile } from './file.ts'
import { type FederatedDocument, type Item, identityOf, type TypeConfigDocument } from './interpret.ts'
import type { Inventory } from './inventory.ts'
import type { RolloutItems } from './rollouts.ts'

/**
 * What cannot be read for sure and therefore stays as the previous generated tree has it. Ignorance of a document is
 * never a reason to act.
 */
export interface Holds {
  /** Everything that came from these files stays, unless it is rendered now. */
  readonly files: ReadonlySet<string>
  /** Objects whose document is in error, in whatever clusters they are. */
  readonly objects: readonly HeldDocument[]
  /** Clusters whose inventory document is in error. */
  readonly clusters: ReadonlySet<string>
  /** Namespaces whose FederatedNamespace is in error. */
  readonly namespaces: ReadonlySet<string>
  /** Of `files`, those that may hold FederatedNamespaces: a Namespace that came from there is held with all in it. */
  readonly namespaceFiles: ReadonlySet<string>
  /** Documents that nothing is made of, whose kind or group may be a slip of the pen. */
  readonly strangers: readonly HeldDocument[]
  /** Preferences that are in error. */
  readonly preferences: readonly HeldPreference[]
  /** Whether something that cannot be read may be a document of this kind that speaks of one of these names. */
  mayHold(kind: string, names: readonly string[]): boolean
}

/** A document in error that stands for an object: as much of it as can be read. */
export interface HeldDocument {
  /** The document's own kind, such as FederatedDeployment; empty where it cannot be told. */
  readonly kind: string
  readonly group: string
  readonly namespace: string | undefined
  readonly name: string
}

/** A preference in error; without a `targetKind` whatever it may mean. */
export interface HeldPreference {
  readonly namespace: string
  readonly name: string
  readonly targetKind: string | undefined
}

/** The documents of a fleet by kind, with those in error. */
export interface HoldSources {
  readonly broken: readonly SourceFile[]
  /** Files of folders that are not read. */
  readonly leftOut: readonly string[]
  readonly clusters: readonly ClusterItem[]
  readonly registry: readonly RegistryItem[]
  /** Clusters whose address is not there. */
  readonly unaddressed: Inventory['unaddressed']
  readonly federated: readonly Item<FederatedDocument>[]
  readonly preferences: readonly Item<unknown>[]
  readonly typeConfigs: readonly Item<TypeConfigDocument>[]
  /** Objects that nothing places. */
  readonly unplaced: readonly SourceDocument[]
  /** Kinds that are not read, of groups that are. */
  readonly unsupported: readonly SourceDocument[]
  /** Objects that lack apiVersion or kind. */
  readonly halves: readonly SourceDocument[]
  readonly rollouts: readonly RolloutItems[]
}

/** Gathers what is to be held. */
export function gatherHolds(from: HoldSources): Holds {
  const federated = from.federated.filter(isInError)
  const namespaces = federated.filter(isNamespace)
  const objects = [...federated.filter((item) => !isNamespace(item)).map(({ document }) => document), ...from.unplaced]
  const preferences = from.preferences.filter(isInError).map(({ document }) => document)
  const typeConfigs = from.typeConfigs.filter(isInError).map(({ document }) => document)
  const rollouts = from.rollouts
    .flatMap(({ applications, releases, blocks }) => [...applications, ...releases, ...blocks])
    .filter(isInError)
    .map(({ document }) => document)
  const nameless = namespaces.filter(({ document }) => !isNamed(document) && !identityOf(document).namespace)
  // A kind of kubefed's groups that is none may be a slip of any.
  const misnamed = from.unplaced.filter(({ value }) => isKubefedGroup(value))
  const otherClusters = from.unplaced.filter(({ value }) => value.kind === 'Cluster')
  const registry = from.registry.filter(({ apiEndpoint }) => apiEndpoint === undefined).map(({ document }) => document)
  const texts = [
    ...from.broken.map(({ text }) => text),
    ...[...misnamed, ...otherClusters, ...registry, ...from.unsupported, ...from.halves].map(({ value }) =>
      JSON.stringify(value),
    ),
    ...typeConfigs.map(({ value }) => JSON.stringify(value)),
    ...nameless.map(({ document }) => JSON.stringify(document.value)),
    // Whether a custom kind has a namespace stands in its CRD.
    ...objects
      .filter(({ value }) => /CustomResourceDefinition$/.test(String(value.kind)))
      .map(({ value }) => JSON.stringify(value)),
  ]
  const mayHold = wordSearch(texts)
  // Of such a file not even the words are known.
  const isUnread = from.broken.some(({ text }) => text === '')
  const leftUnread = from.clusters.filter(({ cluster, name }) => !cluster && name === undefined)
  return {
    files: new Set([
      ...from.leftOut,
      ...from.broken.map(({ path }) => path),
      ...[...objects, ...namespaces.map(({ document }) => document), ...preferences, ...typeConfigs, ...rollouts]
        .filter((document) => !isNamed(document))
        .map(({ path }) => path),
      // Without its kind, a name tells little.
      ...from.halves.map(({ path }) => path),
      ...leftUnread.map(({ document }) => document.path),
      ...misnamed.map(({ path }) => path),
      // A type that is in error may be what placed these.
      ...from.unplaced.flatMap(({ path, value }) =>
        mayHold('FederatedTypeConfig', [String(value.kind)]) ? [path] : [],
      ),
    ]),
    namespaceFiles: new Set([...from.broken.map(({ path }) => path), ...nameless.map(({ document }) => document.path)]),
    objects: [...objects, ...from.halves].flatMap(heldDocument),
    strangers: [...from.unplaced, ...from.unsupported, ...from.halves].flatMap(heldDocument),
    clusters: new Set([
      ...from.clusters.flatMap(({ name, cluster }) => (cluster || name === undefined ? [] : [name])),
      ...from.unaddressed.flatMap(({ name, registryName }) =>
        isUnread || mayHold('Cluster', [registryName]) ? [name] : [],
      ),
    ]),
    namespaces: new Set(
      namespaces.flatMap(({ document }) => {
        const { namespace, name } = identityOf(document)
        return [namespace, name].filter((one) => one !== undefined)
      }),
    ),
    preferences: preferences.flatMap((document) => {
      const { namespace = 'default', name } = identityOf(document)
      const { spec } = document.value
      const kind = typeof spec === 'object' && spec !== null && 'targetKind' in spec ? spec.targetKind : undefined
      return name === undefined ? [] : [{ namespace, name, targetKind: typeof kind === 'string' ? kind : undefined }]
    }),
    mayHold,
  }
}

function heldDocument(document: SourceDocument): readonly HeldDocument[] {
  const { namespace, name } = identityOf(document)
  const { kind, apiVersion } = document.value
  return name === undefined
    ? []
    : [{ kind: String(kind ?? ''), group: groupOf(String(apiVersion ?? '')), namespace, name }]
}

function isInError(item: Item<unknown>): boolean {
  return item.value === undefined
}

function isNamespace({ document }: Item<unknown>): boolean {
  return document.value.kind === 'FederatedNamespace'
}

function isNamed(document: SourceDocument): boolean {
  return identityOf(document).name !== undefined
}

/**
 * Looks for a kind and a name in the same text: whole words, in any case, a name also in the plural. A name of several
 * words (`web.example`) is looked for as it stands.
 */
function wordSearch(texts: readonly string[]): Holds['mayHold'] {
  const words = new Map<string, ReadonlySet<string>>()
  const wordsOf = (text: string) => {
    const known = words.get(text)
    if (known) return known
    const found = new Set(text.toLowerCase().match(/[\p{L}\p{N}_-]+/gu) ?? [])
    words.set(text, found)
    return found
  }
  return (kind, names) =>
    texts.some((text) => {
      if (!text.toLowerCase().includes(kind.toLowerCase())) return false
      const found = wordsOf(text)
      return names.some((name) => {
        const lower = name.toLowerCase()
        if (/[^\p{L}\p{N}_-]/u.test(lower)) return text.toLowerCase().includes(lower)
        return plurals(lower).some((word) => found.has(word))
      })
    })
}

function plurals(word: string): readonly string[] {
  return [word, `${word}s`, `${word}es`, word.replace(/y$/, 'ies')]
}
