import { posix } from 'node:path'
import type { MemberCluster } from '../cluster.ts'
import { errorAt, placeOf, type SourceDocument } from '../document.ts'
import { getIn } from '../json.ts'
import type { Message } from '../message.ts'
import type { Fleet } from '../schema/fleet.ts'
import type { PreferenceDocument } from '../schema/kubefed.ts'
import { groupOf } from '../subject.ts'
import { explainPlain, explainUnsupported, isKubefedGroup } from './classify.ts'
import { problem } from './file.ts'
import { gatherHolds, type Holds } from './holds.ts'
import {
  type FederatedDocument,
  type FileItems,
  type Item,
  interpretFederated,
  type TypeConfigDocument,
} from './interpret.ts'
import { gatherInventory } from './inventory.ts'
import { gatherRollouts, type RolloutSource } from './rollouts.ts'
import type { LeftOut } from './select.ts'

/** A document that fits its schema. */
export interface Valid<T> {
  readonly document: SourceDocument
  readonly value: T
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
  /** What Shipper's kinds say. */
  readonly rollouts: RolloutSource
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
export function assembleFleet(all: readonly FileItems[], notRead: LeftOut): FleetReading {
  const leftOut = withoutCharts(notRead, all)
  const found = findFleet(all)
  if ('messages' in found) return { source: undefined, messages: [...found.messages, ...leftOut.messages] }
  const { fleet, document } = found
  const fleetPath = document.path
  const paths = fleet.spec.source.paths.map(normalize)
  const known = [...all.map(({ file }) => file.path), ...leftOut.files]
  const missing = paths.flatMap((path, i) =>
    known.some((one) => isBelow(one, path)) ? [] : [missingPath(document, i)],
  )
  if (missing.length > 0) return { source: undefined, messages: [...all.flatMap((file) => file.messages), ...missing] }

  const isRead = (file: string) => paths.some((path) => isBelow(file, path))
  const files = all.filter(({ file }) => file.path === fleetPath || isRead(file.path))
  const messages: Message[] = [
    ...files.flatMap((file) => file.messages),
    ...leftOut.messages.filter(({ path }) => isRead(path)),
  ]
  const typeConfigs = files.flatMap((file) => file.typeConfigs)
  const federated = files.flatMap((file) => file.federated)
  const unplaced: SourceDocument[] = []
  const federatedTypes = new Set(typeConfigs.flatMap(({ value }) => (value ? [typeKey(value)] : [])))
  for (const document of files.flatMap((file) => file.plain)) {
    if (federatedTypes.has(`${groupOf(String(document.value.apiVersion))}/${String(document.value.kind)}`)) {
      const item = interpretFederated(document)
      messages.push(...item.messages)
      federated.push(item)
    } else {
      unplaced.push(document)
      messages.push(explainUnplaced(document))
    }
  }

  const items = files.flatMap((file) => file.clusters)
  const registry = files.flatMap((file) => file.registry)
  const inventory = gatherInventory(items, registry)
  messages.push(...inventory.messages)
  if (inventory.hasTwins) return { source: undefined, messages }
  const preferences = files.flatMap((file) => file.preferences)
  const { messages: aboutRollouts, ...rollouts } = gatherRollouts(files.flatMap((file) => file.rollouts))
  messages.push(...aboutRollouts)
  return {
    messages,
    source: {
      fleet,
      fleetPath,
      clusters: inventory.clusters,
      federated: federated.filter(isValid),
      preferences: preferences.filter(isValid),
      typeConfigs: typeConfigs.filter(isValid),
      rollouts,
      holds: gatherHolds({
        broken: files.filter(({ file }) => file.broken).map(({ file }) => file),
        leftOut: leftOut.files.filter(isRead),
        clusters: items,
        registry,
        unaddressed: inventory.unaddressed,
        federated,
        preferences,
        typeConfigs,
        unplaced,
        unsupported: files.flatMap((file) => file.unsupported),
        halves: files.flatMap(({ file }) => file.halves),
        rollouts: files.flatMap((file) => file.rollouts),
      }),
    },
  }
}

/** Folders of charts that an Application names are not read here, but by Helm: there is nothing to say about them. */
function withoutCharts({ messages, files }: LeftOut, all: readonly FileItems[]): LeftOut {
  const charts = all.flatMap(({ rollouts }) =>
    rollouts.flatMap(({ applications }) =>
      applications.flatMap(({ value }) => {
        const { repoUrl, name } = value?.spec.template.chart ?? { repoUrl: '', name: '' }
        return /^\.{0,2}\//.test(repoUrl) ? [normalize(posix.join(repoUrl, name))] : []
      }),
    ),
  )
  if (charts.length === 0) return { messages, files }
  const isChart = (path: string) => charts.some((folder) => isBelow(path, folder))
  return {
    messages: messages.filter(({ path }) => !isChart(path)),
    files: files.filter((path) => !isChart(path)),
  }
}

function findFleet(
  files: readonly FileItems[],
): { readonly fleet: Fleet; readonly document: SourceDocument } | { readonly messages: readonly Message[] } {
  const fleets = files.flatMap((file) => file.fleets)
  const [first] = fleets
  if (first?.value && fleets.length === 1) return { fleet: first.value, document: first.document }
  const messages = files.flatMap((file) => file.messages)
  if (!first) {
    const broken = files.find(({ file }) => file.broken && /\bFleet\b/.test(file.text))
    const text = broken
      ? `no Fleet can be read; it may be in this file`
      : 'no Fleet was found; write one: apiVersion: flotilla.dev/v1alpha1, kind: Fleet, metadata: {name: my-fleet}'
    messages.push(problem(broken?.file.path ?? 'flotilla.yaml', 'fleet-missing', text))
  } else if (fleets.length > 1) {
    for (const { document } of fleets) {
      const others = fleets.filter((item) => item.document !== document).map((item) => placeOf(item.document))
      messages.push(
        errorAt(document, [], 'fleet-duplicate', `a source has one Fleet; another is at ${others.join(', ')}`),
      )
    }
  }
  return { messages }
}

function normalize(path: string): string {
  return posix
    .normalize(path)
    .replace(/^\.?\/+|\/+$/g, '')
    .replace(/^\.$/, '')
}

function isBelow(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`)
}

function missingPath(document: SourceDocument, index: number): Message {
  const path = ['spec', 'source', 'paths', index]
  return errorAt(document, path, 'tree-unreadable', `nothing is at ${JSON.stringify(getIn(document.value, path))}`)
}

function typeKey({ spec }: TypeConfigDocument): string {
  const { group, kind } = spec.federatedType ?? {}
  return `${group ?? ''}/${kind}`
}

function explainUnplaced(document: SourceDocument): Message {
  return isKubefedGroup(document.value)
    ? errorAt(document, ['kind'], 'unsupported', explainUnsupported(document.value))
    : errorAt(document, ['kind'], 'not-placed', explainPlain(document.value))
}

function isValid<T>(item: Item<T>): item is Valid<T> {
  return item.value !== undefined
}
