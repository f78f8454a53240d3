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
/** Telling takes this share of the time where that is no more than a second apart, and never more than the other. */
const [share, most] = [0.03, 0.1]
const apart = 1000

/** Makes a teller; `first` is called before the listeners. What a listener throws stops neither it nor the others. */
export function createTeller(clock: Clock, first: () => void): Teller {
  const listeners = new Set<() => void>()
  let timer: { cancel(): void } | undefined
  let ended = Number.NEGATIVE_INFINITY
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
    ended = clock.now()
    const cost = ended - start
    rest = Math.max(cost / most, Math.min(cost / share, apart))
  }

  return {
    tell() {
      // A clock that is set back must not make it wait for longer.
      const left = Math.min(rest, ended + rest - clock.now())
      if (!stopped) timer ??= clock.after(Math.max(tellAfter, left), call)
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
