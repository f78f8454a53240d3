import { errorAt } from '../../repo-layout/document.ts'
import { subjectPath } from '../../repo-layout/generated/path.ts'
import { compare, type Message } from '../../repo-layout/message.ts'
import type { Valid } from '../../repo-layout/read/assemble.ts'
import { rolloutKey, rolloutNamespace } from '../../repo-layout/read/rollouts.ts'
import type { ApplicationDocument } from '../../repo-layout/schema/shipper.ts'
import type { ChartNeed } from '../charts.ts'
import { clusterRecordPath, parseClusterRecord } from '../clusters.ts'
import type { ObjectFiles, PlacedFile } from '../files.ts'
import type { RenderInput } from '../input.ts'
import type { Memo } from '../memo.ts'
import type { PreviousIndex } from '../previous.ts'
import { stepApplication } from './application.ts'
import { readBlocks } from './blocking.ts'
import { copiesOf } from './copies.ts'
import { releaseFacts } from './facts.ts'
import { idleReleases } from './idle.ts'
import { createOrphans } from './orphans.ts'
import { createOwners, pathsOf } from './owners.ts'
import { applicationFolder, formatRollout } from './record.ts'
import { readRecorded } from './recorded.ts'
import { type Renames, underNewNames } from './renamed.ts'
import type { Rollout } from './rollout.ts'
import { keptPaths, whyStays } from './stays.ts'
import { membersOf } from './taking-part.ts'
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
  /** Whether something else of the fleet makes an object at a path. */
  readonly isTaken: (path: string) => boolean
  /** Whether a path stays as it is, because something else of the fleet that cannot be read may be what it came from. */
  readonly isHeld: (path: string) => boolean
}

/** Renders all applications of a fleet, each one step further where the facts allow it. */
export function renderShipper(input: RenderInput, context: ShipperContext): ShipperOutput {
  const { source, observations, charts } = input
  const { previous, frozen, memo, isTaken, isHeld } = context
  const members = membersOf(source, frozen)
  const renames: Renames = {
    clusters: source.clusters,
    isMember: (name) => members.has(name),
    identityOf: (name) =>
      parseClusterRecord(previous.decisions.get(clusterRecordPath(name)) ?? '')?.cluster.scheduler.identity ?? name,
  }
  const recorded = new Map(
    [...readRecorded(previous, memo)].map(([folder, one]) => {
      return [folder, { ...one, rollouts: underNewNames(one.rollouts, renames) }]
    }),
  )
  const blocks = readBlocks(source)
  const objects: ObjectFiles[] = []
  const kept: string[] = []
  const needs: ChartNeed[] = []
  const pending = new Set<string>()
  const steps: string[] = []
  const messages: Message[] = []
  const live: Rollout[] = []
  const remembered: Rollout[] = []
  const applications = sorted(source.rollouts.applications)
  const there = new Set(applications.map(folderOf))
  const owners = createOwners((path) => isTaken(path) || isHeld(path))

  const staying = [...recorded.values()].filter(({ folder }) => !there.has(folder))
  const reasons = new Map(staying.map((application) => [application.folder, whyStays(input, application, blocks)]))
  const own = [...recorded.values()].filter(({ folder }) => there.has(folder) || reasons.get(folder) !== undefined)
  const had = new Map(own.map(({ folder, rollouts }) => [folder, copiesIn(rollouts)]))
  for (const [folder, copies] of had) owners.keep(folder, pathsOf(copies))
  for (const one of own) if (one.unreadable) owners.keep(one.folder, keptPaths(input, one, previous))
  const orphans = new Map<string, string>()
  const orphanOf = createOrphans(source, previous, recorded)
  for (const application of applications) {
    const folder = folderOf(application)
    // To the letter of Shipper records go at once, whatever a lost cluster has.
    if (recorded.has(folder) && source.fleet.spec.rollouts.rules === 'Shipper') continue
    const orphan = orphanOf(application.value.metadata, (path) => owners.isOthers(folder, path))
    if (orphan !== undefined) orphans.set(folder, orphan)
  }
  for (const folder of orphans.keys()) owners.keep(folder, keptPaths(input, { folder }, previous))

  const isLeft = ({ clusters, workload }: Rollout) =>
    clusters.some((cluster) => frozen.has(cluster) && previous.file(subjectPath(cluster, workload) ?? '') !== undefined)

  /** Whether a cluster whose folder may change has any of these releases in it. */
  const isAnywhere = (rollouts: readonly Rollout[]) =>
    rollouts.some(({ clusters, workload }) =>
      clusters.some((cluster) => !frozen.has(cluster) && previous.file(subjectPath(cluster, workload) ?? '')),
    )

  /** The objects of releases in the clusters of the fleet: what is left in one that was taken out of it is not ours to say. */
  function copiesIn(rollouts: readonly Rollout[]): readonly ObjectFiles[] {
    const copies = copiesOf(rollouts, memo)
    if (rollouts.every(({ clusters }) => clusters.every((cluster) => members.has(cluster)))) return copies
    return copies.map(({ pathInCluster, byCluster }) => {
      return { pathInCluster, byCluster: new Map([...byCluster].filter(([cluster]) => members.has(cluster))) }
    })
  }

  function write(folder: string, rollouts: readonly Rollout[], copies: readonly ObjectFiles[]): void {
    owners.keep(folder, pathsOf(copies))
    objects.push(...copies)
    live.push(...rollouts)
  }

  for (const application of applications) {
    const { metadata } = application.value
    const namespace = rolloutNamespace(metadata)
    const folder = folderOf(application)
    const before = recorded.get(folder)
    const at = (text: string) => errorAt(application.document, ['metadata', 'name'], 'previous', text)
    if (before?.unreadable) {
      kept.push(...keptPaths(input, before, previous))
      messages.push(at(`the records of this application in ${folder} cannot be read; it stays as it is`))
      continue
    }
    const rollouts = before?.rollouts ?? []
    const orphan = orphans.get(folder)
    if (orphan !== undefined) {
      kept.push(...keptPaths(input, { folder }, previous))
      const until = `until ${folder} is restored from an older commit of that branch`
      const what = `${orphan} is in the generated branch, but no record of its release`
      messages.push(at(`${what}; this application stays as it is ${until}`))
      continue
    }
    const now = had.get(folder) ?? []
    const facts = releaseFacts(namespace, observations, previous, () => now)
    const context = { source, observations, charts, frozen, blocks, facts, isLeft }
    const advanced = stepApplication(application, rollouts, context)
    needs.push(...advanced.needs)
    if (advanced.needs.length > 0) pending.add(rolloutKey(metadata))
    messages.push(...advanced.messages)
    const isSame =
      advanced.rollouts.length === rollouts.length && advanced.rollouts.every((one, i) => one === rollouts[i])
    const { free, taken } = owners.apart(folder, isSame ? now : copiesIn(advanced.rollouts))
    if (taken === undefined) {
      write(folder, advanced.rollouts, free)
      steps.push(...stepsBetween(rollouts, advanced.rollouts))
    } else write(folder, rollouts, owners.apart(folder, now).free)
    messages.push(...clashes(application, taken, free, isTaken))
  }

  for (const application of staying) {
    const { folder, rollouts, unreadable } = application
    const why = reasons.get(folder)
    if (why === undefined) {
      if (isAnywhere(rollouts)) steps.push(`Remove ${rollouts[0]?.application ?? folder}`)
      // Its document may come back before a cluster that is away has heard that it was gone.
      if (rollouts.some(isLeft)) remembered.push(...rollouts)
    } else if (unreadable) kept.push(...keptPaths(input, application, previous))
    else write(folder, rollouts, owners.apart(folder, had.get(folder) ?? []).free)
    messages.push(...(why ?? []))
  }
  messages.push(...idleReleases(source, live, pending))
  return {
    objects,
    records: [...live, ...remembered].flatMap((rollout) => memo.of(rollout, [], () => formatRollout(rollout))),
    kept,
    namespaces: namespacesOf(live, members),
    needs,
    steps,
    messages,
  }
}

