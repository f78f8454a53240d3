import type { KubeObject } from '../../../repo-layout/json.ts'
import { compare } from '../../../repo-layout/message.ts'
import { type Subject, subjectOf } from '../../../repo-layout/subject.ts'
import { desiredReplicas } from '../capacity.ts'
import { stateOf } from '../conditions.ts'
import type { ReleaseEnvironment } from '../environment.ts'
import { environmentHash } from '../hash.ts'
import { manifestsOf } from '../manifests.ts'
import { notBegun, type Rollout } from '../rollout.ts'
import { replicasIn, weightIn } from '../state.ts'
import { recordedObjects } from './objects.ts'
import { productionService, type RunningIn, type RunningRelease, readRunning } from './running.ts'

/** What is known of an application whose records are lost. */
export interface LostApplication {
  readonly namespace: string
  readonly name: string
  readonly fleetName: string
  /** What each cluster whose folder is lost runs of it, as it was applied. */
  readonly objects: ReadonlyMap<string, readonly KubeObject[]>
  /** Its releases as far as the branch still has them, oldest first. */
  readonly recorded: readonly Rollout[]
  /** As its document says it now; undefined where there is none that can be read. */
  readonly template: ReleaseEnvironment | undefined
  /** The file of its document, or what stands for one. */
  readonly source: string
  /** The labels that its releases take over. */
  readonly labels: Readonly<Record<string, string>>
}

/** What came of it. */
export type RebuiltApplication =
  /** The branch still says what runs. */
  | { readonly type: 'fits' }
  | { readonly type: 'rebuilt'; readonly rollouts: readonly Rollout[] }
  /** It stays as it is, for want of a record. */
  | { readonly type: 'unknown'; readonly why: string }

/**
 * Makes the releases of an application again from what its clusters run, so that the next render takes no replica and no
 * traffic from what serves: the oldest release with traffic is the running version, those before it are history, and the one
 * after it, whose shared objects nobody knows any more, is given up. A version that never had traffic is nobody's running
 * version: the template begins anew beside it.
 */
export function rebuildApplication(lost: LostApplication): RebuiltApplication {
  const read = readRunning(lost.objects)
  if (read.type === 'unknown') return read
  if (isRecorded(lost, read.releases)) return { type: 'fits' }
  const seen = new Map(read.releases.map((release) => [release.name, release]))
  const known = new Map(lost.recorded.map((rollout) => [rollout.name, rollout]))
  const chain = [...new Set([...known.keys(), ...seen.keys()])]
    .flatMap((name): Rollout[] => {
      const rollout = known.get(name)
      const release = seen.get(name)
      const base = rollout ?? (release && made(lost, release))
      return base ? [withLoads(base, lost.objects, release)] : []
    })
    .filter(({ clusters }) => clusters.length > 0)
    .sort((a, b) => a.generation - b.generation || compare(a.name, b.name))
  const running = chain.findIndex(isInUse)
  const younger = running < 0 ? [] : chain.slice(running + 1)
  if (younger.length > 1) {
    const names = younger.map(({ name }) => name).join(' and ')
    return { type: 'unknown', why: `${names} came after ${chain[running]?.name}` }
  }
  return { type: 'rebuilt', rollouts: chain.map((rollout, i) => standing(rollout, i - running, running >= 0)) }
}

/** Whether the records of the branch are those of what runs in the lost clusters. */
function isRecorded({ recorded, objects }: LostApplication, running: readonly RunningRelease[]): boolean {
  const names = new Set(recorded.map(({ name }) => name))
  return (
    running.every(({ name }) => names.has(name)) &&
    recorded.every((rollout) =>
      rollout.clusters
        .filter((cluster) => objects.has(cluster))
        .every((cluster) => {
          const there = running.find(({ name }) => name === rollout.name)?.clusters.get(cluster)
          return there !== undefined && isAsRecorded(there, rollout, cluster)
        }),
    )
  )
}

function isAsRecorded({ replicas, weight, isSelected }: RunningIn, rollout: Rollout, cluster: string): boolean {
  return (
    replicas === replicasIn(rollout, cluster) &&
    weight === weightIn(rollout, cluster) &&
    isSelected === rollout.selectedIn.has(cluster)
  )
}

