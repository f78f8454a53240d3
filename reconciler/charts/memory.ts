import type { Clock } from '../clock.ts'
import { backoff } from '../member/backoff.ts'

/** What can be remembered: an answer, or a failure. */
export type Answer = { readonly type: string; readonly isFinal?: boolean }

/** Answers by their question, as long as they count. */
export interface Memory<T extends Answer> {
  /** The answer that counts now, or undefined where the question is to be asked (again). */
  get(key: string): T | undefined
  put(key: string, answer: T): void
  /** Milliseconds until the first passing failure is worth another try, 0 where it is now; each that is overdue is told once. */
  due(): number | undefined
  clear(): void
}

/** How long answers count, in milliseconds. */
export interface MemoryAges {
  /** A success. */
  readonly success: number
  /** A final failure. */
  readonly final: number
}

/** For what is known by its content: it stays as it is. */
export const forEver: MemoryAges = { success: Number.POSITIVE_INFINITY, final: Number.POSITIVE_INFINITY }

/** The first wait after a failure and the longest one, in milliseconds. */
const firstWait = 5_000
const longestWait = 600_000

/** What nobody asked for in this time, in milliseconds, is forgotten. */
const unused = 3_600_000

interface Entry<T> {
  readonly answer: T
  readonly failures: number
  readonly until: number
  asked: number
  told: boolean
}

/**
 * Remembers answers. Failures that may pass are forgotten after a while that doubles with each failure in a row, from five
 * seconds up to ten minutes, partly at random. What is asked for is never dropped while it counts.
 */
export function createMemory<T extends Answer>(ages: MemoryAges, clock: Clock, random: () => number): Memory<T> {
  const entries = new Map<string, Entry<T>>()

  const ageOf = (answer: T, failures: number): number => {
    if (answer.type !== 'failed') return ages.success
    return answer.isFinal ? ages.final : backoff(failures, firstWait, longestWait, random)
  }
  const sweep = (now: number) => {
    for (const [key, entry] of entries) if (now - Math.max(entry.asked, entry.until) > unused) entries.delete(key)
  }
  const isPassing = ({ answer }: Entry<T>) => answer.type === 'failed' && !answer.isFinal

  return {
    get(key) {
      const entry = entries.get(key)
      if (!entry) return undefined
      entry.asked = clock.now()
      return clock.now() < entry.until ? entry.answer : undefined
    },
    put(key, answer) {
      const now = clock.now()
      sweep(now)
      const before = entries.get(key)
      const failures = answer.type === 'failed' ? (before?.failures ?? 0) + 1 : 0
      entries.set(key, { answer, failures, until: now + ageOf(answer, failures), asked: now, told: false })
    },
    due() {
      const now = clock.now()
      const waits = [...entries.values()].flatMap((entry) => {
        if (!isPassing(entry) || entry.told) return []
        const wait = Math.max(entry.until - now, 0)
        // Whoever does not ask again after it was told does not need it any more.
        if (wait === 0) entry.told = true
        return [wait]
      })
      return waits.length === 0 ? undefined : Math.min(...waits)
    },
    clear: () => entries.clear(),
  }
}
