/**
 * Remembers results of pure steps between renders, so that what did not change is not made again. Holding one back or
 * throwing it away changes nothing but the time a render takes.
 */
export interface Memo {
  /** The result that `make` gave before for this key, if all its inputs are still the same values; else makes it anew. */
  of<T>(key: object, inputs: readonly unknown[], make: () => T): T
  /** A list made earlier whose items are these very ones, or the list itself: equal lists stay one value. */
  list<T>(name: string, items: readonly T[]): readonly T[]
}

/** Makes a memo; what it holds goes when the keys go. */
export function createMemo(): Memo {
  const results = new WeakMap<object, { readonly inputs: readonly unknown[]; readonly result: unknown }>()
  const lists = new Map<string, readonly unknown[]>()
  return {
    of<T>(key: object, inputs: readonly unknown[], make: () => T): T {
      const known = results.get(key)
      if (known && sameItems(known.inputs, inputs)) return known.result as T
      const result = make()
      results.set(key, { inputs, result })
      return result
    },
    list<T>(name: string, items: readonly T[]): readonly T[] {
      const known = lists.get(name)
      if (known && sameItems(known, items)) return known as readonly T[]
      lists.set(name, items)
      return items
    },
  }
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}
