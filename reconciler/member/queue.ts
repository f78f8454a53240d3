import type { Clock } from '../clock.ts'
import { deferred } from './deferred.ts'

/** What a queue runs and when. */
export interface QueueOptions {
  readonly clock: Clock
  /** Keys worked on at a time. */
  readonly concurrency: number
  /** Whether a key may be worked on now; asked again after `kick`. */
  ready(key: string): boolean
  /** Works on one key; resolves with the milliseconds after which it wants to be asked again. Must not reject. */
  run(key: string): Promise<number | undefined>
}

/**
 * A level-based queue of keys: however often a key is added it is worked on once, never twice at the same time, and again
 * afterwards if it was added meanwhile. What is to be done about a key is decided when its turn comes.
 */
export interface Queue {
  /** Adds a key, at once or after a delay in milliseconds; an earlier time that was set stays. */
  add(key: string, delayMs?: number): void
  /** Asks again for keys that were not ready. */
  kick(): void
  /** Keys under way and waiting for their turn (not those delayed or not ready). */
  readonly active: number
  /** Resolves when the work that is under way now, on one key or on any, has ended. */
  idle(key?: string): Promise<void>
  /** Takes no more keys; resolves when those under way have ended. */
  stop(): Promise<void>
}

/** Makes a queue; see `Queue` for what it promises. */
export function createQueue({ clock, concurrency, ready, run }: QueueOptions): Queue {
  const waiting = new Set<string>()
  const held = new Set<string>()
  const delayed = new Map<string, { readonly at: number; cancel(): void }>()
  const running = new Map<string, Promise<void>>()
  const again = new Set<string>()
  let stopped = false
  const idle = deferred<void>()

  function pump(): void {
    for (const key of waiting) {
      if (stopped || running.size >= concurrency) return
      waiting.delete(key)
      if (!ready(key)) {
        held.add(key)
        continue
      }
      running.set(
        key,
        run(key).then((delay) => done(key, delay)),
      )
    }
  }

  function done(key: string, delay: number | undefined): void {
    running.delete(key)
    if (stopped) {
      if (running.size === 0) idle.resolve()
      return
    }
    if (again.delete(key)) waiting.add(key)
    else if (delay !== undefined) add(key, delay)
    pump()
  }

  function add(key: string, delayMs = 0): void {
    if (stopped) return
    if (delayMs > 0) {
      const at = clock.now() + delayMs
      const known = delayed.get(key)
      if (waiting.has(key) || held.has(key) || (known && known.at <= at)) return
      known?.cancel()
      const timer = clock.after(delayMs, () => {
        delayed.delete(key)
        add(key)
      })
      delayed.set(key, { at, cancel: () => timer.cancel() })
      return
    }
    delayed.get(key)?.cancel()
    delayed.delete(key)
    held.delete(key)
    if (running.has(key)) again.add(key)
    else waiting.add(key)
    pump()
  }

  return {
    add,
    kick() {
      for (const key of held) waiting.add(key)
      held.clear()
      pump()
    },
    get active() {
      return running.size + waiting.size
    },
    async idle(key) {
      await (key === undefined ? Promise.all(running.values()) : running.get(key))
    },
    stop() {
      stopped = true
      for (const { cancel } of delayed.values()) cancel()
      delayed.clear()
      if (running.size === 0) idle.resolve()
      return idle.promise
    },
  }
}
