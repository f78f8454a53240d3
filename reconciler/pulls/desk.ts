import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { ForgeError } from '../forge/error.ts'
import { explain } from '../git/error.ts'

/** Works in the background, one turn after the other. */
export interface Desk {
  /** Has a turn begin, or another one after that which is under way; returns at once. */
  look(): void
  /** Looks again after so many milliseconds, if nothing does before. */
  later(ms: number): void
  /** Does the work on one pull request: what fails of it keeps the others from nothing, unless it is the forge that waits. */
  each(number: number, work: () => Promise<void>): Promise<void>
  settled(): Promise<void>
  /** Begins nothing new and breaks off what `signal` was given to; resolves when the turn under way has ended. */
  stop(): Promise<void>
  readonly signal: AbortSignal
}

/** What a desk works with. */
export interface DeskOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly turn: (isStopped: () => boolean) => Promise<void>
}

/** Makes a desk. A forge that says when it may be asked again is not asked before. */
export function createDesk({ clock, log, turn }: DeskOptions): Desk {
  let running: Promise<void> | undefined
  let again = false
  const ending = new AbortController()
  let notBefore = 0
  let timer: { readonly at: number; cancel(): void } | undefined
  const told = new Map<number | 'all', string>()

  const isStopped = () => ending.signal.aborted

  const tell = (what: number | 'all', error: unknown) => {
    if (error instanceof ForgeError && error.failure.type === 'limited') notBefore = error.failure.retryAt
    const text = explain(error)
    // The same failure at every look would fill the log.
    if (told.get(what) !== text)
      log.warn(
        { ...(what === 'all' ? {} : { pull: what }), error: text },
        'a pull request could not be planned or told of',
      )
    told.set(what, text)
  }

  async function run(): Promise<void> {
    do {
      again = false
      await turn(() => isStopped() || clock.now() < notBefore).then(
        () => told.delete('all'),
        (error: unknown) => tell('all', error),
      )
    } while (again && !isStopped() && clock.now() >= notBefore)
  }

  function look(): void {
    if (isStopped()) return
    if (clock.now() < notBefore) later(notBefore - clock.now())
    else if (running) again = true
    else begin()
  }

  function begin(): void {
    running = run().finally(() => {
      running = undefined
    })
  }

  function later(ms: number): void {
    const at = clock.now() + ms
    if (isStopped() || (timer && timer.at <= at)) return
    timer?.cancel()
    const { cancel } = clock.after(ms, () => {
      timer = undefined
      look()
    })
    timer = { at, cancel }
  }

  return {
    signal: ending.signal,
    look,
    later,
    async each(number, work) {
      await work().then(
        () => told.delete(number),
        (error: unknown) => tell(number, error),
      )
    },
    async settled() {
      while (running) await running
    },
    async stop() {
      ending.abort()
      timer?.cancel()
      await running
    },
  }
}
