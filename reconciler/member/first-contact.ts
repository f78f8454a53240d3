import type { KubeObject } from '../../repo-layout/json.ts'
import { annotations } from '../../repo-layout/schema/common.ts'
import { decideAdoption } from './adopt.ts'
import { createNew, dryRun, isConflict, look, record, update } from './apply.ts'
import { metadataText } from './manifest.ts'
import { takeSole } from './ownership.ts'
import type { Outcome, Task, Work } from './work.ts'

/** An object that was left alone is looked at again after so many milliseconds: its owner may have let it go. */
const lookAgain = 300_000
/** So often an object is tried to be created that conflicts with something although nothing is there. */
const mostTries = 3

/**
 * An object that the inventory does not hold as applied: created where nothing is in its place; what is there is taken
 * only by the rules of `decideAdoption`, and then the fields of client-side tools with it. On retry after a crash between
 * intent and answer it finds its own work and goes on from there.
 */
export async function firstContact(work: Work, task: Task, mayExist: boolean): Promise<Outcome> {
  for (let tries = 1; ; tries++) {
    if (!mayExist || tries > 1) {
      try {
        const { object, action } = await createNew(work, task)
        const live = look(work, task, object)
        record(work, task, live, 'created')
        return { action, message: '', live }
      } catch (error) {
        // A conflict may have other reasons than an object in this place: a quota that changes at the same moment.
        if (!isConflict(error) || tries >= mostTries) throw error
      }
    }
    const found = await work.api.get(task.place)
    if (found) return meet(work, task, found)
  }
}

/** Takes an object that is there, or leaves it alone. */
async function meet(work: Work, task: Task, found: KubeObject): Promise<Outcome> {
  if (metadataText(found, 'deletionTimestamp') !== '')
    return { action: 'failed', message: 'an object of this name is still being deleted', again: 2000 }
  const { settings, inventory } = work
  const decision = await decideAdoption(
    found,
    task.manifest,
    task.subject,
    settings,
    { mode: settings.sync.adopt, onObject: task.wanted.object.metadata.annotations?.[annotations.adopt] },
    () => dryRun(work, task, found),
  )
  if (decision.type === 'leave') {
    inventory.delete(task.subject)
    return { action: 'skipped', message: decision.message, live: look(work, task, found), again: lookAgain }
  }
  const uid = metadataText(found, 'uid')
  const adopted = decision.type === 'adopt' || (task.entry?.state === 'adopted' && task.entry.uid === uid)
  const state = adopted ? 'adopted' : 'created'
  if (decision.type === 'adopt') await noteAdoption(work, task, uid)
  try {
    // What was decided holds for the object as it was read, so it is taken in that state only.
    const version = decision.type === 'adopt' ? metadataText(found, 'resourceVersion') : undefined
    const { object, action, message } = await update(work, task, found, version)
    // Noted as applied only once it is ours alone: whatever happens between the two is then gone through again.
    const live = look(work, task, await takeSole(work.api, task.place, object, settings.sync.overrideManagers))
    record(work, task, live, state)
    return { action, message, live }
  } catch (error) {
    if (!isConflict(error)) throw error
    return { action: 'failed', message: 'it changed while it was being taken', again: 200 }
  }
}

/**
 * Says in the inventory that an object is about to be adopted, and waits until that is written. The apply puts our marks
 * on it: after a crash it would look as if we had created it, and would one day be deleted instead of released.
 */
async function noteAdoption({ inventory }: Work, { subject, manifest }: Task, uid: string): Promise<void> {
  const { apiVersion } = manifest
  inventory.set({ subject, state: 'adopted', apiVersion, uid, oid: '', fingerprint: '' })
  await inventory.flush(inventory.header?.commit ?? '')
}
