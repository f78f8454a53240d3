import { getIn, type KubeObject } from '../../repo-layout/json.ts'
import { type Applied, createNew, isConflict, look, record, update, updateUnseen } from './apply.ts'
import { backoff } from './backoff.ts'
import { fieldDrift } from './drift.ts'
import { isRejected } from './errors.ts'
import type { LiveFacts } from './facts.ts'
import { ourManager } from './fields.ts'
import { firstContact } from './first-contact.ts'
import { heal, healsDrift } from './heal.ts'
import { ignoredPaths } from './ignore.ts'
import { type Item, isSuspended, saysSuspended } from './items.ts'
import { leaveOut } from './left-out.ts'
import { manifestOf, metadataText, unsuspended } from './manifest.ts'
import { prune } from './prune.ts'
import { clashingList, immutableFields } from './refusal.ts'
import { type InventoryEntry, wasApplied } from './shards.ts'
import type { FieldDrift } from './types.ts'
import type { Outcome, Task, Work } from './work.ts'

/** More re-applies than this within a minute are a fight. */
const mostHeals = 5
const fightWindow = 60_000

/**
 * Makes one object what it should be, from whatever state it is in. Level-based: it looks at what is wanted, recorded and live,
 * and does the one thing that is needed, which is most often nothing. Throws an `ApiError` for what the server refused.
 * Every write it makes can be repeated.
 */
export async function reconcile(work: Work, item: Item): Promise<Outcome> {
  const { wanted, subject } = item
  const { inventory, settings } = work
  const entry = inventory.get(subject)
  if (!wanted && entry && item.pause) return { action: 'skipped', message: 'suspended' }
  if (!wanted) return entry ? prune(work, subject, entry) : { action: 'pruned', message: '' }
  noteSuspension(work, item, entry)

  const applied = wasApplied(entry)
  const current = applied && entry.oid === wanted.oid && entry.apiVersion === wanted.object.apiVersion
  const suspended = settings.suspended || isSuspended(item)
  const untouched = applied && item.live?.uid === entry.uid && item.live.fingerprint === entry.fingerprint
  if (current && untouched)
    return {
      action: suspended ? 'skipped' : 'unchanged',
      message: suspended ? 'suspended' : '',
      drift: settledDrift(item),
    }
  if (suspended && (!applied || untouched)) return { action: 'skipped', message: 'suspended', drift: undefined }

  const left = await leaveOut(work, item)
  if (left) return left
  const place = await work.api.place(wanted.object.apiVersion, subject)
  const manifest = manifestOf(suspended ? unsuspended(wanted.object) : wanted.object, subject, settings)
  const task: Task = { subject, wanted, manifest, place, entry, drift: item.drift }
  if (!applied) return firstContact(work, task, item.live !== undefined)
  if (!current && !suspended) return change(work, item, task, entry.uid)
  const wait = (item.reported ?? Number.NEGATIVE_INFINITY) + reportEvery - work.clock.now()
  if (wait > 0 && item.drift && item.live && !heals(work, task, item, suspended))
    return { action: suspended ? 'skipped' : 'unchanged', message: item.message, drift: item.drift, again: wait }
  const before = evidenceOf(item) ?? (await work.api.get(place))
  item.reported = work.clock.now()
  if (suspended) return { ...(await heal(work, task, before, 'report')), action: 'skipped', message: 'suspended' }
  if (!healsDrift(work, task)) return heal(work, task, before, 'report')
  return healAtPace(work, item, task, before)
}

/** An object whose suspension leaves Git together with it must not be taken for one that may be pruned. */
function noteSuspension({ inventory, settings }: Work, item: Item, entry: InventoryEntry | undefined): void {
  if (!wasApplied(entry) || settings.suspended) return
  const { suspended: _before, ...others } = entry
  inventory.set(saysSuspended(item) ? { ...others, suspended: true } : others)
}

/** A drift that is only told is told anew at most so often, in milliseconds, however often the object changes. */
const reportEvery = 5000

/** Whether drift would be healed now, and not only told. */
function heals(work: Work, task: Task, item: Item, suspended: boolean): boolean {
  return !suspended && healsDrift(work, task) && item.drift?.fight !== true
}

