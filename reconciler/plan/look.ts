import type { JsonObject, KubeObject } from '../../repo-layout/json.ts'
import { fleetLabel } from '../../repo-layout/schema/common.ts'
import { type Subject, subjectOf } from '../../repo-layout/subject.ts'
import { asObject } from '../member/api.ts'
import { collectionPath } from '../member/discovery.ts'
import { isRejected } from '../member/errors.ts'
import { factsOf } from '../member/facts.ts'
import { createItem, followDesired, type Item, see } from '../member/items.ts'
import { type KindKey, kindKey } from '../member/kinds.ts'
import { listAll } from '../member/list.ts'
import { pauseFor } from '../member/pauses.ts'
import type { Session } from '../member/session.ts'
import type { DesiredState } from '../member/types.ts'

/** What a member should run and what of it is there, as the watches of a daemon would know it. */
export interface Look {
  readonly items: ReadonlyMap<Subject, Item>
  /** The live objects that carry the fleet's label. */
  readonly live: ReadonlyMap<Subject, KubeObject>
}

/**
 * Lists each kind in use once (`isUsed` may leave some out), objects of the fleet only. Items are what is wanted and what
 * the inventory holds beside it. Throws an `ApiError` where a list cannot be had; a kind that is not served, or that the
 * server does not let us list, is known object by object later.
 */
export async function lookAt(
  session: Session,
  desired: DesiredState,
  fleetName: string,
  isUsed: (kind: string) => boolean = () => true,
): Promise<Look> {
  const items = new Map<Subject, Item>()
  followDesired(items, desired, true)
  for (const subject of session.inventory.subjects()) if (!items.has(subject)) items.set(subject, createItem(subject))
  for (const item of items.values()) item.pause = pauseFor(session.pauses, item)
  const kinds = new Map<KindKey, KubeObject>()
  for (const { wanted } of items.values())
    if (wanted && isUsed(wanted.object.kind)) kinds.set(keyOf(wanted.object), wanted.object)
  const live = new Map<Subject, KubeObject>()
  await Promise.all([...kinds.values()].map((one) => list(one)))

  async function list({ apiVersion, kind }: KubeObject): Promise<void> {
    const resource = await session.discovery.resource(apiVersion, kind)
    if (!resource) return
    const query = { labelSelector: `${fleetLabel}=${fleetName}` }
    const found = await listAll(session.transport, collectionPath(resource, undefined), query).catch(
      (error: unknown): JsonObject[] => {
        if (!isRejected(error)) throw error
        return []
      },
    )
    for (const one of found) {
      // Items of a list leave out what the list says for all of them.
      const object = asObject({ ...one, apiVersion, kind })
      const item = items.get(subjectOf(object))
      if (!item?.wanted || keyOf(item.wanted.object) !== keyOf(object)) continue
      see(item, factsOf(object, item.wanted.object, session.secretKey.key), object)
      live.set(item.subject, object)
    }
  }
  return { items, live }
}

function keyOf({ apiVersion, kind }: KubeObject): KindKey {
  return kindKey(apiVersion, kind)
}
