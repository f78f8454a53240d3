import type { ReleaseObservation } from '../../../repo-layout/observations.ts'
import type { Subject } from '../../../repo-layout/subject.ts'
import type { Item } from '../items.ts'
import { isLeftOut } from '../left-out.ts'
import { type InventoryEntry, wasApplied } from '../shards.ts'
import type { Application, ApplicationRelease } from './application.ts'
import type { ReleaseTraffic } from './plan.ts'
import type { Pod } from './pod.ts'
import { releaseMessage } from './release-message.ts'

/** What observations say of releases: both by `<namespace>/<release>`. */
export interface ReleaseFacts {
  readonly releases: { readonly [release: string]: ReleaseObservation }
  /** The digest of what it hangs on, for each release whose own objects are applied. */
  readonly applied: { readonly [release: string]: string }
}

/** What is known of one application. */
export interface KnownApplication {
  readonly application: Application
  /** Its pods that are not ending. */
  readonly pods: readonly Pod[]
  /** What each release gets of the traffic; undefined where no Service shifts it. */
  readonly traffic: ReadonlyMap<string, ReleaseTraffic> | undefined
  /** Whether its Service waits to be changed until enough pods carry their label. */
  readonly isHeld: boolean
  /** The uids of the ready endpoints of a Service of one of its releases. */
  readonly serving: (service: string) => ReadonlySet<string> | undefined
}

/** Where the facts on objects come from. */
export interface ObjectFacts {
  item(subject: Subject): Item | undefined
  entry(subject: Subject): InventoryEntry | undefined
}

/** Sums up the releases of applications. */
export function releaseFactsOf(known: readonly KnownApplication[], objects: ObjectFacts): ReleaseFacts {
  const releases: Record<string, ReleaseObservation> = {}
  const applied: Record<string, string> = {}
  for (const { application, pods, traffic, isHeld, serving } of known) {
    for (const release of application.releases.values()) {
      const key = `${application.namespace}/${release.name}`
      const own = pods.filter((pod) => pod.release === release.name)
      releases[key] = observationOf(objects, release, application, {
        pods: own,
        traffic: traffic?.get(release.name),
        isHeld,
        served: release.service === undefined ? undefined : serving(release.service),
      })
      if (release.subjects.every((subject) => isInForm(objects, subject))) applied[key] = release.digest
    }
  }
  return { releases, applied }
}

interface ReleaseParts {
  readonly pods: readonly Pod[]
  readonly traffic: ReleaseTraffic | undefined
  readonly isHeld: boolean
  /** The endpoints of its own Service, where it has one. */
  readonly served: ReadonlySet<string> | undefined
}

function observationOf(
  objects: ObjectFacts,
  release: ApplicationRelease,
  { service, problem }: Application,
  { pods, traffic, isHeld, served }: ReleaseParts,
): ReleaseObservation {
  const available = availableReplicas(objects, release)
  const items = release.subjects.flatMap((subject) => objects.item(subject) ?? [])
  const ready = pods.filter(({ isReady }) => isReady)
  const unserved = served ? ready.filter(({ uid }) => !served.has(uid)) : []
  const routes = items.filter(({ subject, live }) => release.routes.includes(subject) && live?.health !== 'Current')
  const awaited = routes.find(({ live }) => live !== undefined)
  return {
    installed: release.subjects.every((subject) => isInForm(objects, subject)),
    // Routes lead to whoever is available, so it is not before they find it.
    ...(available === undefined ? {} : { availableReplicas: Math.max(0, available - unserved.length) }),
    // A release that no weight and no pod names is to have no traffic, and has none.
    ...(service
      ? { trafficReady: (traffic?.isReady ?? true) && awaited === undefined }
      : problem === ''
        ? {}
        : { trafficReady: false }),
    ...(service && traffic ? { achievedWeight: traffic.achievedWeight } : {}),
    message:
      problem ||
      releaseMessage({ items, pods, service: service?.name, traffic, isHeld, awaited, unserved, own: release.service }),
  }
}

/**
 * Whether an object is applied in the very form that is wanted. What the inventory says counts, so that an object that is
 * paused or suspended since is still what it was.
 */
function isInForm({ item, entry }: ObjectFacts, subject: Subject): boolean {
  const found = item(subject)
  if (found && isLeftOut(found)) return true
  const [known, wanted, live] = [entry(subject), found?.wanted, found?.live]
  return wasApplied(known) && known.oid === wanted?.oid && known.uid === live?.uid
}

/** The available replicas of a release; undefined where any of its workloads does not say them of its present spec. */
function availableReplicas(objects: ObjectFacts, { workloads }: ApplicationRelease): number | undefined {
  let total: number | undefined
  for (const subject of workloads) {
    const counts = objects.item(subject)?.live?.workload
    if (!counts?.isObserved || !isInForm(objects, subject)) return undefined
    total = (total ?? 0) + (counts.availableReplicas ?? 0)
  }
  return total
}
