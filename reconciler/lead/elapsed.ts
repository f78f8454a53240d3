import type { Clock } from '../clock.ts'

/** Gives milliseconds since some moment: by the machine's clock that is never set, unless a test says otherwise. */
export type Monotonic = () => number

/** Milliseconds since the process began; goes on while the process is stopped, and no clock skew touches it. */
export const machineTime: Monotonic = () => performance.now()

/**
 * Counts the milliseconds that may have passed since it was made, by whichever of both clocks was faster: a virtual machine that
 * was paused shows it by one of them at least. Never goes back. For what this process may believe of itself; whether
 * another one is silent is told by `Monotonic` alone, for a wall clock that is set must not make it look dead.
 */
export function createElapsed(clock: Pick<Clock, 'now'>, monotonic: Monotonic): () => number {
  let total = 0
  let wall = clock.now()
  let machine = monotonic()
  return () => {
    const [wallNow, machineNow] = [clock.now(), monotonic()]
    total += Math.max(0, wallNow - wall, machineNow - machine)
    wall = wallNow
    machine = machineNow
    return total
  }
}
