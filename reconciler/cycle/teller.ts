import type { Clock } from '../clock.ts'

/** Tells of changes: many at a time are one, however many members a fleet has. */
export interface Teller {
  /** Notes a change; cheap. */
  tell(): void
  /** Calls back soon after each change; returns the way to stop it. */
  onChange(listener: () => void): () => void
  stop(): void
}

/** Listeners are told so many milliseconds after the first of several changes. */
const tellAfter = 25
/** Telling takes at most this share of the time: where it is slow it is rarer. */
const share = 0.1

/** Makes a teller; `first` is called before the listeners. What a listener throws stops neither it nor the others. */
export function createTeller(clock: Clock, first: () => void): Teller {
  const listeners = new Set<() => void>()
  let timer: { cancel(): void } | undefined
  let rest = 0
  let stopped = false

  function call(): void {
    timer = undefined
    const start = clock.now()
    for (const listener of [first, ...listeners]) {
      try {
        listener()
      } catch {
        // What listens looks after its own errors; the cycle goes on without them.
      }
    }
    rest = (clock.now() - start) / share
  }

  return {
    tell() {
      if (!stopped) timer ??= clock.after(Math.max(tellAfter, rest), call)
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    stop() {
      stopped = true
      timer?.cancel()
    },
  }
}