function folderOf({ value: { metadata } }: Valid<ApplicationDocument>): string {
  return applicationFolder(rolloutNamespace(metadata), metadata.name)
}

/** What is to be said where an application and something else have the same object: whoever had it first keeps it. */
function clashes(
  { document }: Valid<ApplicationDocument>,
  taken: ObjectFiles | undefined,
  free: readonly ObjectFiles[],
  isTaken: (path: string) => boolean,
): readonly Message[] {
  const say = (text: string) => [errorAt(document, ['metadata', 'name'], 'duplicate', text)]
  if (taken)
    return say(
      `${taken.pathInCluster} is an object of something else of this fleet too; this application stays as it is`,
    )
  const contested = free.find((copy) => pathsOf([copy]).some(isTaken))
  if (!contested) return []
  return say(
    `${contested.pathInCluster} is written by something else of this fleet too; this application had it first and keeps it; take it out of one of them`,
  )
}

function sorted(applications: readonly Valid<ApplicationDocument>[]): readonly Valid<ApplicationDocument>[] {
  return [...applications].sort((a, b) => compare(rolloutKey(a.value.metadata), rolloutKey(b.value.metadata)))
}

function namespacesOf(live: readonly Rollout[], members: ReadonlySet<string>): ReadonlyMap<string, readonly string[]> {
  const namespaces = new Map<string, Set<string>>()
  for (const { manifests, clusters: all } of live) {
    for (const { clusters = all, objects } of manifests) {
      for (const { metadata } of objects) {
        if (metadata.namespace === undefined) continue
        const known = namespaces.get(metadata.namespace) ?? new Set()
        for (const cluster of clusters) if (members.has(cluster)) known.add(cluster)
        namespaces.set(metadata.namespace, known)
      }
    }
  }
  return new Map([...namespaces].map(([namespace, clusters]) => [namespace, [...clusters]]))
}
