import type { Subject } from '../../repo-layout/subject.ts'
import { ApiError, messageOf } from './errors.ts'
import { type Item, isFresh } from './items.ts'
import { isLeftOut } from './left-out.ts'
import { type Pause, pauseSentence } from './pause.ts'
import { clusterPause } from './pauses.ts'
import type { MemberSettings, MemberStatus, ObjectStatus, Sync } from './types.ts'

/** How the connection to a member is. */
export type Link =
  /** Not tried yet. */
  | { readonly type: 'unknown' }
  | { readonly type: 'connected' }
  | { readonly type: 'unreachable' | 'unauthorized' | 'broken'; readonly message: string }

/** How the connection is after an error that ended the work on a member. */
export function linkAfter(error: unknown): Link {
  const message = messageOf(error)
  if (!(error instanceof ApiError)) return { type: 'broken', message }
  const { type } = error.failure
  return { type: type === 'unreachable' || type === 'unauthorized' ? type : 'broken', message }
}

/** What a status is made of. */
export interface StatusFacts {
  readonly cluster: string
  readonly items: ReadonlyMap<Subject, Item>
  readonly settings: MemberSettings | undefined
  readonly link: Link
  /** What keeps the member from its work although it is connected. */
  readonly problems: readonly string[]
  readonly wantedCommit: string | undefined
  readonly appliedCommit: string | undefined
  readonly seenAt: number | undefined
  readonly kubernetesVersion: string | undefined
  /** When the credential in use expires, in milliseconds since the epoch. */
  readonly credentialExpiresAt: number | undefined
  /** What is to be said about that now; empty while there is time. */
  readonly expiryWarning: string
  /** The pauses in force. */
  readonly pauses?: readonly Pause[]
}

/** Sums up a member: the state is the worst that holds, in the order of `Sync`. Everything but `since`. */
export function statusOf(facts: StatusFacts): Omit<MemberStatus, 'since'> {
  const { items, settings, link, problems, pauses = [] } = facts
  const known = [...items.values()]
  const wanted = known.filter((item) => item.wanted)
  const applied = wanted.filter(isApplied).length
  const sync = syncOf(facts, known, wanted)
  const whole = clusterPause(pauses)
  const paused = known.filter((item) => item.pause).length
  const missing = wanted.filter((item) => isLeftOut(item)).length
  return {
    cluster: facts.cluster,
    sync,
    message: [
      link.type === 'connected' || link.type === 'unknown' ? '' : link.message,
      ...problems,
      // A refusal says more than the warning that came before it.
      link.type === 'unauthorized' ? '' : facts.expiryWarning,
      settings?.suspended ? 'suspended' : '',
      whole ? pauseSentence(whole) : '',
      paused > 0 ? `${paused} paused` : '',
      missing > 0 ? `${missing} left out` : '',
      `${applied}/${wanted.length} applied`,
    ]
      .filter((text) => text !== '')
      .join('; '),
    appliedCommit: facts.appliedCommit,
    wantedCommit: facts.wantedCommit,
    applied,
    total: wanted.length,
    seenAt: facts.seenAt === undefined ? undefined : new Date(facts.seenAt).toISOString(),
    kubernetesVersion: facts.kubernetesVersion,
    credentialExpiresAt:
      facts.credentialExpiresAt === undefined ? undefined : new Date(facts.credentialExpiresAt).toISOString(),
    ...(whole ? { pause: whole } : {}),
    objects: known
      .map((item) => objectStatus(item, item.pause ?? whole))
      .sort((a, b) => (a.subject < b.subject ? -1 : 1)),
  }
}

function syncOf(
  { settings, link, problems, pauses = [], appliedCommit, wantedCommit }: StatusFacts,
  items: readonly Item[],
  wanted: readonly Item[],
): Sync {
  if (settings?.suspended) return 'suspended'
  if (link.type === 'unreachable' || link.type === 'unauthorized') return link.type
  if (link.type === 'broken' || problems.length > 0) return 'degraded'
  if (clusterPause(pauses)) return 'suspended'
  if (wanted.some(isBroken) || items.some(isLeftOver)) return 'degraded'
  if (wanted.some(isDrifted)) return 'drifted'
  if (link.type === 'unknown' || wanted.some((item) => isFresh(item) || isUnderWay(item))) return 'progressing'
  return appliedCommit === wantedCommit ? 'synced' : 'progressing'
}

function isBroken(item: Item): boolean {
  if (isFresh(item)) return false
  return (
    item.action === 'failed' ||
    (item.action === 'skipped' && item.message !== 'suspended' && !isLeftOut(item)) ||
    item.live?.health === 'Failed'
  )
}

/** Whether an object left Git and could not be deleted. */
function isLeftOver(item: Item): boolean {
  return !item.wanted && !isFresh(item) && item.action === 'failed'
}

function isUnderWay({ live }: Item): boolean {
  return live?.health === 'InProgress' || live?.health === 'Terminating'
}

function isDrifted({ drift }: Item): boolean {
  return drift !== undefined && (drift.healedAt === undefined || drift.fight)
}

/** Whether the member runs what is wanted of an item. */
export function isApplied(item: Item): boolean {
  return !isFresh(item) && (item.action === 'created' || item.action === 'configured' || item.action === 'unchanged')
}

/** Whether nothing of an item is left to do for its commit; what is suspended or left out does not hold a commit back. */
export function isDone(item: Item): boolean {
  if (isFresh(item)) return false
  if (!item.wanted) return item.action !== 'failed'
  return isApplied(item) || item.message === 'suspended' || isLeftOut(item)
}

function objectStatus(item: Item, pause: Pause | undefined): ObjectStatus {
  const { subject, wanted, action, message, live, drift, held } = item
  return {
    subject,
    source: wanted?.source ?? '',
    action,
    health: live?.health ?? 'Unknown',
    message:
      pause && (message === '' || message === 'suspended') ? pauseSentence(pause) : message || live?.message || '',
    drift,
    extras: live?.extras ?? [],
    held: wanted ? undefined : held,
    ...(pause ? { pause } : {}),
  }
}
