/** Deliveries that were seen. */
export interface Deliveries {
  /** Whether none of these ids was seen before; from now on they were. */
  isNew(ids: readonly string[]): boolean
}

/** Remembers so many ids, the newest ones. */
export function createDeliveries(limit = 10_000): Deliveries {
  const seen = new Set<string>()
  return {
    isNew(ids) {
      if (ids.some((id) => seen.has(id))) return false
      for (const id of ids) seen.add(id)
      for (const oldest of seen) {
        if (seen.size <= limit) break
        seen.delete(oldest)
      }
      return true
    },
  }
}
