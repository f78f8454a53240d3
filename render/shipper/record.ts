import { z } from 'zod'
import { formatGenerated, sourceOfGenerated } from '../../repo-layout/generated/file.ts'
import { encodeName } from '../../repo-layout/generated/path.ts'
import type { Json, JsonObject } from '../../repo-layout/json.ts'
import { compare } from '../../repo-layout/message.ts'
import { environmentSchema } from '../../repo-layout/schema/shipper.ts'
import { type Subject, subjectOf } from '../../repo-layout/subject.ts'
import { firstDocument } from '../../repo-layout/yaml/parse.ts'
import type { PlacedFile } from '../files.ts'
import { manifestDocuments, readManifests } from './manifest-record.ts'
import { objectsIn } from './manifests.ts'
import { type FailedRelease, labels, notes, type Rollout } from './rollout.ts'
import { percentIn, totalIn, weightIn } from './state.ts'
import { environmentOf } from './template.ts'

const folder = 'rollouts/'
const apiVersion = 'shipper.booking.com/v1alpha1'

/** The documents of a release, one file each: Shipper's own kinds; beside them lies what its chart rendered. */
const kinds = ['Release', 'InstallationTarget', 'CapacityTarget', 'TrafficTarget'] as const

type RecordKind = (typeof kinds)[number]

/** What names a release. */
type ReleaseId = Pick<Rollout, 'namespace' | 'application' | 'name'>

/** Whether a path of a generated tree is that of a record of rollouts. */
export function isRolloutPath(path: string): boolean {
  return path.startsWith(folder)
}

/** The application of a record's path as its folders name it; undefined for other paths. */
export function applicationFolderOf(path: string): string | undefined {
  return /^(rollouts\/[^/]+\/[^/]+\/)/.exec(path)?.[1]
}

/** The application of the path of a record `Release.yaml`, as its folder is named; undefined for other paths. */
export function applicationOfRecord(path: string): string | undefined {
  return /^rollouts\/[^/]+\/([^/]+)\/[^/]+\/Release\.yaml$/.exec(path)?.[1]
}

/** The folder of an application's records, with a closing slash. */
export function applicationFolder(namespace: string, application: string): string {
  return `${folder}${encodeName(namespace)}/${encodeName(application)}/`
}

/** The folder of a release's records, with a closing slash. */
function releaseFolder({ namespace, application, name }: ReleaseId): string {
  return `${applicationFolder(namespace, application)}${encodeName(name)}/`
}

/** Where the record `Release.yaml` of a release lies, which says where it is and what became of it. */
export function recordPath(release: ReleaseId): string {
  return `${releaseFolder(release)}Release.yaml`
}

/** Writes the records of a release; equal releases are equal bytes. */
export function formatRollout(rollout: Rollout): readonly PlacedFile[] {
  const { source } = rollout
  const at = releaseFolder(rollout)
  const documents: Record<RecordKind, JsonObject> = {
    Release: releaseDocument(rollout),
    InstallationTarget: {
      ...head('InstallationTarget', rollout),
      spec: {
        clusters: rollout.clusters,
        canOverride: rollout.achievedStep === undefined,
        chart: rollout.environment.chart as JsonObject,
        values: (rollout.environment.values ?? {}) as JsonObject,
      },
    },
    CapacityTarget: {
      ...head('CapacityTarget', rollout),
      spec: {
        clusters: rollout.clusters.map((cluster) => ({
          name: cluster,
          percent: percentIn(rollout, cluster),
          totalReplicaCount: totalIn(rollout, cluster),
        })),
      },
    },
    TrafficTarget: {
      ...head('TrafficTarget', rollout),
      spec: {
        clusters: rollout.clusters.map((cluster) => ({ name: cluster, weight: weightIn(rollout, cluster) })),
      },
      ...(rollout.selectedIn.size > 0 ? { status: { selectedIn: [...rollout.selectedIn].sort(compare) } } : {}),
    },
  }
  const all = [...kinds.map((kind) => [kind, documents[kind]] as const), ...manifestDocuments(rollout)]
  return all.map(([record, document]) => [`${at}${record}.yaml`, formatGenerated(source, document)])
}

function head(kind: RecordKind, rollout: Rollout): JsonObject {
  return {
    apiVersion,
    kind,
    metadata: { name: rollout.name, namespace: rollout.namespace, labels: releaseLabels(rollout) },
  }
}

/** The labels of a release and of its targets: Shipper's, and those of the Application. */
export function releaseLabels(
  rollout: Pick<Rollout, 'application' | 'name' | 'hash' | 'applicationLabels'>,
): Readonly<Record<string, string>> {
  return {
    [labels.app]: rollout.application,
    [labels.release]: rollout.name,
    [labels.hash]: rollout.hash,
    ...rollout.applicationLabels,
  }
}

