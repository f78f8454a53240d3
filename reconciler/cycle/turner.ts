import type { Clock } from '../clock.ts'

/** Runs the cycle: one turn at a time, and one more after it when asked meanwhile. */
export interface Turner {
  /** Turns now, or right after the turn under way; resolves when the turn that this asked for has ended. Never rejects. */
  now(): Promise<void>
  /** Turns in `ms` at the latest; an earlier turn makes up for it. */
  later(ms: number): void
  /** Since when the turn under way runs, in milliseconds; undefined while none does. */
  since(): number | undefined
  /** Begins no more turns; resolves when the one under way has ended. */
  stop(): Promise<void>
}

/** What a turner runs, and whom it tells: a failed turn ends nothing but itself. */
export interface TurnerOptions {
  readonly clock: Clock
  readonly turn: () => Promise<void>
  /** Told after each turn how long it took, and its error if it had one. Must not throw. */
  readonly onEnd: (seconds: number, error: unknown) => void
}

/** Makes a turner; turns never overlap, and what asks for one while another waits shares it. */
export function createTurner({ clock, turn, onEnd }: TurnerOptions): Turner {
  let running: Promise<void> | undefined
  let waiting: Promise<void> | undefined
  let timer: { readonly due: number; cancel(): void } | undefined
  let started: number | undefined
  let stopped = false

  async function run(): Promise<void> {
    timer?.cancel()
    timer = undefined
    if (stopped) return
    const start = clock.now()
    started = start
    let failure: unknown
    try {
      await turn()
    } catch (error) {
      failure = error ?? new Error('unknown')
    }
    started = undefined
    onEnd((clock.now() - start) / 1000, failure)
  }

  function now(): Promise<void> {
    if (stopped) return running ?? Promise.resolve()
    if (!running) {
      running = run().finally(() => {
        running = undefined
      })
      return running
    }
    waiting ??= running.then(() => {
      waiting = undefined
      return now()
    })
    return waiting
  }

  return {
    now,
    later(ms) {
      const due = clock.now() + ms
      if (stopped || (timer && timer.due <= due)) return
      timer?.cancel()
      timer = { due, ...clock.after(ms, () => void now()) }
    },
    since: () => started,
    async stop() {
      stopped = true
      timer?.cancel()
      await waiting
      await running
    },
  }
}
