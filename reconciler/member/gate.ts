import type { Subject } from '../../repo-layout/subject.ts'
import type { Book } from './book.ts'
import type { Inventory } from './inventory.ts'
import { type Item, isPending, isSuspended } from './items.ts'
import type { Rank } from './order.ts'
import { isApplied } from './status.ts'

/**
 * When an object may be worked on. Namespaces and CRDs go before what needs them, what intercepts requests comes after all
 * else, pruning after applying and the other way round. An object that failed stops only those that need it.
 */
export interface Gate {
  mayStart(subject: Subject): boolean
  /** What an object needs and is not applied; undefined where nothing stands in its way. */
  failedDependency(item: Item): Subject | undefined
  /** Notes an intent for each wanted object that the inventory does not hold; says whether anything is to be written. */
  noteIntents(): boolean
  /** Counts up with each desired state; the book's. */
  readonly version: number
  /** Says that the intents of a version are written. */
  prepared(version: number): void
  isPrepared(): boolean
  /** Whether some items were not looked at since the version began. */
  isPending(): boolean
  /** Says that an item was looked at. */
  looked(item: Item): void
  /** Begins a new version: the desired state was replaced. */
  recount(): void
}

/** Makes the gate of a session over the items of its book. */
export function createGate(book: Book, inventory: Inventory, isSynced: (item: Item) => boolean): Gate {
  let preparedVersion = 0
  // Kept as a set, so that asking costs nothing however many objects there are.
  let left = new Set<Item>()
  const pending = (item: Item) => isPending(item, book.version)
  function somePending(test: (item: Item) => boolean): boolean {
    for (const item of left) if (test(item)) return true
    return false
  }

  function waitsFor(item: Item | undefined): boolean {
    return item?.wanted !== undefined && pending(item)
  }

  function mayPrune(rank: Rank): boolean {
    return !somePending((item) => item.wanted !== undefined || item.rank > rank)
  }

  return {
    mayStart(subject) {
      const item = book.items.get(subject)
      if (!item || !book.settings) return false
      if (!item.wanted) return preparedVersion === book.version && mayPrune(item.rank)
      if (!isSynced(item)) return false
      if (preparedVersion !== book.version && !inventory.get(subject)?.uid) return false
      if (item.dependsOn.some((other) => waitsFor(book.items.get(other)))) return false
      return item.rank < 3 || !pending(item) || !somePending((other) => other.wanted !== undefined && other.rank < 3)
    },
    failedDependency: (item) =>
      item.dependsOn.find((subject) => {
        const other = book.items.get(subject)
        // One that is left alone or suspended is there all the same.
        return other !== undefined && !isApplied(other) && other.action !== 'skipped'
      }),
    noteIntents() {
      let noted = false
      for (const { subject, wanted, ...item } of book.items.values()) {
        if (!wanted || inventory.get(subject) || isSuspended({ subject, wanted, ...item })) continue
        const { apiVersion } = wanted.object
        inventory.set({ subject, state: 'intent', apiVersion, uid: '', oid: '', fingerprint: '' })
        noted = true
      }
      return noted
    },
    get version() {
      return book.version
    },
    prepared(of) {
      preparedVersion = Math.max(preparedVersion, of)
    },
    isPrepared: () => preparedVersion === book.version,
    isPending: () => left.size > 0,
    looked(item) {
      if (!pending(item)) left.delete(item)
    },
    recount() {
      book.version++
      left = new Set([...book.items.values()].filter(pending))
    },
  }
}