/** Labels of an Application that its releases take over: all but those that tell what belongs to what and what gets traffic. */
export function inheritedLabels(own: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const fixed: readonly string[] = [
    labels.app,
    labels.release,
    labels.hash,
    labels.owner,
    labels.loadBalancer,
    labels.traffic,
  ]
  return Object.fromEntries(Object.entries(own).filter(([key]) => !fixed.includes(key)))
}

function releaseDocument(rollout: Rollout): JsonObject {
  const { environment, achievedStep, achievedIn, state } = rollout
  const { kind, metadata } = head('Release', rollout)
  const stepOf = (step: number) => ({ step, name: environment.strategy?.steps?.[step]?.name ?? '' })
  return {
    apiVersion,
    kind,
    metadata: {
      ...(metadata as JsonObject),
      annotations: {
        [notes.clusters]: rollout.clusters.join(','),
        [notes.generation]: String(rollout.generation),
        [notes.iteration]: String(rollout.iteration),
        [notes.template]: rollout.template,
        [notes.digest]: rollout.digest,
        [notes.engine]: rollout.engine,
        ...(rollout.retreating ? { [notes.retreating]: 'true' } : {}),
        ...(rollout.failed ? { [notes.failed]: JSON.stringify(failedRecord.parse(rollout.failed)) } : {}),
      },
    },
    spec: { targetStep: rollout.targetStep, environment: environment as unknown as Json },
    status: {
      ...(achievedStep === undefined ? {} : { achievedStep: stepOf(achievedStep) }),
      ...(achievedIn.size === 0 ? {} : { clusters: [...achievedIn].sort(([a], [b]) => compare(a, b)).map(behind) }),
      conditions: rollout.complete ? [{ type: 'Complete', status: 'True' }] : [],
      ...(state ? { strategy: { state: { ...state }, conditions: rollout.conditions.map(withoutBlanks) } } : {}),
    },
  }
}

function behind([name, step]: readonly [string, number | undefined]): JsonObject {
  return { name, ...(step === undefined ? {} : { achievedStep: step }) }
}

function withoutBlanks({ type, status, step, reason, message }: Rollout['conditions'][number]): JsonObject {
  return { type, status, step, ...(reason === '' ? {} : { reason }), ...(message === '' ? {} : { message }) }
}

const text = z.string()
const count = text.regex(/^\d+$/).transform(Number)

/** Notes of Flotilla that this version does not know are from a newer one, which would miss them: then nothing may be written. */
const isKnownNote = (note: string) => !note.startsWith('flotilla.dev/') || Object.values<string>(notes).includes(note)

const metadata = z.looseObject({
  name: text,
  namespace: text,
  labels: z.object({ [labels.app]: text, [labels.release]: text, [labels.hash]: text }).catchall(text),
  annotations: z
    .object({
      [notes.clusters]: text,
      [notes.generation]: count,
      [notes.iteration]: count,
      [notes.template]: text,
      [notes.digest]: text,
      [notes.engine]: text,
      [notes.retreating]: z.literal('true').optional(),
      [notes.failed]: text.optional(),
    })
    .catchall(text)
    .refine((annotations) => Object.keys(annotations).every(isKnownNote)),
})

const condition = z.looseObject({
  type: z.enum([
    'ContenderAchievedCapacity',
    'ContenderAchievedInstallation',
    'ContenderAchievedTraffic',
    'IncumbentAchievedCapacity',
    'IncumbentAchievedTraffic',
  ]),
  status: z.enum(['True', 'False', 'Unknown']),
  step: z.int(),
  reason: z.string().default(''),
  message: z.string().default(''),
})

const answer = z.enum(['True', 'False', 'Unknown'])

const failedRecord = z.object({ release: text, template: text, reason: text })

const releaseRecord = z.looseObject({
  metadata,
  spec: z.looseObject({ targetStep: z.int().min(0), environment: environmentSchema }),
  status: z.looseObject({
    achievedStep: z.looseObject({ step: z.int() }).optional(),
    clusters: z.array(z.looseObject({ name: text, achievedStep: z.int().optional() })).default([]),
    conditions: z.array(z.looseObject({ type: text, status: text })),
    strategy: z
      .looseObject({
        state: z.looseObject({
          waitingForInstallation: answer,
          waitingForCapacity: answer,
          waitingForTraffic: answer,
          waitingForCommand: answer,
        }),
        conditions: z.array(condition),
      })
      .optional(),
  }),
})

const capacityRecord = z.looseObject({
  spec: z.looseObject({
    clusters: z.array(z.looseObject({ name: text, percent: z.int(), totalReplicaCount: z.int() })),
  }),
})

const trafficRecord = z.looseObject({
  spec: z.looseObject({ clusters: z.array(z.looseObject({ name: text, weight: z.int() })) }),
  status: z.looseObject({ selectedIn: z.array(text) }).default({ selectedIn: [] }),
})

