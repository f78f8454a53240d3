/** Works on every item, at most `width` at a time. Rejects with the first failure; items not begun by then are left out. */
export async function eachOf<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  let failed = false
  const worker = async () => {
    for (let item = items[next++]; item !== undefined && !failed; item = items[next++])
      await work(item).catch((error: unknown) => {
        failed = true
        throw error
      })
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
}
