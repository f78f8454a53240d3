import { fleetLabel } from '../../repo-layout/schema/common.ts'
import { type Subject, subjectOf } from '../../repo-layout/subject.ts'
import { isClusterWide, messageOf } from '../member/errors.ts'
import { carriesOurId, type Owner } from '../member/manifest.ts'
import type { Session } from '../member/session.ts'
import type { InventoryEntry } from '../member/shards.ts'
import { isNotListed, listAll, type ServedKinds } from './kinds.ts'

/** An object that may be ours; `entry` is what the inventory says of it. */
export interface Found {
  readonly subject: Subject
  readonly apiVersion: string
  readonly entry: InventoryEntry | undefined
}

/** What the inventory holds, sorted by Subject. */
export function listedObjects({ inventory }: Session): readonly Found[] {
  return [...inventory.subjects()].sort().flatMap((subject) => {
    const entry = inventory.get(subject)
    return entry ? [{ subject, apiVersion: entry.apiVersion, entry }] : []
  })
}

/**
 * Objects that carry our label and our id: also what no inventory knows of any more. One list a kind; copies that
 * controllers made have the id of another object and are not among them. Kinds whose list fails are named in `unread`.
 */
export async function markedObjects(
  { transport }: Session,
  owner: Owner,
  { resources }: ServedKinds,
): Promise<{ readonly found: readonly Found[]; readonly unread: readonly string[] }> {
  const found: Found[] = []
  const unread: string[] = []
  for (const resource of resources) {
    try {
      for (const object of await listAll(transport, resource, undefined, `${fleetLabel}=${owner.fleetName}`)) {
        const subject = subjectOf(object)
        if (carriesOurId(object, subject, owner))
          found.push({ subject, apiVersion: resource.apiVersion, entry: undefined })
      }
    } catch (error) {
      if (isClusterWide(error)) throw error
      if (!isNotListed(error)) unread.push(`${resource.kind} in ${resource.apiVersion}: ${messageOf(error)}`)
    }
  }
  return { found, unread }
}
