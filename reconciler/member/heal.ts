import type { KubeObject } from '../../repo-layout/json.ts'
import { annotations, fleetLabel } from '../../repo-layout/schema/common.ts'
import { createNew, dryRun, isConflict, look, record, update } from './apply.ts'
import { fieldDrift, plainDrift } from './drift.ts'
import { isRejected } from './errors.ts'
import { ourEntry } from './fields.ts'
import { markOf, metadataText, otherFleet } from './manifest.ts'
import { managedBy } from './marks.ts'
import { maskText } from './mask.ts'
import { takeSole } from './ownership.ts'
import { explain } from './refusal.ts'
import type { Drift, FieldDrift } from './types.ts'
import type { Outcome, Task, Work } from './work.ts'

/** Whether drift of an object is undone or only told; the object's own word counts more than the Fleet's. */
export function healsDrift(work: Work, task: Task): boolean {
  const own = task.manifest.metadata.annotations?.[annotations.drift]
  return (own === 'Heal' || own === 'Report' ? own : work.settings.sync.drift) === 'Heal'
}

/**
 * An object that we applied as it is wanted, and that is not so any more. `before` is the live object of now, undefined
 * where it is gone. Heals it by a forced apply, or with `only: 'report'` tells what an apply would change. Ownership that
 * went while the values stayed is taken back quietly: that is no drift.
 */
export async function heal(
  work: Work,
  task: Task,
  before: KubeObject | undefined,
  only: 'heal' | 'report',
): Promise<Outcome> {
  if (!before) return healDeleted(work, task, only)
  if (metadataText(before, 'deletionTimestamp') !== '')
    return { action: 'unchanged', message: 'being deleted by somebody', live: look(work, task, before), again: 2000 }
  const foreign = otherFleet(before, task.subject, work.settings)
  if (foreign !== undefined) return leave(work, task, before, `another fleet (${foreign}) took it over`)
  const recreated = metadataText(before, 'uid') !== task.entry?.uid
  const tool = recreated ? managedBy(before, task.manifest) : undefined
  if (tool !== undefined) return leave(work, task, before, `${tool} created it anew`)

  const reason = recreated
    ? 'recreated'
    : !ourEntry(before)
      ? 'ownership wiped'
      : markOf(before, 'labels', fleetLabel) !== work.settings.fleetName
        ? 'label removed'
        : 'changed'
  if (only === 'report') {
    const { fields, message } = await differences(work, task, before)
    const drift = reason === 'changed' && fields.length === 0 ? undefined : driftOf(work, task, reason, fields, false)
    return { action: 'unchanged', message, live: look(work, task, before), drift }
  }
  const { object, action, message } = await update(work, task, before)
  // Without managedFields the server gives all that was there to `before-first-apply`, which would keep it for ever.
  const owned =
    reason === 'changed' ? object : await takeSole(work.api, task.place, object, work.settings.sync.overrideManagers)
  const state = task.entry?.state === 'adopted' ? 'adopted' : 'created'
  const live = look(work, task, owned)
  record(work, task, live, state)
  const fields = fieldDrift(before, owned, task.manifest)
  if (reason === 'changed' && fields.length === 0) {
    const drift = action === 'unchanged' ? undefined : task.drift
    return { action: 'unchanged', message, live, drift, healed: false }
  }
  return { action: 'configured', message, live, drift: driftOf(work, task, reason, fields, true), healed: true }
}

/** What an apply would change; where the server refuses even to try, what the manifest says against what is live. */
async function differences(
  work: Work,
  task: Task,
  before: KubeObject,
): Promise<{ readonly fields: readonly FieldDrift[]; readonly message: string }> {
  try {
    return { fields: fieldDrift(before, await dryRun(work, task, before), task.manifest), message: '' }
  } catch (error) {
    if (!isRejected(error) || isConflict(error)) throw error
    return {
      fields: plainDrift(before, task.manifest),
      message: `an apply would be refused: ${maskText(explain(error), task.wanted.object)}`,
    }
  }
}

async function healDeleted(work: Work, task: Task, only: 'heal' | 'report'): Promise<Outcome> {
  if (only === 'report')
    return {
      action: 'unchanged',
      message: 'deleted from the cluster',
      drift: driftOf(work, task, 'deleted', [], false),
    }
  try {
    const { object } = await createNew(work, task)
    const live = look(work, task, object)
    record(work, task, live, 'created')
    return {
      action: 'created',
      message: '',
      live,
      drift: driftOf(work, task, 'deleted', [], true),
      healed: true,
    }
  } catch (error) {
    if (!isConflict(error)) throw error
    return { action: 'unchanged', message: 'it came back while it was being created', again: 100 }
  }
}

function leave(work: Work, task: Task, live: KubeObject, why: string): Outcome {
  // Suspended means that nothing is written, not even what we remember.
  if (!work.settings.suspended) work.inventory.delete(task.subject)
  return {
    action: 'skipped',
    message: `left alone: ${why}`,
    live: look(work, task, live),
    drift: undefined,
    again: 300_000,
  }
}

/** A healed drift that comes again within so many milliseconds goes on; later it is another. */
const sameStory = 60_000

function driftOf(
  work: Work,
  task: Task,
  reason: Drift['reason'],
  fields: readonly FieldDrift[],
  healed: boolean,
): Drift {
  const now = new Date(work.clock.now()).toISOString()
  const known = task.drift
  const goesOn = known !== undefined && work.clock.now() - Date.parse(known.healedAt ?? now) < sameStory
  return {
    subject: task.subject,
    reason,
    fields,
    since: goesOn ? known.since : now,
    // What differs now is not healed, whatever was a moment ago.
    healedAt: healed ? now : undefined,
    healed: (known?.healed ?? 0) + (healed ? 1 : 0),
    fight: known?.fight ?? false,
  }
}
