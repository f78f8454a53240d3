import { createHash } from 'node:crypto'
import { annotations } from '../../repo-layout/schema/common.ts'
import type { Fleet } from '../../repo-layout/schema/fleet.ts'

/**
 * The id by which members tell this fleet from others: the annotation that `flotilla init` writes. A fleet without one
 * gets an id derived from its name, which two fleets of one name would share.
 */
export function fleetUidOf(fleet: Fleet): { readonly uid: string; readonly derived: boolean } {
  const written = fleet.metadata.annotations?.[annotations.fleetUid]
  if (written) return { uid: written, derived: false }
  const hash = createHash('sha256').update(`flotilla.dev/fleet/${fleet.metadata.name}`).digest('hex')
  return {
    uid: `${hash.slice(0, 8)}-${hash.slice(8, 12)}-${hash.slice(12, 16)}-${hash.slice(16, 20)}-${hash.slice(20, 32)}`,
    derived: true,
  }
}
