import { type Clock, systemClock } from '../../../reconciler/clock.ts'

/** A clock whose timers go off almost at once; `waits` tells how long they would have taken. */
export function hastyClock(): Clock & { readonly waits: number[] } {
  const waits: number[] = []
  let ahead = 0
  return {
    waits,
    now: () => Date.now() + ahead,
    after(ms, task) {
      return systemClock.after(1, () => {
        waits.push(ms)
        ahead += ms
        task()
      })
    },
  }
}

/** A clock that stands still until it is moved, with timers that never go off. */
export function standingClock(start = 1_700_000_000_000): Clock & { move(ms: number): void } {
  let now = start
  return {
    now: () => now,
    after: () => ({ cancel: () => undefined }),
    move(ms) {
      now += ms
    },
  }
}
