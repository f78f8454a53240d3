/**
 * Remembers results of pure steps between renders, so that what did not change is not made again. Holding one back or
 * throwing it away changes nothing but the time a render takes.
 */
export interface Memo {
  /** The result that `make` gave before for this key, if all its inputs are still the same values; else makes it anew. */
  of<T>(key: object, inputs: readonly unknown[], make: () => T): T
  /** The result that `make` gave for this text in this render or the one before; else makes it anew. */
  ofText<T>(purpose: string, text: string, make: () => T): T
  /** A list made earlier whose items are these very ones, or the list itself: equal lists stay one value. */
  list<T>(key: object | string, items: readonly T[]): readonly T[]
  /** Ends a render: forgets the texts that it did not ask for. */
  endRender(): void
}

/** Makes a memo; what it holds goes when the keys go. */
export function createMemo(): Memo {
  const results = new WeakMap<object, { readonly inputs: readonly unknown[]; readonly result: unknown }>()
  const listsOfKeys = new WeakMap<object, readonly unknown[]>()
  const listsOfNames = new Map<string, readonly unknown[]>()
  let texts = new Map<string, unknown>()
  let before = new Map<string, unknown>()
  return {
    of<T>(key: object, inputs: readonly unknown[], make: () => T): T {
      const known = results.get(key)
      if (known && sameItems(known.inputs, inputs)) return known.result as T
      const result = make()
      results.set(key, { inputs, result })
      return result
    },
    ofText<T>(purpose: string, text: string, make: () => T): T {
      const key = `${purpose}\n${text}`
      const known = texts.has(key) ? texts : before
      const result = known.has(key) ? (known.get(key) as T) : make()
      texts.set(key, result)
      return result
    },
    list<T>(key: object | string, items: readonly T[]): readonly T[] {
      const known = typeof key === 'string' ? listsOfNames.get(key) : listsOfKeys.get(key)
      if (known && sameItems(known, items)) return known as readonly T[]
      if (typeof key === 'string') listsOfNames.set(key, items)
      else listsOfKeys.set(key, items)
      return items
    },
    endRender() {
      before = texts
      texts = new Map()
    },
  }
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}
