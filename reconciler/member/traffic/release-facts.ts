import type { ReleaseObservation } from '../../../repo-layout/observations.ts'
import type { Subject } from '../../../repo-layout/subject.ts'
import type { Item } from '../items.ts'
import { type InventoryEntry, wasApplied } from '../shards.ts'
import type { Application, ApplicationRelease } from './application.ts'
import type { ReleaseTraffic } from './plan.ts'
import type { Pod } from './pod.ts'
import { releaseMessage } from './release-message.ts'

/** What observations say of releases: both by `<namespace>/<release>`. */
export interface ReleaseFacts {
  readonly releases: { readonly [release: string]: ReleaseObservation }
  /** The digest of its application's objects, for each release whose application is applied as a whole. */
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
  for (const { application, pods, traffic, isHeld } of known) {
    const isApplied = application.objects.every(({ subject }) => isInForm(objects, subject))
    for (const release of application.releases.values()) {
      const key = `${application.namespace}/${release.name}`
      const own = pods.filter((pod) => pod.release === release.name)
      releases[key] = observationOf(objects, release, own, application, traffic?.get(release.name), isHeld)
      if (isApplied) applied[key] = application.digest
    }
  }
  return { releases, applied }
}

function observationOf(
  objects: ObjectFacts,
  release: ApplicationRelease,
  pods: readonly Pod[],
  { service, problem }: Application,
  traffic: ReleaseTraffic | undefined,
  isHeld: boolean,
): ReleaseObservation {
  const available = availableReplicas(objects, release)
  const items = release.subjects.flatMap((subject) => objects.item(subject) ?? [])
  return {
    installed: release.subjects.every((subject) => isInForm(objects, subject)),
    ...(available === undefined ? {} : { availableReplicas: available }),
    // A release that no weight and no pod names is to have no traffic, and has none.
    ...(service ? { trafficReady: traffic?.isReady ?? true } : problem === '' ? {} : { trafficReady: false }),
    message: problem || releaseMessage({ items, pods, service: service?.name, traffic, isHeld }),
  }
}

/**
 * Whether an object is applied in the very form that is wanted. What the inventory says counts, so that an object that is
 * paused or suspended since is still what it was.
 */
function isInForm({ item, entry }: ObjectFacts, subject: Subject): boolean {
  const [known, wanted, live] = [entry(subject), item(subject)?.wanted, item(subject)?.live]
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
