import { isAbout } from '../../../render/shipper/release-files.ts'
import { labels, notes } from '../../../render/shipper/rollout.ts'
import { isRoute } from '../../../render/shipper/routes.ts'
import { weightsOf } from '../../../render/shipper/weights.ts'
import { treeDigest } from '../../../repo-layout/generated/oid.ts'
import { objectPathInCluster } from '../../../repo-layout/generated/path.ts'
import { getIn, type KubeObject } from '../../../repo-layout/json.ts'
import { groupOf, type Subject } from '../../../repo-layout/subject.ts'
import type { DesiredObject } from '../types.ts'

/** What one application should be in one cluster, as the desired objects say. */
export interface Application {
  /** `<namespace>/<name>`. */
  readonly key: string
  readonly namespace: string
  readonly name: string
  readonly releases: ReadonlyMap<string, ApplicationRelease>
  /** Those of its objects that run pods, with the release of each. */
  readonly workloads: ReadonlyMap<Subject, string>
  /** Undefined where the application has no Service whose traffic is shifted. */
  readonly service: ProductionService | undefined
  /** What of its objects cannot be understood; empty where nothing. */
  readonly problem: string
}

/** One release of it. */
export interface ApplicationRelease {
  readonly name: string
  /** Digest of all objects on which it hangs what is known of it, as observations name it. */
  readonly digest: string
  /** Its objects; what several releases share belongs to one of them. */
  readonly subjects: readonly Subject[]
  /** Those of them that run pods. */
  readonly workloads: readonly Subject[]
  /** Those of them that lead requests to releases. */
  readonly routes: readonly Subject[]
  /** The Service through which routes lead to this release alone; undefined where it has none, or is to have no pods. */
  readonly service: string | undefined
}

/** The Service that brings an application its traffic. */
export interface ProductionService {
  readonly subject: Subject
  readonly name: string
  /** The weight of each release. */
  readonly weights: ReadonlyMap<string, number>
  /** The release that the Service selects by name, whatever the labels of traffic say; undefined where these decide. */
  readonly holder: string | undefined
}

/** Whether an object is one of an application's. */
export function isOfApplication({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[notes.application] !== undefined
}

/** The applications among the desired objects of a cluster, by key. */
export function applicationsOf(objects: Iterable<DesiredObject>): ReadonlyMap<string, Application> {
  const found = new Map<string, DesiredObject[]>()
  for (const one of objects) {
    const key = one.object.metadata.annotations?.[notes.application]
    if (key === undefined) continue
    const list = found.get(key)
    if (list) list.push(one)
    else found.set(key, [one])
  }
  return new Map([...found].map(([key, list]) => [key, applicationOf(key, list)]))
}

function applicationOf(key: string, objects: readonly DesiredObject[]): Application {
  const [namespace = '', name = ''] = key.split('/')
  const byRelease = new Map<string, DesiredObject[]>()
  for (const one of objects) {
    const release = one.object.metadata.labels?.[labels.release]
    if (release === undefined) continue
    const list = byRelease.get(release)
    if (list) list.push(one)
    else byRelease.set(release, [one])
  }
  const releases = new Map([...byRelease].map(([release, list]) => [release, releaseOf(release, list, objects)]))
  const workloads = new Map<Subject, string>()
  for (const release of releases.values()) for (const subject of release.workloads) workloads.set(subject, release.name)
  const found = objects.filter(({ object }) => isProductionService(object))
  const [service] = found
  const weights = service && weightsOf(service.object)
  const problem =
    found.length > 1
      ? `${key} has ${found.length} Services for its traffic: ${found.map(({ subject }) => subject).join(', ')}`
      : service && !weights
        ? `${service.subject}: annotation ${notes.traffic} must be a JSON object of weights`
        : ''
  return {
    key,
    namespace,
    name,
    releases,
    workloads,
    service: service && weights && problem === '' ? serviceOf(service, weights) : undefined,
    problem,
  }
}

function releaseOf(name: string, objects: readonly DesiredObject[], all: readonly DesiredObject[]): ApplicationRelease {
  const those = (is: (object: KubeObject) => boolean) => objects.filter(({ object }) => is(object))
  const workloads = those(isWorkload)
  const isEmpty = workloads.every(({ object }) => getIn(object, ['spec', 'replicas']) === 0)
  const [service] = those(isReleaseService)
  const known = all.filter(({ object }) => isAbout(object, name))
  return {
    name,
    digest: treeDigest(known.map(({ object, oid }) => [objectPathInCluster(object), oid] as const)),
    subjects: objects.map(({ subject }) => subject),
    workloads: workloads.map(({ subject }) => subject),
    routes: those(isRoute).map(({ subject }) => subject),
    service: isEmpty ? undefined : service?.object.metadata.name,
  }
}

function isReleaseService({ apiVersion, kind, metadata }: KubeObject): boolean {
  return apiVersion === 'v1' && kind === 'Service' && metadata.labels?.[labels.loadBalancer] === 'release'
}

function isWorkload({ apiVersion, kind }: KubeObject): boolean {
  return groupOf(apiVersion) === 'apps' && (kind === 'Deployment' || kind === 'StatefulSet')
}

function isProductionService({ apiVersion, kind, metadata }: KubeObject): boolean {
  return (
    apiVersion === 'v1' &&
    kind === 'Service' &&
    metadata.labels?.[labels.loadBalancer] === 'production' &&
    metadata.annotations?.[notes.traffic] !== undefined
  )
}

function serviceOf({ subject, object }: DesiredObject, weights: ReadonlyMap<string, number>): ProductionService {
  const holder = getIn(object, ['spec', 'selector', labels.release])
  return { subject, name: object.metadata.name, weights, holder: typeof holder === 'string' ? holder : undefined }
}

/** The weights that the annotation gives; undefined where it holds anything else. */
