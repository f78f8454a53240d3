import type { KubeObject } from '../../repo-layout/json.ts'
import { annotations } from '../../repo-layout/schema/common.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import { isEarlier, type LiveFacts } from './facts.ts'
import { metadataText } from './manifest.ts'
import { definedKinds, dependenciesOf, type Rank, rankOf } from './order.ts'
import type { Pause } from './pause.ts'
import type { Action, DesiredObject, DesiredState, Drift, HeldDeletion } from './types.ts'

/** One object that a member should run, or that should go from it. */
export interface Item {
  readonly subject: Subject
  readonly rank: Rank
  /** Undefined where it left the generated branch. */
  wanted: DesiredObject | undefined
  dependsOn: readonly Subject[]
  /** The newest state that was seen; undefined where the watch does not hold it. */
  live: LiveFacts | undefined
  /** The object behind `live`, kept only while something is to be decided with it. */
  evidence: KubeObject | undefined
  /** What was tried last: the blob of the manifest, or `gone`. */
  tried: string | undefined
  /** The version of the book for which it was looked at last. */
  looked: number
  action: Action
  /** Whether `action` tells what the present commit did; a later look that finds nothing to do then keeps it. */
  told: boolean
  message: string
  drift: Drift | undefined
  held: HeldDeletion | undefined
  failures: number
  /** When its drift was told last, in milliseconds since the epoch. */
  reported: number | undefined
  /** Times of the latest re-applies, in milliseconds; they tell a fight. */
  heals: number[]
  /** The pause of this very object that is in force. */
  pause: Pause | undefined
}

/** An item of which nothing is known yet. */
export function createItem(subject: Subject): Item {
  return {
    subject,
    rank: rankOf(subject),
    wanted: undefined,
    dependsOn: [],
    live: undefined,
    evidence: undefined,
    tried: undefined,
    looked: 0,
    action: 'skipped',
    told: false,
    message: '',
    drift: undefined,
    held: undefined,
    failures: 0,
    reported: undefined,
    heals: [],
    pause: undefined,
  }
}

/** What an item should have been tried for. */
export function goalOf(item: Item): string {
  return item.wanted?.oid ?? 'gone'
}

/** Whether an item was not tried yet since it was last wanted to be otherwise. */
export function isFresh(item: Item): boolean {
  return item.tried !== goalOf(item)
}

/** Whether an item waits to be looked at since what is wanted, or the session, changed (`version`). */
export function isPending(item: Item, version: number): boolean {
  return item.looked !== version || isFresh(item)
}

/** Whether an object is to be left alone for now: it is paused, or the wanted object says so. */
export function isSuspended(item: Item): boolean {
  return item.pause !== undefined || saysSuspended(item)
}

/** Whether the wanted object says that it is to be left alone. */
export function saysSuspended(item: Item): boolean {
  return item.wanted?.object.metadata.annotations?.[annotations.suspend] === 'true'
}

/**
 * Makes the items follow a desired state: those that are wanted no more stay, as things that should go. What was known of
 * an object whose manifest did not change is kept. `isNew` says that it is another commit: what earlier ones did is no
 * longer told, and what they pruned is forgotten.
 */
export function followDesired(items: Map<Subject, Item>, desired: DesiredState, isNew: boolean): void {
  const kinds = definedKinds(desired.objects.values())
  for (const item of items.values()) {
    if (isNew && !item.wanted && item.action === 'pruned') items.delete(item.subject)
    if (isNew) item.told = false
    if (desired.objects.has(item.subject) || !item.wanted) continue
    item.wanted = undefined
    item.drift = undefined
    item.failures = 0
  }
  for (const [subject, wanted] of desired.objects) {
    const item = items.get(subject) ?? createItem(subject)
    items.set(subject, item)
    if (item.wanted?.oid !== wanted.oid) {
      item.drift = undefined
      item.failures = 0
      item.heals = []
    }
    item.wanted = wanted
    item.dependsOn = dependenciesOf(wanted.object, desired.objects, kinds)
  }
}

/**
 * Takes a live state unless a newer one is known; says whether it was taken. `evidence` is the object itself where
 * something is to be decided with it.
 */
export function see(item: Item, facts: LiveFacts, evidence: KubeObject | undefined): boolean {
  if (item.live && isEarlier(facts.resourceVersion, item.live.resourceVersion)) return false
  item.live = facts
  item.evidence = evidence
  return true
}

/** Whether a state of an object was seen before: the watch tells our own writes too, and lists tell all again. */
export function isSeen({ live }: Item, object: KubeObject): boolean {
  return live?.resourceVersion === metadataText(object, 'resourceVersion') && live.uid === metadataText(object, 'uid')
}

/** Takes note that an object left the watch, unless it was seen anew since; says whether that changes anything. */
export function unsee(item: Item, last: KubeObject | undefined): boolean {
  if (!item.live) return false
  if (last && isEarlier(metadataText(last, 'resourceVersion'), item.live.resourceVersion)) return false
  item.live = undefined
  item.evidence = undefined
  return true
}
