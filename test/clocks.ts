import { type Clock, systemClock } from '../reconciler/clock.ts'

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

/** Time that only a test moves on. */
export interface TestClock extends Clock {
  /** Moves on by `ms`, and runs what falls due on the way, in its order. */
  pass(ms: number): void
  /** When the next task falls due, in milliseconds from now; undefined where none waits. */
  next(): number | undefined
}

/** A clock that stands still at the epoch until it is moved. */
export function testClock(start = 0): TestClock {
  const tasks = new Set<{ readonly at: number; readonly task: () => void }>()
  let now = start
  const earliest = () => [...tasks].sort((a, b) => a.at - b.at)[0]
  return {
    now: () => now,
    after(ms, task) {
      const entry = { at: now + ms, task }
      tasks.add(entry)
      return { cancel: () => void tasks.delete(entry) }
    },
    pass(ms) {
      const end = now + ms
      for (let due = earliest(); due && due.at <= end; due = earliest()) {
        now = Math.max(now, due.at)
        tasks.delete(due)
        due.task()
      }
      now = Math.max(now, end)
    },
    next() {
      const due = earliest()
      return due && due.at - now
    },
  }
}
