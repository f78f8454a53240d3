import type { Clock } from '../clock.ts'

/** The process's own heartbeat, by which it notices that it was stopped or starved. */
export interface Pulse {
  /** How often the process has stood still so far; looks at the clock at once, so that it is right after any await. */
  standstills(): number
  stop(): void
}

/** How often the heart beats, in milliseconds. */
const beat = 1000
/** A pause between two beats above this is a standstill: time enough for another daemon to have begun. */
const longestPause = 3000

/** Starts a heartbeat; `elapsed` counts the milliseconds that may have passed. */
export function startPulse(clock: Clock, elapsed: () => number): Pulse {
  let count = 0
  let last = elapsed()
  let timer: { cancel(): void }

  function look(): number {
    const now = elapsed()
    if (now - last > longestPause) count++
    last = now
    return count
  }

  function beatOn(): void {
    look()
    timer = clock.after(beat, beatOn)
  }

  beatOn()
  return { standstills: look, stop: () => timer.cancel() }
}