/** A release of which there is no record, but for what it has in clusters. */
function made(lost: LostApplication, release: RunningRelease): Rollout | undefined {
  const [first] = release.clusters.values()
  if (!first) return undefined
  const { note, workload } = first
  const { namespace, name: application, source, labels: applicationLabels, fleetName } = lost
  const own = [...release.clusters.keys()].map((cluster) => ({
    clusters: [cluster],
    objects: recordedObjects(release, cluster, lost.objects.get(cluster) ?? [], fleetName),
  }))
  return {
    ...notBegun,
    ...{ namespace, application, source, applicationLabels },
    name: release.name,
    generation: note.generation,
    iteration: Number(/-(\d+)$/.exec(release.name)?.[1] ?? 0),
    hash: release.hash,
    environment: environmentOf(lost, release, note.chart),
    template: note.template,
    digest: note.digest,
    engine: note.engine,
    clusters: [],
    totalReplicas: new Map(),
    manifests: manifestsOf(own),
    workload: subjectOf(workload),
    service: serviceOf(lost),
  }
}

function serviceOf({ objects }: LostApplication): Subject | undefined {
  for (const own of objects.values()) {
    const service = productionService(own)
    if (service) return subjectOf(service)
  }
  return undefined
}

/** The template as it is now where it is that of the release; else what any release comes to in the end. */
function environmentOf(
  { template }: LostApplication,
  { hash }: RunningRelease,
  chart: ReleaseEnvironment['chart'],
): ReleaseEnvironment {
  const same = template && { ...template, chart }
  if (same && environmentHash(same) === hash) return same
  const whole = { incumbent: 0, contender: 100 }
  return { chart, clusterRequirements: {}, strategy: { steps: [{ name: 'full on', capacity: whole, traffic: whole }] } }
}

/** A release with the capacity and the traffic that lost clusters run; in others it has those of its record. */
function withLoads(
  rollout: Rollout,
  objects: LostApplication['objects'],
  release: RunningRelease | undefined,
): Rollout {
  const here = [...(release?.clusters ?? [])]
  const others = rollout.clusters.filter((cluster) => !objects.has(cluster))
  const put = <T>(known: ReadonlyMap<string, T>, of: (there: RunningIn, cluster: string) => T) =>
    new Map([
      ...[...known].filter(([cluster]) => others.includes(cluster)),
      ...here.map(([cluster, there]) => [cluster, of(there, cluster)] as const),
    ])
  const selected = here.filter(([, { isSelected }]) => isSelected).map(([cluster]) => cluster)
  return {
    ...rollout,
    clusters: [...others, ...here.map(([cluster]) => cluster)].sort(compare),
    totalReplicas: put(rollout.totalReplicas, ({ note }) => note.replicas),
    percent: put(rollout.percent, ({ note, replicas }) => percentFor(note.replicas, replicas)),
    weight: put(rollout.weight, ({ weight }) => weight),
    selectedIn: new Set([...others.filter((cluster) => rollout.selectedIn.has(cluster)), ...selected]),
  }
}

/** The least percentage that gives so many replicas. */
function percentFor(total: number, replicas: number): number {
  let percent = total === 0 ? 0 : Math.min(100, Math.floor((100 * replicas) / total))
  while (percent < 100 && desiredReplicas(total, percent) < replicas) percent++
  return percent
}

function isInUse({ service, weight, percent }: Rollout): boolean {
  return [...(service === undefined ? percent : weight).values()].some((load) => load > 0)
}

const achieved = ['ContenderAchievedCapacity', 'ContenderAchievedInstallation', 'ContenderAchievedTraffic'] as const
const isTrue = { status: 'True', reason: '', message: '' } as const

/** What a release is to be from now on, by how far after the running version it comes. */
function standing(rollout: Rollout, distance: number, isThereOne: boolean): Rollout {
  const { achievedIn, conditions, state } = notBegun
  const fresh = { ...rollout, achievedIn, conditions, state }
  if (isThereOne && distance <= 0) {
    const step = (rollout.environment.strategy?.steps ?? []).length - 1
    const told = { conditions: achieved.map((type) => ({ type, step, ...isTrue })), state: stateOf({}) }
    return { ...fresh, ...told, complete: true, retreating: false, targetStep: step, achievedStep: step }
  }
  // It is of no template: the one that there is begins anew, and brings all of its objects.
  const anew = { ...fresh, template: '', complete: false, targetStep: 0, achievedStep: undefined }
  return { ...anew, retreating: isThereOne }
}
