/** Time, injected so that tests do not wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Runs `task` after `ms`; the handle's `cancel` takes it back. A pending task never keeps the process alive. */
  after(ms: number, task: () => void): { cancel(): void }
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}

/** Resolves after `ms`, or at once when `signal` is aborted; never rejects. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = () => {
      handle.cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const handle = clock.after(ms, done)
    signal?.addEventListener('abort', done, { once: true })
  })
}
