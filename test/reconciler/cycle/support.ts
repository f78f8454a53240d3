import type { Clock } from '../../../reconciler/clock.ts'
import type { FleetSource } from '../../../repo-layout/read/assemble.ts'
import { createFleetReader } from '../../../repo-layout/read/reader.ts'
import { memoryTree, type Sources } from '../../render/helper.ts'

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

/** Reads sources as a fleet; fails where they are none. */
export async function readSource(sources: Sources): Promise<FleetSource> {
  const { source, messages } = await createFleetReader().read(memoryTree(sources))
  if (!source) throw new Error(JSON.stringify(messages))
  return source
}
