import type { Clock } from '../clock.ts'

/** How soon the cycle may turn again by itself: what failed is not tried over and over. */
export interface Pace {
  failed(): void
  succeeded(): void
  /** Milliseconds for which a turn that nobody asked for should still wait. */
  pause(): number
}

const first = 1000
const longest = 60_000

/** Makes a pace at which nothing has failed yet; each failure in a row doubles the pause after it. */
export function createPace(clock: Clock): Pace {
  let failures = 0
  let until = 0
  return {
    failed() {
      until = clock.now() + Math.min(longest, first * 2 ** Math.min(failures, 10))
      failures++
    },
    succeeded() {
      failures = 0
      until = 0
    },
    pause: () => Math.max(0, until - clock.now()),
  }
}
