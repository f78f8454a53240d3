import type { MemberCluster } from '../cluster.ts'
import { errorAt, messageAt, type SourceDocument } from '../document.ts'
import type { JsonObject } from '../json.ts'
import type { Message } from '../message.ts'
import type { Fleet } from '../schema/fleet.ts'
import type { PreferenceDocument } from '../schema/kubefed.ts'
import { groupOf } from '../subject.ts'
import { explainPlain } from './classify.ts'
import type { ClusterItem } from './clusters.ts'
import { problem } from './file.ts'
import {
  type FederatedDocument,
  type FileItems,
  type Item,
  identityOf,
  interpretFederated,
  type TypeConfigDocument,
} from './interpret.ts'

/** A document that fits its schema. */
export interface Valid<T> {
  readonly document: SourceDocument
  readonly value: T
}

/**
 * What cannot be read for sure and therefore stays as the previous generated tree has it. Ignorance of a document is
 * never a reason to act.
 */
export interface Holds {
  /** Everything that came from these files stays, unless it is rendered now. */
  readonly files: ReadonlySet<string>
  /** Objects whose document is in error, in whatever clusters they are. */
  readonly objects: readonly { readonly kind: string; readonly namespace: string | undefined; readonly name: string }[]
  /** Clusters whose inventory document is in error. */
  readonly clusters: ReadonlySet<string>
  /** Namespaces whose FederatedNamespace is in error. */
  readonly namespaces: ReadonlySet<string>
  /** `<namespace>/<name>` of preferences that are in error. */
  readonly preferences: ReadonlySet<string>
  /** A broken file may hold FederatedNamespaces: which namespaces it limits is unknown. */
  readonly unknownNamespaces: boolean
  /** A broken file may hold FederatedTypeConfigs. */
  readonly unknownTypes: boolean
}

/** A fleet repository, read. */
export interface FleetSource {
  readonly fleet: Fleet
  /** The file of the Fleet document. */
  readonly fleetPath: string
  /** Sorted by name. */
  readonly clusters: readonly MemberCluster[]
  readonly federated: readonly Valid<FederatedDocument>[]
  readonly preferences: readonly Valid<PreferenceDocument>[]
  readonly typeConfigs: readonly Valid<TypeConfigDocument>[]
  readonly holds: Holds
}

/** A fleet, or nothing where rendering any of it would be unsafe; with everything there is to say. */
export interface FleetReading {
  readonly source: FleetSource | undefined
  readonly messages: readonly Message[]
}

/**
 * Joins what the files of a source say to one fleet. A document in error never takes down the rest: it is held. Only
 * what would make the whole unsafe gives no source: no readable Fleet, two clusters of one name, a source path that
 * is not there.
 */
export function assembleFleet(all: readonly FileItems[]): FleetReading {
  const found = findFleet(all)
  if ('messages' in found) return { source: undefined, messages: found.messages }
  const { fleet, path: fleetPath } = found
  const paths = fleet.spec.source.paths.map(normalize)
  const missing = paths.filter((path) => !all.some(({ file }) => isBelow(file.path, path)))
  if (missing.length > 0) return { source: undefined, messages: missing.map((path) => missingPath(fleetPath, path)) }

  const files = all.filter(({ file }) => file.path === fleetPath || paths.some((path) => isBelow(file.path, path)))
  const messages: Message[] = files.flatMap((file) => file.messages)
  const broken = files.filter(({ file }) => file.broken).map(({ file }) => file)
  const typeConfigs = files.flatMap((file) => file.typeConfigs)
  const federated = files.flatMap((file) => file.federated)
  for (const document of files.flatMap((file) => file.plain)) {
    if (!isFederatedBy(document.value, typeConfigs)) {
      messages.push(errorAt(document, ['kind'], 'not-placed', explainPlain(document.value)))
      continue
    }
    const item = interpretFederated(document)
    messages.push(...item.messages)
    federated.push(item)
  }

  const items = files.flatMap((file) => file.clusters)
  const twins = duplicateClusters(items)
  if (twins.length > 0) return { source: undefined, messages: [...messages, ...twins] }
  const endpoints = new Map(files.flatMap((file) => file.registry).map((entry) => [entry.name, entry]))

  const preferences = files.flatMap((file) => file.preferences)
  return {
    messages,
    source: {
      fleet,
      fleetPath,
      clusters: items
        .flatMap((item) => (item.cluster ? [withEndpoint(item.cluster, endpoints.get(item.registryName))] : []))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      federated: federated.filter(isValid),
      preferences: preferences.filter(isValid),
      typeConfigs: typeConfigs.filter(isValid),
      holds: {
        ...holdFederated(federated.filter((item) => !isValid(item))),
        files: new Set([
          ...broken.map(({ path }) => path),
          ...[...federated, ...preferences, ...typeConfigs]
            .filter((item) => !isNamed(item))
            .map(({ document }) => document.path),
          ...items.filter(({ name, cluster }) => !cluster && name === undefined).map(({ document }) => document.path),
        ]),
        clusters: new Set(items.flatMap(({ name, cluster }) => (cluster || name === undefined ? [] : [name]))),
        preferences: new Set(
          preferences
            .filter((item) => !isValid(item))
            .map(({ document }) => {
              const { namespace = 'default', name } = identityOf(document)
              return `${namespace}/${name}`
            }),
        ),
        unknownNamespaces: broken.some((file) => file.mayHold('FederatedNamespace')),
        unknownTypes:
          broken.some((file) => file.mayHold('FederatedTypeConfig')) || typeConfigs.some((item) => !isValid(item)),
      },
    },
  }
}

