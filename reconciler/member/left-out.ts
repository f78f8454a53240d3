import { isRoute, isRouteKind } from '../../render/shipper/routes.ts'
import { kindWithGroup, parseSubject, type Subject } from '../../repo-layout/subject.ts'
import type { Item } from './items.ts'
import { type InventoryEntry, wasApplied } from './shards.ts'
import { isOfApplication } from './traffic/application.ts'
import type { Outcome, Work } from './work.ts'

/** How the message of an object begins that a cluster cannot have, and that what it belongs to does without there. */
export const leftOut = 'left out: '

/** A kind that is not served is looked for again after so many milliseconds. */
const lookAgain = 60_000

/** Whether an entry is of a route that was never applied, as one is that was left out. */
export function neverCame(subject: Subject, entry: InventoryEntry): boolean {
  const { kind = '', group = '' } = parseSubject(subject) ?? {}
  return isRouteKind(kind, group) && !wasApplied(entry)
}

/** Whether an object was left out. */
export function isLeftOut({ action, message }: Pick<Item, 'action' | 'message'>): boolean {
  return action === 'skipped' && message.startsWith(leftOut)
}

/**
 * What came of a route of an application that the cluster serves no version of: pods alone divide the traffic there then.
 * Undefined for everything else, also for a route that was there before: requests may still be led by it, whatever the server
 * says of its kind now. Throws an `ApiError` where it cannot be told what is served.
 */
export async function leaveOut({ api, inventory }: Work, { wanted, subject }: Item): Promise<Outcome | undefined> {
  if (!wanted || !isRoute(wanted.object) || !isOfApplication(wanted.object)) return undefined
  if (wasApplied(inventory.get(subject))) return undefined
  if (await api.placeOfAnyVersion(wanted.object.apiVersion, subject)) return undefined
  const { kind = '', group = '' } = parseSubject(subject) ?? {}
  const message = `${leftOut}the cluster serves no ${kindWithGroup(kind, group)}, so pods alone divide the traffic`
  return { action: 'skipped', message, drift: undefined, again: lookAgain }
}
