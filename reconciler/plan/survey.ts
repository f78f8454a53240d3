import { randomBytes } from 'node:crypto'
import type { ClusterObservation } from '../../repo-layout/observations.ts'
import { parseSubject, type Subject } from '../../repo-layout/subject.ts'
import { type Clock, sleep } from '../clock.ts'
import { createBook } from '../member/book.ts'
import { ApiError, messageOf } from '../member/errors.ts'
import { isSuspended } from '../member/items.ts'
import { listAll } from '../member/list.ts'
import type { Owner } from '../member/manifest.ts'
import { observationOf } from '../member/observe.ts'
import { selectorOf, unreadyLabels } from '../member/observer.ts'
import { analyzePods } from '../member/pods.ts'
import { openSession, type Session } from '../member/session.ts'
import { wasApplied } from '../member/shards.ts'
import { linkAfter } from '../member/status.ts'
import type { Transport } from '../member/transport.ts'
import type { DesiredState } from '../member/types.ts'
import { asUser } from './as-user.ts'
import { type Look, lookAt } from './look.ts'
import { readOnly } from './read-only.ts'

/** A member as it is before a plan: how it was reached, and the facts that decisions read. */
export interface Survey {
  readonly transport: Transport
  /** Undefined where it could not be asked; then `problem` says why. */
  readonly session: Session | undefined
  readonly problem: string
  /** Raw, as a daemon's member would give it: undamped. */
  readonly observation: ClusterObservation
  /** ISO time of the answer. */
  readonly observedAt: string | undefined
}

/** What a survey asks with. */
export interface SurveyOptions {
  readonly cluster: string
  readonly transport: Transport
  readonly clock: Clock
  readonly owner: Owner
  /** What the cluster should run as of the previous generated tree; undefined where there is none. */
  readonly previous: DesiredState | undefined
  /** Whether the fleet has another cluster of this name. */
  readonly isOther: (member: string) => boolean
  /** The cluster has left the inventory and is being emptied. */
  readonly leaving: boolean
  readonly isKnownCommit: ((commit: string) => Promise<boolean>) | undefined
  /** Whom dry runs are sent as; ourselves where undefined. */
  readonly user?: string | undefined
}

/** Longest time that a cluster may take to answer at first, in milliseconds. */
const patience = 10_000

/** Kinds whose replicas a preference divides: only they are counted. */
const divided: ReadonlySet<string> = new Set(['Deployment', 'ReplicaSet'])

/**
 * Reaches a member and reads the facts that decisions are made of, as the daemon's members do. The transport is closed over
 * so that nothing can be written through it. Never rejects: what cannot be asked is said in `problem`.
 */
export async function survey(options: SurveyOptions): Promise<Survey> {
  const { clock, owner, cluster } = options
  const transport = asUser(readOnly(options.transport), options.user)
  const book = createBook(cluster, clock)
  const nobody = { id: 'plan', epoch: undefined, member: cluster, isOther: options.isOther }
  const freshKey = () => randomBytes(32).toString('base64')
  try {
    const opening = openSession({
      ...{ transport, clock, owner, knownUid: undefined, holder: nobody, freshKey },
      isKnownCommit: options.isKnownCommit,
    })
    const session = await Promise.race([opening, tooLate(clock)])
    book.kubernetesVersion = session.kubernetesVersion
    book.link = { type: 'connected' }
    const observedAt = new Date(clock.now()).toISOString()
    if (options.previous) {
      const look = await lookAt(session, options.previous, owner.fleetName, (kind) => divided.has(kind))
      for (const item of look.items.values()) book.items.set(item.subject, item)
      if (runsAll(look, session, options)) {
        book.appliedTree = options.previous.tree
        await countPods(session, look, clock, (subject, pods) => book.pods.set(subject, pods))
      }
    }
    return { transport, session, problem: '', observation: observationOf(book), observedAt }
  } catch (error) {
    book.link = linkAfter(error)
    return {
      transport,
      session: undefined,
      problem: messageOf(error),
      observation: observationOf(book),
      observedAt: undefined,
    }
  }
}

async function tooLate(clock: Clock): Promise<never> {
  await sleep(clock, patience)
  throw new ApiError(`it gave no answer within ${patience / 1000} s`, { type: 'unreachable' })
}

/** Whether the inventory says that all of the previous tree was applied, and nothing else is left of one that leaves. */
function runsAll({ items }: Look, { inventory }: Session, { leaving }: SurveyOptions): boolean {
  for (const item of items.values()) {
    const entry = inventory.get(item.subject)
    if (!item.wanted) {
      if (leaving) return false
    } else if (!isSuspended(item) && (!wasApplied(entry) || entry.oid !== item.wanted.oid)) return false
  }
  return true
}

/** Counts the pods of workloads that are not all ready, one list each, as the daemon does. */
async function countPods(
  session: Session,
  { items }: Look,
  clock: Clock,
  tell: (subject: Subject, pods: ReturnType<typeof analyzePods>) => void,
): Promise<void> {
  await Promise.all(
    [...items.values()].map(async (item) => {
      const { subject } = item
      const labels = unreadyLabels(item)
      const namespace = parseSubject(subject)?.namespace
      if (labels === undefined || namespace === undefined) return
      const query = { labelSelector: selectorOf(labels) }
      const pods = await listAll(session.transport, `/api/v1/namespaces/${namespace}/pods`, query)
      tell(subject, analyzePods(pods, clock.now()))
    }),
  )
}