/**
 * Reads a release from its records, by kind; undefined where any is missing or says something else, which a caller must not
 * take for a release that is not there.
 */
export function parseRollout(texts: ReadonlyMap<string, string>): Rollout | undefined {
  const read = <T>(record: string, schema: z.ZodType<T>): T | undefined => {
    return schema.safeParse(firstDocument(texts.get(record) ?? '')).data
  }
  const release = read('Release', releaseRecord)
  const capacity = read('CapacityTarget', capacityRecord)
  const traffic = read('TrafficTarget', trafficRecord)
  const manifests = readManifests(read)
  if (!release || !capacity || !traffic || !manifests) return undefined
  const { name, namespace, labels: own, annotations } = release.metadata
  const failed = failedIn(annotations[notes.failed])
  if (failed === 'unreadable') return undefined
  const { [labels.app]: application, [labels.release]: _r, [labels.hash]: hash, ...applicationLabels } = own
  const clusters = annotations[notes.clusters].split(',').filter((cluster) => cluster !== '')
  const rollout: Rollout = {
    namespace,
    application,
    name,
    generation: annotations[notes.generation],
    iteration: annotations[notes.iteration],
    hash,
    source: sourceOfGenerated(texts.get('Release') ?? '') ?? '',
    applicationLabels,
    environment: environmentOf(release.spec.environment),
    template: annotations[notes.template],
    digest: annotations[notes.digest],
    engine: annotations[notes.engine],
    clusters,
    targetStep: release.spec.targetStep,
    achievedStep: release.status.achievedStep?.step,
    achievedIn: new Map(release.status.clusters.map(({ name: cluster, achievedStep }) => [cluster, achievedStep])),
    complete: release.status.conditions.some(({ type, status }) => type === 'Complete' && status === 'True'),
    retreating: annotations[notes.retreating] === 'true',
    failed,
    totalReplicas: new Map(capacity.spec.clusters.map((one) => [one.name, one.totalReplicaCount])),
    percent: new Map(capacity.spec.clusters.map(({ name: cluster, percent }) => [cluster, percent])),
    weight: new Map(traffic.spec.clusters.map(({ name: cluster, weight }) => [cluster, weight])),
    selectedIn: new Set(traffic.status.selectedIn),
    conditions: release.status.strategy?.conditions ?? [],
    state: release.status.strategy?.state,
    ...manifests,
  }
  return isWhole(rollout, texts) ? rollout : undefined
}

/**
 * Whether the records of a release say the same: each cluster has its targets, its workload and its Service. A record that this
 * version does not know is from a newer one.
 */
function isWhole(rollout: Rollout, texts: ReadonlyMap<string, string>): boolean {
  const { clusters, totalReplicas, percent, weight, workload, service } = rollout
  const known: readonly string[] = [...kinds, ...manifestDocuments(rollout).map(([record]) => record)]
  const isIn = (cluster: string, subject: Subject) =>
    objectsIn(rollout, cluster).some((object) => subjectOf(object) === subject)
  return (
    [...texts.keys()].every((record) => known.includes(record)) &&
    clusters.length > 0 &&
    clusters.every((cluster) => [totalReplicas, percent, weight].every((targets) => targets.has(cluster))) &&
    clusters.every((cluster) => isIn(cluster, workload) && (service === undefined || isIn(cluster, service)))
  )
}

/** Where a release is to be and where it is, as its record says. */
export type RecordedSteps = Pick<Rollout, 'targetStep' | 'achievedStep'>

/** Reads only the steps of the record `Release.yaml`; undefined where it says something else. */
export function parseSteps(record: string): RecordedSteps | undefined {
  const { data } = releaseRecord.safeParse(firstDocument(record))
  return data && { targetStep: data.spec.targetStep, achievedStep: data.status.achievedStep?.step }
}

/** The release after this one that failed, as the record `Release.yaml` of this one says; undefined where it says none. */
export function parseFailed(record: string): FailedRelease | undefined {
  const { data } = releaseRecord.safeParse(firstDocument(record))
  const failed = failedIn(data?.metadata.annotations[notes.failed])
  return failed === 'unreadable' ? undefined : failed
}

function failedIn(note: string | undefined): Rollout['failed'] | 'unreadable' {
  if (note === undefined) return undefined
  return failedRecord.safeParse(firstDocument(note)).data ?? 'unreadable'
}

/** The name of a record's path, and the folder of its release. */
export function recordOf(path: string): { readonly folder: string; readonly kind: string } | undefined {
  const match = /^(rollouts\/[^/]+\/[^/]+\/[^/]+\/)([A-Za-z]+(?:-\d+)?)\.yaml$/.exec(path)
  return match ? { folder: match[1] ?? '', kind: match[2] ?? '' } : undefined
}
