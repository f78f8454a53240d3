import { annotations } from '../../repo-layout/schema/common.ts'
import { decideAdoption } from './adopt.ts'
import { createNew, dryRun, entryFor, isConflict, update } from './apply.ts'
import { metadataText } from './manifest.ts'
import { takeSole } from './ownership.ts'
import type { Outcome, Task, Work } from './work.ts'

/**
 * An object that the inventory does not hold yet (or only as an intent): created where nothing is in its place; what is
 * there is taken only by the rules of `decideAdoption`, and then the fields of client-side tools with it. On retry after a
 * crash between intent and answer it finds its own work and goes on from there.
 */
export async function firstContact(work: Work, task: Task, mayExist: boolean): Promise<Outcome> {
  if (!mayExist) {
    try {
      const { object, action } = await createNew(work, task)
      work.inventory.set(entryFor(task, object, 'created', work.secretKey))
      return { action, message: '', live: object }
    } catch (error) {
      if (!isConflict(error)) throw error
    }
  }
  const live = await work.api.get(task.place)
  if (!live) return firstContact(work, task, false)
  if (metadataText(live, 'deletionTimestamp') !== '')
    return { action: 'failed', message: 'an object of this name is still being deleted', live, again: 2000 }
  const { settings } = work
  const decision = await decideAdoption(
    live,
    task.manifest,
    task.subject,
    settings,
    { mode: settings.sync.adopt, onObject: task.manifest.metadata.annotations?.[annotations.adopt] },
    () => dryRun(work, task, live),
  )
  if (decision.type === 'leave') {
    work.inventory.delete(task.subject)
    return { action: 'skipped', message: decision.message, live, again: lookAgain }
  }
  const { object, action, message } = await update(work, task, live)
  // The entry stands before the patch below: a crash between them must not make the object a stranger again.
  const state = decision.type === 'ours' ? 'created' : 'adopted'
  work.inventory.set(entryFor(task, object, state, work.secretKey))
  const owned = await takeSole(work.api, task.place, object)
  work.inventory.set(entryFor(task, owned, state, work.secretKey))
  return { action, message, live: owned }
}

/** An object that was left alone is looked at again after so many milliseconds: its owner may have let it go. */
const lookAgain = 300_000
