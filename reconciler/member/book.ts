import type { Subject } from '../../repo-layout/subject.ts'
import type { Clock } from '../clock.ts'
import { createDeadline } from './deadline.ts'
import { createExpiry } from './expiry.ts'
import type { Overwritten } from './history.ts'
import type { Item } from './items.ts'
import type { Pause } from './pause.ts'
import type { PodAnalysis } from './pods.ts'
import { isDone, type Link, statusOf } from './status.ts'
import type { ReleaseFacts } from './traffic/release-facts.ts'
import type { CredentialInUse } from './transport.ts'
import type { DesiredState, MemberSettings, MemberStatus } from './types.ts'

/** All that a member knows, over the sessions with its cluster. Plain state: whoever changes it calls `changed`. */
export interface Book {
  readonly cluster: string
  readonly items: Map<Subject, Item>
  desired: DesiredState | undefined
  settings: MemberSettings | undefined
  /** Counts desired states and sessions: each has every object looked at anew. */
  version: number
  link: Link
  problems: readonly string[]
  appliedCommit: string | undefined
  appliedTree: string | undefined
  seenAt: number | undefined
  kubernetesVersion: string | undefined
  clusterUid: string | undefined
  /** The credential that was used last. */
  credential: CredentialInUse | undefined
  /** The epoch that this process raised last. */
  epoch: number | undefined
  /** What the pods of workloads say, as far as they were looked at. */
  readonly pods: Map<Subject, PodAnalysis>
  nodes: readonly NodeFacts[] | undefined
  /** The facts on the releases of applications; undefined while there is no session that knows them. */
  releases: (() => ReleaseFacts | undefined) | undefined
  /** The pauses that were in force when the member was last heard of. */
  pauses: readonly Pause[]
  /** What was written over, newest first; undefined before the member was ever reached. */
  history: readonly Overwritten[] | undefined
  /** What of it is not written down in the member yet, oldest first. */
  noted: readonly Overwritten[]
  /** Notes that something changed; listeners are told soon, once. */
  changed(): void
  status(): MemberStatus
  onChange(listener: () => void): () => void
}

/** A node as observations name it. */
export interface NodeFacts {
  readonly name: string
  readonly labels: { readonly [key: string]: string }
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[]
  readonly ready: boolean
  readonly allocatable: { readonly [resource: string]: string }
  readonly requested: { readonly [resource: string]: string }
}

/** Listeners are told so many milliseconds after the first of several changes, and no sooner than `apart` after the last time. */
const tellAfter = 20
/** While much changes, one look at it costs as much as many changes. */
const apart = 200

/** Makes the book of a member of which nothing is known yet. */
export function createBook(cluster: string, clock: Clock): Book {
  const listeners = new Set<() => void>()
  let cached: MemberStatus | undefined
  let stale = true
  let telling = false
  let told = Number.NEGATIVE_INFINITY
  const deadline = createDeadline(clock, () => book.changed())
  const expiry = createExpiry(clock, () => book.changed())
  const book: Book = {
    cluster,
    items: new Map(),
    desired: undefined,
    settings: undefined,
    version: 0,
    link: { type: 'unknown' },
    problems: [],
    appliedCommit: undefined,
    appliedTree: undefined,
    seenAt: undefined,
    kubernetesVersion: undefined,
    clusterUid: undefined,
    credential: undefined,
    epoch: undefined,
    pods: new Map(),
    nodes: undefined,
    releases: undefined,
    pauses: [],
    history: undefined,
    noted: [],
    changed() {
      stale = true
      if (telling || listeners.size === 0) return
      telling = true
      // A clock that is set back must not make it wait for longer.
      const rest = Math.min(apart, told + apart - clock.now())
      clock.after(Math.max(tellAfter, rest), () => {
        telling = false
        told = clock.now()
        for (const listener of listeners) listener()
      })
    },
    status() {
      if (cached && !stale) return cached
      const facts = { ...book, ...expiry(book.credential), wantedCommit: book.desired?.commit }
      const next = deadline(statusOf(facts), book.settings?.sync.timeout)
      const since = cached?.sync === next.sync ? cached.since : new Date(clock.now()).toISOString()
      cached = { ...next, since }
      stale = false
      return cached
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return book
}

/** Notes the commit as applied when nothing of it is left to do. */
export function noteApplied(book: Book): void {
  const { desired, items } = book
  if (!desired || book.appliedCommit === desired.commit) return
  for (const item of items.values()) if (!isDone(item)) return
  book.appliedCommit = desired.commit
  book.appliedTree = desired.tree
}
