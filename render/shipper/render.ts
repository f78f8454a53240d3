import { errorAt, warningAt } from '../../repo-layout/document.ts'
import { compare, type Message } from '../../repo-layout/message.ts'
import type { FleetSource, Valid } from '../../repo-layout/read/assemble.ts'
import { rolloutKey, rolloutNamespace } from '../../repo-layout/read/rollouts.ts'
import type { ApplicationDocument } from '../../repo-layout/schema/shipper.ts'
import type { ChartNeed } from '../charts.ts'
import type { ObjectFiles, PlacedFile } from '../files.ts'
import type { RenderInput } from '../input.ts'
import type { Memo } from '../memo.ts'
import type { PreviousIndex } from '../previous.ts'
import { mayBe } from '../suspects.ts'
import { stepApplication } from './application.ts'
import { type Blocks, readBlocks } from './blocking.ts'
import { copiesOf } from './copies.ts'
import { releaseFacts } from './facts.ts'
import { applicationFolder, formatRollout } from './record.ts'
import { type RecordedApplication, readRecorded } from './recorded.ts'
import { type Rollout, releaseKey } from './rollout.ts'
import { stepsBetween } from './tell.ts'

/** Everything that Shipper's kinds make of a fleet. */
export interface ShipperOutput {
  readonly objects: readonly ObjectFiles[]
  readonly records: readonly PlacedFile[]
  /** Paths of the previous tree that stay as they are. */
  readonly kept: readonly string[]
  /** The clusters in which each namespace is used. */
  readonly namespaces: ReadonlyMap<string, readonly string[]>
  readonly needs: readonly ChartNeed[]
  /** What this render changes about rollouts, a line each. */
  readonly steps: readonly string[]
  readonly messages: readonly Message[]
}

/** What a render is about, beside its input. */
export interface ShipperContext {
  readonly previous: PreviousIndex
  /** Clusters whose folder stays as it is: lost ones, and those whose inventory document cannot be read. */
  readonly frozen: ReadonlySet<string>
  readonly memo: Memo
  /** Whether something else of the fleet has an object at a path already. */
  readonly isTaken: (path: string) => boolean
}

/** Renders all applications of a fleet, each one step further where the facts allow it. */
export function renderShipper(input: RenderInput, context: ShipperContext): ShipperOutput {
  const { source, observations, charts } = input
  const { previous, frozen, memo, isTaken } = context
  const recorded = readRecorded(previous, memo)
  const blocks = readBlocks(source)
  const objects: ObjectFiles[] = []
  const kept: string[] = []
  const needs: ChartNeed[] = []
  const steps: string[] = []
  const messages: Message[] = []
  const live: Rollout[] = []
  const claimed = new Set<string>()

  /** The first object of these copies that something else of the fleet has too, and the copies without such. */
  function apart(copies: readonly ObjectFiles[]): { readonly free: readonly ObjectFiles[]; readonly taken?: string } {
    const isFree = ({ byCluster }: ObjectFiles) =>
      [...byCluster.values()].every(([path]) => !isTaken(path) && !claimed.has(path))
    const [taken] = copies.filter((copy) => !isFree(copy))
    return { free: copies.filter(isFree), ...(taken ? { taken: taken.pathInCluster } : {}) }
  }

  function write(rollouts: readonly Rollout[], copies: readonly ObjectFiles[]): void {
    for (const { byCluster } of copies) for (const [path] of byCluster.values()) claimed.add(path)
    objects.push(...copies)
    live.push(...rollouts)
  }

  const there = new Set<string>()
  for (const application of sorted(source.rollouts.applications)) {
    const { metadata } = application.value
    const { name } = metadata
    const namespace = rolloutNamespace(metadata)
    const folder = applicationFolder(namespace, name)
    there.add(folder)
    const before = recorded.get(folder)
    if (before?.unreadable) {
      kept.push(...keptPaths(input, before, previous))
      const text = `the records of this application in ${folder} cannot be read; it stays as it is`
      messages.push(errorAt(application.document, ['metadata', 'name'], 'previous', text))
      continue
    }
    const rollouts = before?.rollouts ?? []
    const orphan = rollouts.length === 0 ? orphanOf(source, namespace, name, previous) : undefined
    if (orphan !== undefined) {
      kept.push(...pathsIn(source, namespace, previous))
      const text = `${orphan} is in the generated branch, but no record of its release; this application stays as it is until ${folder} is restored from an older commit of that branch`
      messages.push(errorAt(application.document, ['metadata', 'name'], 'previous', text))
      continue
    }
    const facts = releaseFacts(namespace, observations, previous, () => copiesOf(rollouts, memo))
    const advanced = stepApplication(application, rollouts, { source, observations, charts, frozen, blocks, facts })
    needs.push(...advanced.needs)
    messages.push(...advanced.messages)
    const { free, taken } = apart(copiesOf(advanced.rollouts, memo))
    if (taken === undefined) {
      write(advanced.rollouts, free)
      steps.push(...stepsBetween(rollouts, advanced.rollouts))
      continue
    }
    write(rollouts, apart(copiesOf(rollouts, memo)).free)
    const text = `${taken} is an object of something else of this fleet too; this application stays as it is`
    messages.push(errorAt(application.document, ['metadata', 'name'], 'duplicate', text))
  }

  for (const [folder, application] of recorded) {
    if (there.has(folder)) continue
    const stays = whyStays(input, application, blocks)
    if (stays === undefined) {
      steps.push(`Remove ${application.rollouts[0]?.application ?? folder}`)
      continue
    }
    messages.push(...stays)
    if (application.unreadable) kept.push(...keptPaths(input, application, previous))
    else write(application.rollouts, apart(copiesOf(application.rollouts, memo)).free)
  }
  if (needs.length === 0) messages.push(...idleReleases(source, live))
  return {
    objects,
    records: live.flatMap((rollout) => memo.of(rollout, [], () => formatRollout(rollout))),
    kept,
    namespaces: namespacesOf(live),
    needs,
    steps,
    messages,
  }
}

