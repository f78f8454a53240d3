import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { backoff } from './backoff.ts'
import type { Book } from './book.ts'
import type { Companion } from './companion.ts'
import { messageOf } from './errors.ts'
import { formatHistory, type Overwritten, parseHistory, remember } from './history.ts'
import type { FieldDrift } from './types.ts'

/** Writes down in the member what was written over there. */
export interface HistoryLog {
  /** Notes fields that were written over just now; written with the next write, which is soon. */
  note(subject: string, reason: Overwritten['reason'], fields: readonly FieldDrift[]): void
  /** Writes now what was noted; never throws, for healing does not wait for it. */
  flush(): Promise<void>
  /** Writes no more by itself. */
  stop(): void
}

/** The history is written at most once in so many milliseconds. */
const writeAfter = 5000
/** So much that is not written yet is kept. */
const mostNoted = 100

/**
 * Makes the history of a session, from what stands in the member and what the book still holds of the session before.
 * Where it cannot be written, the log says so once and it is tried again, slower each time.
 */
export function createHistoryLog(
  companion: Companion,
  book: Book,
  options: { readonly clock: Clock; readonly random: () => number; readonly log: Logger },
): HistoryLog {
  const { clock, random, log } = options
  let timer: { cancel(): void } | undefined
  let writing: Promise<void> | undefined
  let failures = 0
  const { entries, unreadable } = parseHistory(companion.text())
  if (unreadable > 0) log.warn({ unreadable }, 'entries of the history in this cluster cannot be read')
  book.history = withNoted(entries)
  if (book.noted.length > 0) later(writeAfter)

  function withNoted(stored: readonly Overwritten[]): readonly Overwritten[] {
    return book.noted.reduce(remember, stored)
  }

  function later(ms: number): void {
    timer ??= clock.after(ms, () => void flush())
  }

  function flush(): Promise<void> {
    timer?.cancel()
    timer = undefined
    writing ??= write().finally(() => {
      writing = undefined
    })
    return writing
  }

  async function write(): Promise<void> {
    const taken = book.noted
    if (taken.length === 0) return
    book.noted = []
    try {
      await companion.update((text) => formatHistory(taken.reduce(remember, parseHistory(text).entries)))
      failures = 0
      if (book.noted.length > 0) later(writeAfter)
    } catch (error) {
      // In a cluster that does not let us write, it must not fill the memory.
      book.noted = [...taken, ...book.noted].slice(-mostNoted)
      const level = failures++ === 0 ? 'warn' : 'debug'
      log[level]({ error: messageOf(error) }, 'what was healed cannot be written down in the cluster')
      later(backoff(failures, writeAfter, 300_000, random))
    }
    book.history = withNoted(parseHistory(companion.text()).entries)
  }

  return {
    note(subject, reason, fields) {
      if (fields.length === 0) return
      const entry = { subject, at: new Date(clock.now()).toISOString(), times: 1, reason, fields }
      book.noted = [...book.noted, ...remember([], entry)].slice(-mostNoted)
      book.history = remember(book.history ?? [], entry)
      later(writeAfter)
    },
    flush,
    stop() {
      timer?.cancel()
      timer = undefined
    },
  }
}
