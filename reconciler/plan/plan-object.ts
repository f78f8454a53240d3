import { getIn, type KubeObject } from '../../repo-layout/json.ts'
import { dryRun } from '../member/apply.ts'
import { neverOurs } from '../member/drift.ts'
import { isClusterWide, isRejected } from '../member/errors.ts'
import type { Item } from '../member/items.ts'
import { isLeftOut } from '../member/left-out.ts'
import { manifestOf, unsuspended } from '../member/manifest.ts'
import { maskText } from '../member/mask.ts'
import { pauseSentence } from '../member/pause.ts'
import { leftThere } from '../member/prune.ts'
import { reconcile } from '../member/reconcile.ts'
import { explain } from '../member/refusal.ts'
import { wasApplied } from '../member/shards.ts'
import type { HeldDeletion } from '../member/types.ts'
import type { Outcome, Work } from '../member/work.ts'
import { changedFields } from './changed-fields.ts'
import { type Rehearsed, rehearse } from './rehearsal.ts'
import type { Trial } from './trials.ts'
import type { How, PlannedObject } from './types.ts'

/** An object as planned, with what the whole plan needs of it beside. */
export interface ObjectPlan {
  readonly planned: PlannedObject
  /** `spec.replicas` now and then, of a workload; 0 where it is not there. */
  readonly replicas: { readonly before: number; readonly after: number } | undefined
  /** Where it would be deleted, the budget allowing: the very object, and how many go with it. */
  readonly held: HeldDeletion | undefined
}

/**
 * Plans one object by running the very code that would work on it, over an `Api` that writes nothing. `work.inventory` must
 * be a scratch one. Throws an `ApiError` only where the cluster as a whole cannot be worked with.
 */
export async function planObject(
  work: Work,
  item: Item,
  listed: KubeObject | undefined,
  trial?: Trial,
): Promise<ObjectPlan> {
  const rehearsal = rehearse(work.api, listed, trial)
  const entry = work.inventory.get(item.subject)
  let outcome: Outcome
  try {
    outcome = await reconcile({ ...work, api: rehearsal.api, rehearsed: true }, item)
  } catch (error) {
    if (isClusterWide(error)) throw error
    outcome = { action: 'failed', message: maskText(explain(error), item.wanted?.object) }
  }
  const done = rehearsal.result()
  const isTaken = !wasApplied(entry) && work.inventory.get(item.subject)?.state === 'adopted'
  const how = howOf(item, outcome, done, isTaken)
  const { drift, held } = outcome
  const isSettled = how === 'suspended' && !drift && wasApplied(entry) && entry.oid === item.wanted?.oid
  const fields =
    how === 'suspended'
      ? (drift?.fields ?? (isSettled ? [] : await withheldFields(work, item, listed)))
      : how === 'left alone'
        ? neverOurs(changedFields({ ...done, after: done.tried }))
        : done.after
          ? isTaken
            ? neverOurs(changedFields(done))
            : changedFields(done)
          : (drift?.fields ?? [])
  const planned: PlannedObject = {
    subject: item.subject,
    source: item.wanted?.source ?? '',
    action: isSettled ? 'unchanged' : held ? 'pruned' : outcome.action,
    ...(how === undefined || isSettled ? {} : { how }),
    why: whyOf(item, outcome),
    fields,
    ...(drift === undefined ? {} : { drift: drift.reason }),
  }
  return {
    planned,
    replicas: replicasOf(item, planned, done),
    held,
  }
}

function whyOf({ pause }: Item, { message, held }: Outcome): string {
  if (held) return ''
  if (message !== 'suspended') return message
  return pause ? pauseSentence(pause) : ''
}

/** What an apply would change in an object that is left as it is on purpose; nothing where that cannot be tried. */
async function withheldFields(work: Work, { subject, wanted }: Item, listed: KubeObject | undefined) {
  if (!wanted) return []
  try {
    const place = await work.api.place(wanted.object.apiVersion, subject)
    const before = listed ?? (await work.api.get(place))
    if (!before) return []
    const manifest = manifestOf(unsuspended(wanted.object), subject, work.settings)
    const task = { subject, wanted, manifest, place, entry: undefined, drift: undefined }
    const after = await dryRun(work, task, before)
    return changedFields({ before, after, manifest, assumed: false, removed: false })
  } catch (error) {
    if (!isRejected(error)) throw error
    return []
  }
}

function howOf(item: Item, outcome: Outcome, done: Rehearsed, isTaken: boolean): How | undefined {
  const { action, message, drift, held } = outcome
  if (action === 'failed' || held) return undefined
  if (!item.wanted)
    return action === 'skipped' && (item.pause || message.startsWith(leftThere))
      ? 'kept'
      : done.patched
        ? 'released'
        : undefined
  if (message === 'suspended') return 'suspended'
  if (isLeftOut(outcome)) return 'left out'
  if (action === 'skipped') return 'left alone'
  if (isTaken) return 'adopted'
  if (done.removed) return 'replaced'
  if (drift) return outcome.healed ? 'healed' : 'reported'
  return undefined
}

function replicasOf({ wanted }: Item, { action }: PlannedObject, { before, after }: Rehearsed): ObjectPlan['replicas'] {
  const count = (object: KubeObject | undefined) => {
    const replicas = getIn(object, ['spec', 'replicas'])
    return typeof replicas === 'number' ? replicas : undefined
  }
  const [was, is] = [count(before), count(after)]
  if (!wanted) return action === 'pruned' && was !== undefined ? { before: was, after: 0 } : undefined
  if (action === 'created') return is === undefined ? undefined : { before: 0, after: is }
  const now = was ?? is ?? count(wanted.object)
  return now === undefined ? undefined : { before: now, after: is ?? now }
}

/** Whether a plan has something to say of an object beside that nothing happens to it. */
export function isWorthTelling({ action, how, why }: PlannedObject): boolean {
  return action !== 'unchanged' || how !== undefined || why !== ''
}