function sorted(applications: readonly Valid<ApplicationDocument>[]): readonly Valid<ApplicationDocument>[] {
  return [...applications].sort((a, b) => compare(rolloutKey(a.value.metadata), rolloutKey(b.value.metadata)))
}

function namespacesOf(live: readonly Rollout[]): ReadonlyMap<string, readonly string[]> {
  const namespaces = new Map<string, Set<string>>()
  for (const { manifests, clusters: all } of live) {
    for (const { clusters = all, objects } of manifests) {
      for (const { metadata } of objects) {
        if (metadata.namespace === undefined) continue
        const known = namespaces.get(metadata.namespace) ?? new Set()
        for (const cluster of clusters) known.add(cluster)
        namespaces.set(metadata.namespace, known)
      }
    }
  }
  return new Map([...namespaces].map(([namespace, clusters]) => [namespace, [...clusters]]))
}

/** Why an application whose document is gone stays as it is, as messages; undefined where it goes. */
function whyStays(
  { source }: RenderInput,
  { rollouts, unreadable }: RecordedApplication,
  blocks: Blocks,
): readonly Message[] | undefined {
  const newest = rollouts.at(-1)
  if (!newest || unreadable) return []
  const { namespace, application: name } = newest
  const { held } = source.rollouts
  const { files, strangers, mayHold } = source.holds
  const isHeld =
    held.nameless ||
    held.applications.has(`${namespace}/${name}`) ||
    files.has(newest.source) ||
    mayHold('Application', [name]) ||
    strangers.some((one) => one.name === name && mayBe(one, ['Application']))
  return isHeld ? [] : blocks.vetoRemoval(namespace, name)
}

/** Of an application whose records cannot be read everything stays: the records, and all that is in its namespace. */
function keptPaths(
  { source }: RenderInput,
  { folder }: RecordedApplication,
  previous: PreviousIndex,
): readonly string[] {
  const [, namespace = ''] = folder.split('/')
  return [
    ...[...previous.decisions.keys()].filter((path) => path.startsWith(folder)),
    ...pathsIn(source, namespace, previous),
  ]
}

function pathsIn({ clusters }: FleetSource, namespace: string, previous: PreviousIndex): readonly string[] {
  return clusters.flatMap(({ name }) => previous.inNamespace(name, namespace))
}

/**
 * A workload that only a release of this application can have, of which there is no record: a branch that was put together
 * from what runs has none. To begin anew would take the replicas of what runs.
 */
function orphanOf(
  source: FleetSource,
  namespace: string,
  application: string,
  previous: PreviousIndex,
): string | undefined {
  const isWorkload = new RegExp(`/(Deployment|StatefulSet)\\.apps/${application}-[0-9a-f]{1,8}-\\d+[^/]*\\.yaml$`)
  return pathsIn(source, namespace, previous).find((path) => isWorkload.test(path))
}

/** Releases that command nothing: of no release that there is, or of one that is not the newest of its application. */
function idleReleases({ rollouts }: FleetSource, live: readonly Rollout[]): readonly Message[] {
  const newest = new Map<string, Rollout>()
  for (const rollout of live) newest.set(`${rollout.namespace}/${rollout.application}`, rollout)
  const commanded = new Set([...newest.values()].map(releaseKey))
  return rollouts.releases.flatMap(({ document, value }) => {
    const key = rolloutKey(value.metadata)
    if (commanded.has(key)) return []
    const older = live.find((rollout) => releaseKey(rollout) === key)
    const application = older?.application ?? value.metadata.name.replace(/-[0-9a-f]+-\d+$/, '')
    const now = newest.get(`${rolloutNamespace(value.metadata)}/${application}`)
    const which = now ? `; the newest of ${application} is ${now.name}` : ''
    const what = older ? 'this is not the newest release' : 'there is no such release'
    return [
      warningAt(document, ['metadata', 'name'], 'release-idle', `${what}, so its targetStep has no effect${which}`),
    ]
  })
}