/** A new manifest for an object that we applied before. */
async function change(work: Work, item: Item, task: Task, uid: string): Promise<Outcome> {
  const { live } = item
  const { api, settings } = work
  const leavesSomething =
    live === undefined ||
    live.uid !== uid ||
    live.autoscaled ||
    (live.ownsReplicas && getIn(task.manifest, ['spec', 'replicas']) === undefined) ||
    ignoredPaths(task.manifest, settings.ignoreDifferences).length > 0
  let done: Applied | undefined
  let overwrote: Outcome['overwrote']
  if (!leavesSomething) {
    try {
      done = await updateUnseen(work, task, uid, live.resourceVersion)
    } catch (error) {
      if (!isConflict(error) && clashingList(error) === undefined && immutableFields(error).length === 0) throw error
    }
  }
  if (!done) {
    const found = await api.get(task.place)
    if (found && metadataText(found, 'uid') !== uid) return heal(work, task, found, 'heal')
    done = found ? await update(work, task, found) : await createNew(work, task)
    if (found) overwrote = foreignFields(found, done.object, task.manifest)
  }
  const state = task.entry?.state === 'adopted' && done.action !== 'created' ? 'adopted' : 'created'
  const now = seenAs(item, task, done.object) ?? look(work, task, done.object)
  record(work, task, now, state)
  return { action: done.action, message: done.message, live: now, drift: undefined, overwrote }
}

/** Whether a field was in somebody else's hands. */
const others = (manager: string) => manager !== ourManager && manager !== 'unknown (reordered)'

/** What others had set and an apply of a new manifest has undone: that is their work, and not the old manifest's. */
function foreignFields(before: KubeObject, after: KubeObject, manifest: KubeObject): readonly FieldDrift[] {
  return fieldDrift(before, after, manifest).filter(({ live, manager }) => live !== undefined && others(manager))
}

/** What the watch made known of the very state that was answered: it is often faster than the answer. */
function seenAs({ live, wanted }: Item, task: Task, object: KubeObject): LiveFacts | undefined {
  const isSame =
    wanted === task.wanted &&
    live?.uid === metadataText(object, 'uid') &&
    live.resourceVersion === metadataText(object, 'resourceVersion')
  return isSame ? live : undefined
}

/** Heals at once, but one who undoes it again and again is named and waited for, longer each time. */
async function healAtPace(work: Work, item: Item, task: Task, before: KubeObject | undefined): Promise<Outcome> {
  const now = work.clock.now()
  const last = item.heals.at(-1) ?? 0
  const fighting = item.heals.length > mostHeals
  const due = fighting ? last + backoff(item.heals.length - mostHeals, 2000, 300_000, () => 0.5) : now
  if (due > now) {
    const report = await heal(work, task, before, 'report')
    const drift = report.drift && { ...report.drift, healedAt: item.drift?.healedAt, fight: true }
    return {
      ...report,
      drift,
      message: drift ? fightMessage(item.heals.length, drift.fields[0]) : report.message,
      again: due - now,
    }
  }
  const outcome = await heal(work, task, before, 'heal').catch(async (error: unknown) => {
    // What cannot be healed is told all the same, with who did it.
    if (isRejected(error) && !isConflict(error)) item.drift = (await heal(work, task, before, 'report')).drift
    throw error
  })
  if (outcome.healed !== undefined) {
    const recent = last === 0 || now - last > (fighting ? 600_000 : fightWindow) ? [] : item.heals
    item.heals = (fighting ? recent : recent.filter((time) => now - time < fightWindow)).concat(now).slice(-20)
  }
  const fight = item.heals.length > mostHeals
  return outcome.drift ? { ...outcome, drift: { ...outcome.drift, fight } } : outcome
}

function fightMessage(times: number, field: { manager: string; path: string } | undefined): string {
  const what = field ? `${field.manager} changes ${field.path}` : 'somebody changes it'
  return `healed ${times} times: ${what} again and again; healing is backed off`
}

/** A drift that went away by itself is over; one that was healed stays told until something else is wanted. */
function settledDrift(item: Item): Item['drift'] {
  return item.drift?.healedAt === undefined ? undefined : { ...item.drift, fight: false }
}

function evidenceOf(item: Item): KubeObject | undefined {
  const { evidence, live } = item
  return evidence && live && metadataText(evidence, 'resourceVersion') === live.resourceVersion ? evidence : undefined
}
