import type { Logger } from 'pino'
import { getIn } from '../../../repo-layout/json.ts'
import type { Subject } from '../../../repo-layout/subject.ts'
import type { Clock } from '../../clock.ts'
import { eachOf } from '../../each-of.ts'
import { backoff } from '../backoff.ts'
import type { Book } from '../book.ts'
import { isClusterWide, messageOf } from '../errors.ts'
import { InventoryLostError } from '../inventory.ts'
import { isSuspended } from '../items.ts'
import { createQueue } from '../queue.ts'
import type { Session } from '../session.ts'
import { wasApplied } from '../shards.ts'
import type { DesiredObject, MemberSettings } from '../types.ts'
import { type Application, applicationsOf } from './application.ts'
import { writeLabel } from './label.ts'
import { createNamespaces } from './namespaces.ts'
import { type KnownWorkload, workloadOf } from './owner.ts'
import { type Labelling, planTraffic, type TrafficPlan } from './plan.ts'
import type { Pod } from './pod.ts'
import { type KnownApplication, releaseFactsOf } from './release-facts.ts'

/** What the traffic of a session borrows. */
export interface TrafficOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  /** The settings as they hold now, pauses of the whole cluster included. */
  settings(): MemberSettings | undefined
  /** Called when `mayApply` may have become true. */
  onPrepared(): void
  /** Called when what `problems` says may have changed. */
  onProblems(): void
  /** Called when the session cannot go on: an `ApiError` or an `InventoryLostError`. */
  onEnd(reason: Error): void
}

/** The traffic of the applications in one cluster, while it can be reached. */
export interface Traffic {
  /** Takes up a new desired state, other settings or pauses from the book. */
  follow(): void
  /**
   * Whether an object may be changed now. A Service that goes over to labels waits until enough pods carry theirs: they may
   * have been made while nobody labelled pods. While pods are unknown it stays as it was.
   */
  mayApply(subject: Subject): boolean
  /** What keeps traffic from being shifted, or from being seen. */
  problems(): readonly string[]
  /** Resolves when no label is being written that began before. */
  idle(): Promise<void>
  /** Begins no more writes; resolves when those under way have ended. */
  stop(): Promise<void>
}

/** Applications whose pods are labelled at a time, and pods of each: as many as there are connections. */
const [applicationsAtATime, podsAtATime] = [2, 4]
/** Pods are looked at so many milliseconds after the first of them changed: they start and end together. */
const settleTime = 50
/** What others were faster with is looked at again after so many milliseconds, unless the watch tells of it before. */
const soon = 200
const longestPause = 60_000

/**
 * Keeps the labels of pods so that each release gets its share of the traffic, and knows how far that is. Works from the
 * desired objects alone, on watched pods and endpoints: it remembers nothing, and every write can be repeated. Puts the facts
 * on releases into the book until it is stopped.
 */
