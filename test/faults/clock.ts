import type { Clock } from '../../reconciler/clock.ts'

/** Time that runs faster than that of this machine, and that a test can set forward or back. */
export interface SwiftClock extends Clock {
  /** Lets so many milliseconds pass at once: what falls due meanwhile runs now. */
  pass(ms: number): void
  /** Shows another time from now on, as when somebody sets a clock; what was waited for takes as long as it would have. */
  set(ms: number): void
}

/** A clock that runs `speed` times as fast as this machine's. */
export function swiftClock(speed: number): SwiftClock {
  const start = Date.now()
  const tasks = new Set<{ readonly at: number; readonly task: () => void }>()
  let passed = 0
  let offset = 0
  let timer: NodeJS.Timeout | undefined
  const elapsed = () => (Date.now() - start) * speed + passed

  function arm(): void {
    clearTimeout(timer)
    const next = Math.min(...[...tasks].map(({ at }) => at))
    if (next === Number.POSITIVE_INFINITY) return
    timer = setTimeout(run, Math.max(0, (next - elapsed()) / speed))
    timer.unref()
  }

  function run(): void {
    for (const one of [...tasks].filter(({ at }) => at <= elapsed()).sort((a, b) => a.at - b.at)) {
      if (tasks.delete(one)) one.task()
    }
    arm()
  }

  return {
    now: () => start + elapsed() + offset,
    after(ms, task) {
      const one = { at: elapsed() + ms, task }
      tasks.add(one)
      arm()
      return { cancel: () => void tasks.delete(one) }
    },
    pass(ms) {
      passed += ms
      arm()
    },
    set(ms) {
      offset += ms
    },
  }
}