function findFleet(
  files: readonly FileItems[],
): { readonly fleet: Fleet; readonly path: string } | { readonly messages: readonly Message[] } {
  const fleets = files.flatMap((file) => file.fleets)
  const [first] = fleets
  if (first?.value && fleets.length === 1) return { fleet: first.value, path: first.document.path }
  const messages = files.flatMap((file) => file.messages)
  if (!first) {
    const text =
      'no Fleet was found; write one: apiVersion: flotilla.dev/v1alpha1, kind: Fleet, metadata: {name: my-fleet}'
    messages.push(problem('flotilla.yaml', 'fleet-missing', text))
  } else if (fleets.length > 1) {
    for (const { document } of fleets) {
      const others = fleets.filter((item) => item.document !== document).map((item) => item.document.path)
      messages.push(
        errorAt(document, [], 'fleet-duplicate', `a source has one Fleet; another is in ${others.join(', ')}`),
      )
    }
  }
  return { messages }
}

function normalize(path: string): string {
  return path
    .replace(/^\.\/+/, '')
    .replace(/\/+$/, '')
    .replace(/^\.$/, '')
}

function isBelow(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`)
}

function missingPath(fleetPath: string, path: string): Message {
  return problem(fleetPath, 'tree-unreadable', `spec.source.paths names "${path}", and nothing is there`)
}

function isFederatedBy(document: JsonObject, typeConfigs: readonly Item<TypeConfigDocument>[]): boolean {
  return typeConfigs.some(({ value }) => {
    const type = value?.spec.federatedType
    return type?.kind === document.kind && (type?.group ?? '') === groupOf(String(document.apiVersion))
  })
}

function duplicateClusters(items: readonly ClusterItem[]): Message[] {
  return items.flatMap(({ document, name }) => {
    if (name === undefined) return []
    const twin = items.find((other) => other.document !== document && other.name?.toLowerCase() === name.toLowerCase())
    if (!twin) return []
    const at = twin.document.locate(['metadata', 'name'])
    const where = `${twin.document.path}:${at.line}:${at.column}`
    return [
      messageAt(document, ['metadata', 'name'], {
        severity: 'error',
        code: 'cluster-duplicate',
        text:
          twin.name === name
            ? `the cluster "${name}" is described twice; the other is at ${where}`
            : `the cluster "${name}" differs from "${twin.name}" only in case; the other is at ${where}`,
      }),
    ]
  })
}

function withEndpoint(
  cluster: MemberCluster,
  endpoint: { readonly apiEndpoint: string | undefined; readonly caBundle: string | undefined } | undefined,
): MemberCluster {
  if (!endpoint?.apiEndpoint || cluster.connection?.type !== 'kubefed') return cluster
  const { apiEndpoint, caBundle } = endpoint
  return { ...cluster, connection: { ...cluster.connection, apiEndpoint, caBundle } }
}

function isValid<T>(item: Item<T>): item is Valid<T> {
  return item.value !== undefined
}

function isNamed({ document, value }: Item<unknown>): boolean {
  return value !== undefined || identityOf(document).name !== undefined
}

function holdFederated(items: readonly Item<FederatedDocument>[]): Pick<Holds, 'objects' | 'namespaces'> {
  const namespaces = new Set<string>()
  const objects: { kind: string; namespace: string | undefined; name: string }[] = []
  for (const { document } of items) {
    const kind = String(document.value.kind).replace(/^Federated/, '')
    const { namespace, name } = identityOf(document)
    if (name === undefined) continue
    if (kind === 'Namespace') namespaces.add(namespace ?? name)
    else objects.push({ kind, namespace, name })
  }
  return { namespaces, objects }
}
