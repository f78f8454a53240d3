import type { KubeObject } from '../../repo-layout/json.ts'
import { annotations } from '../../repo-layout/schema/common.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import { takenWith } from './cascade.ts'
import { isRejected } from './errors.ts'
import { ourEntry } from './fields.ts'
import { neverCame } from './left-out.ts'
import { carriesOurId, markOf, metadataText, otherFleet } from './manifest.ts'
import { isPrecious } from './order.ts'
import { release } from './ownership.ts'
import { type InventoryEntry, wasApplied } from './shards.ts'
import type { Outcome, Work } from './work.ts'

/** How the message of an object begins that left Git and stays in the cluster. */
export const leftThere = 'left in the cluster: '

/** The message of an object that would be deleted now if the commit's budget of deletions allowed it. */
export const overBudget = `${leftThere}the deletions of this commit are over budget`

/** A kind that is not served is looked for again after so many milliseconds. */
const lookAgain = 60_000

/**
 * Takes away an object that left the generated branch. Only what the inventory holds, only the very object that was applied
 * (uid and resourceVersion preconditions), adopted ones are released, and whatever speaks against it (budget, settings,
 * annotations, kinds that take others with them) leaves the object and its entry as they are. What failed stays listed, so
 * the next try deletes it.
 */
export async function prune(work: Work, subject: Subject, entry: InventoryEntry): Promise<Outcome> {
  const { settings, inventory, api } = work
  if (settings.suspended) return keep('suspended; it left Git and would be deleted')
  if (!settings.sync.prune) return keep('pruning is off')
  if (entry.suspended) return keep('it was suspended when it left Git')
  const place = await api.placeOfAnyVersion(entry.apiVersion, subject)
  if (!place && neverCame(subject, entry)) {
    inventory.delete(subject)
    return { action: 'pruned', message: '' }
  }
  // A kind that is not served now may be again, and its objects with it.
  if (!place) return { ...keep(`the cluster serves no ${subject.split('/')[0]} now`), again: lookAgain }
  const live = await api.get(place)
  if (!live) {
    inventory.delete(subject)
    return { action: 'pruned', message: '' }
  }
  const stranger = whyNotOurs(live, subject, entry, work)
  if (stranger !== undefined) {
    inventory.delete(subject)
    return { action: 'skipped', message: `${leftThere}${stranger}` }
  }
  if (metadataText(live, 'deletionTimestamp') !== '') return waiting()
  const told = markOf(live, 'annotations', annotations.prune)
  if (told === 'false') return keep(`its annotation ${annotations.prune} says so`)
  if (markOf(live, 'annotations', annotations.suspend) === 'true')
    return keep(`its annotation ${annotations.suspend} says so`)
  if (entry.state === 'adopted' && told !== 'true') return letGo(work, subject, live, place)
  if (isPrecious(subject) && told !== 'true')
    return keep(`a ${subject.split('/')[0]} takes others with it; annotate it ${annotations.prune}: "true"`)
  const uid = metadataText(live, 'uid')
  if (!settings.mayDelete.has(uid))
    return { action: 'skipped', message: overBudget, held: { uid, takes: await takenWith(api, subject, live) } }
  try {
    if (!(await api.remove(place, live)).gone) return waiting()
  } catch (error) {
    if (isRejected(error, 409))
      return { action: 'failed', message: 'it changed while it was being deleted', again: 200 }
    throw error
  }
  inventory.delete(subject)
  return { action: 'pruned', message: '' }
}

/** Why a live object is not the one that the entry means; undefined where it is. */
function whyNotOurs(live: KubeObject, subject: Subject, entry: InventoryEntry, work: Work): string | undefined {
  if (otherFleet(live, subject, work.settings) !== undefined) return 'another fleet has taken it'
  const marked = carriesOurId(live, subject, work.settings) && ourEntry(live) !== undefined
  if (!wasApplied(entry)) return marked ? undefined : 'it was never applied by this fleet'
  if (metadataText(live, 'uid') === entry.uid || marked) return undefined
  return 'somebody else created it anew'
}

async function letGo(
  work: Work,
  subject: Subject,
  live: KubeObject,
  place: Parameters<typeof release>[1],
): Promise<Outcome> {
  try {
    await release(work.api, place, live)
  } catch (error) {
    if (!isRejected(error, 409)) throw error
    return { action: 'failed', message: 'it changed while it was being released', again: 200 }
  }
  work.inventory.delete(subject)
  return { action: 'pruned', message: 'released: it was there before, so it was not deleted' }
}

function keep(why: string): Outcome {
  return { action: 'skipped', message: `${leftThere}${why}` }
}

function waiting(): Outcome {
  return { action: 'skipped', message: 'being deleted; its finalizers still hold it', again: 2000 }
}