export function createTraffic(session: Session, book: Book, options: TrafficOptions): Traffic {
  const { clock, random, log } = options
  let applications: ReadonlyMap<string, Application> = new Map()
  /** Applications by their production Service. */
  let byService: ReadonlyMap<Subject, Application> = new Map()
  let readFrom: unknown
  const failures = new Map<string, { readonly times: number; readonly problem: string }>()
  let stopped = false

  const queue = createQueue({
    clock,
    concurrency: applicationsAtATime,
    ready(key) {
      const application = applications.get(key)
      return application === undefined || namespaces.pods(application.namespace, application.name) !== undefined
    },
    run,
  })
  const namespaces = createNamespaces(session, {
    clock,
    random,
    onPod(pod) {
      const key = `${pod.namespace}/${pod.app}`
      if (applications.has(key)) queue.add(key, settleTime)
      told()
    },
    onEndpoints(namespace, { service }) {
      for (const application of applications.values())
        if (application.namespace === namespace && application.service?.name === service) queue.add(application.key)
      told()
    },
    onKnown() {
      options.onProblems()
      options.onPrepared()
      queue.kick()
    },
    onError(error) {
      if (isClusterWide(error)) options.onEnd(error)
    },
  })

  function told(): void {
    options.onPrepared()
    book.changed()
  }

  /** What is known of a workload of an application; one that left Git and is still there counts as well. */
  function workloadIn({ workloads }: Application) {
    return (subject: Subject): KnownWorkload | undefined => {
      const item = book.items.get(subject)
      const release = workloads.get(subject)
      return item && (release !== undefined || !item.wanted) ? { uid: item.live?.uid, release } : undefined
    }
  }

  function podsOf(application: Application): readonly Pod[] | undefined {
    const known = workloadIn(application)
    return namespaces
      .pods(application.namespace, application.name)
      ?.filter((pod) => !pod.isEnding && workloadOf(pod, known) !== undefined)
  }

  /** What is to be done; undefined where nothing can be, for want of a Service or of knowledge. */
  function planOf(application: Application | undefined): TrafficPlan | undefined {
    const pods = application?.service && podsOf(application)
    if (!application?.service || !pods) return undefined
    const serving = namespaces.serving(application.namespace, application.service.name)
    return planTraffic(application.service, { pods, serving, replicas: replicasOf(application) })
  }

  /** How many pods each release is to have. */
  function replicasOf({ workloads }: Application): ReadonlyMap<string, number> {
    const replicas = new Map<string, number>()
    for (const [subject, release] of workloads) {
      const { wanted, live } = book.items.get(subject) ?? {}
      const said = getIn(wanted?.object, ['spec', 'replicas'])
      const count = typeof said === 'number' && !live?.autoscaled ? said : (live?.workload?.replicas ?? 0)
      replicas.set(release, (replicas.get(release) ?? 0) + count)
    }
    return replicas
  }

  function mayApply(subject: Subject): boolean {
    const application = byService.get(subject)
    const entry = session.inventory.get(subject)
    if (!application?.service || application.service.holder !== undefined || !wasApplied(entry)) return true
    return entry.oid === book.items.get(subject)?.wanted?.oid || planOf(application)?.isPrepared === true
  }

  /** Whether an object is left alone now, and with it the pods that are about it. */
  function isLeftAlone(subject: Subject | undefined): boolean {
    const item = subject === undefined ? undefined : book.items.get(subject)
    return item !== undefined && isSuspended(item)
  }

  function mayWrite(key: string): boolean {
    const service = applications.get(key)?.service
    return !stopped && service !== undefined && options.settings()?.suspended === false && !isLeftAlone(service.subject)
  }

  async function run(key: string): Promise<number | undefined> {
    const application = applications.get(key)
    const plan = planOf(application)
    if (!application || !plan || !mayWrite(key)) return undefined
    const known = workloadIn(application)
    const labels = plan.labels.filter(({ pod }) => !isLeftAlone(workloadOf(pod, known)))
    const problems: string[] = []
    let overtaken = false
    await eachOf(labels, podsAtATime, async (labelling) => {
      if (!mayWrite(key)) return
      try {
        if (!(await write(application, labelling))) overtaken = true
      } catch (error) {
        if (isClusterWide(error) || error instanceof InventoryLostError) options.onEnd(error)
        problems.push(messageOf(error))
      }
    })
    return note(key, problems, overtaken)
  }

  async function write({ namespace, key }: Application, labelling: Labelling): Promise<boolean> {
    const { pod, status } = labelling
    const written = await namespaces.label(namespace, (pods) => writeLabel(session.api, pods, labelling))
    if (written) log.debug({ application: key, pod: pod.name, status }, 'a pod was labelled for its traffic')
    return written
  }

  /** Notes what came of labelling, and says when to try again. */
  function note(key: string, problems: readonly string[], overtaken: boolean): number | undefined {
    const [problem] = problems.toSorted()
    const before = failures.get(key)
    if (problem === undefined) failures.delete(key)
    else {
      const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
      failures.set(key, { times: (before?.times ?? 0) + 1, problem: `${problem}${more}` })
    }
    if (before?.problem !== failures.get(key)?.problem) {
      if (problem !== undefined) log.warn({ application: key, error: problem }, 'pods cannot be labelled')
      options.onProblems()
    }
    const times = failures.get(key)?.times
    return times === undefined ? (overtaken ? soon : undefined) : backoff(times, 1000, longestPause, random)
  }

  function read(objects: Iterable<DesiredObject>): void {
    applications = applicationsOf(objects)
    byService = new Map(
      [...applications.values()].flatMap((one) => (one.service ? [[one.service.subject, one] as const] : [])),
    )
  }

  book.releases = () => {
    if (applications.size === 0) return undefined
    const known: KnownApplication[] = []
    for (const application of applications.values()) {
      const pods = podsOf(application)
      const { service, releases } = application
      const serving = (name: string) => namespaces.serving(application.namespace, name)
      const services = [service?.name, ...[...releases.values()].map((release) => release.service)]
      if (!pods || services.some((name) => name !== undefined && !serving(name))) return undefined
      const isHeld = service !== undefined && !mayApply(service.subject)
      known.push({ application, pods, traffic: planOf(application)?.releases, isHeld, serving })
    }
    return releaseFactsOf(known, { item: (subject) => book.items.get(subject), entry: session.inventory.get })
  }

  return {
    follow() {
      const objects = book.desired?.objects
      if (stopped || !objects) return
      if (readFrom !== objects) read(objects.values())
      readFrom = objects
      namespaces.use(applications.values())
      for (const key of failures.keys()) if (!applications.has(key)) failures.delete(key)
      for (const key of applications.keys()) queue.add(key)
      options.onProblems()
    },
    mayApply,
    problems: () => [
      ...namespaces.problems(),
      ...[...applications.values()].flatMap(({ problem }) => (problem === '' ? [] : [problem])),
      ...[...failures].map(([key, { problem }]) => `pods of ${key} cannot be labelled: ${problem}`),
    ],
    idle: () => queue.idle(),
    async stop() {
      stopped = true
      namespaces.stop()
      book.releases = undefined
      await queue.stop()
    },
  }
}
