import type { Subject } from '../../repo-layout/subject.ts'
import type { Inventory } from '../member/inventory.ts'
import type { InventoryEntry } from '../member/shards.ts'

/** An inventory that can be written on without anything reaching the member: what is noted is kept here. */
export function scratchInventory(inventory: Inventory): Inventory {
  const entries = new Map<Subject, InventoryEntry>()
  for (const subject of inventory.subjects()) {
    const entry = inventory.get(subject)
    if (entry) entries.set(subject, entry)
  }
  return {
    header: inventory.header,
    beside: inventory.beside,
    get: (subject) => entries.get(subject),
    subjects: () => [...entries.keys()],
    set: (entry) => void entries.set(entry.subject, entry),
    delete: (subject) => void entries.delete(subject),
    epoch: () => undefined,
    claim: () => Promise.resolve(),
    verify: () => Promise.resolve(),
    isDirty: () => false,
    flush: () => Promise.resolve(),
    noteDeleted: () => false,
    checkTakeover: () => undefined,
  }
}
