import { sleep } from '../clock.ts'
import { deferred } from '../member/deferred.ts'
import { messageOf } from '../member/errors.ts'
import { InventoryLostError } from '../member/inventory.ts'
import type { ElectionOptions } from './election.ts'
import type { Lease } from './lease.ts'

/** The time in which this process is the active one. */
export interface Term {
  /** Why nothing may be written now; undefined while the lease holds for certain. */
  closed(): string | undefined
  /** Resolves once the lease holds again; rejects where that takes long, or the term is over. */
  opened(): Promise<void>
  /** Resolves with the reason when another one has the lease. */
  readonly over: Promise<string>
  /** Gives the lease back, so that another one can begin at once. Nothing may be written any more when this is called. */
  end(): Promise<void>
}

/** What a term begins with. */
export interface TermOptions extends ElectionOptions {
  readonly lease: Lease
  /** By `elapsed`, when the request that took the lease was sent. */
  readonly renewedAt: number
}

/** A lease is renewed so often in one duration, and it is left unused for the last tenth: a write needs time to arrive. */
const renewals = 3
const unused = 0.1
/** A write waits so long for a lease that has run out, in milliseconds; then its cluster says what is the matter. */
const patience = 5000

/** Renews a lease until it is given back or somebody else has it. One that ran out can come back while nobody takes it. */
export function startTerm(options: TermOptions): Term {
  const { store, holder, duration, clock, elapsed } = options
  const ending = new AbortController()
  const { promise: over, resolve: lose } = deferred<string>()
  let lease: Lease = options.lease
  let validUntil = validFrom(options.renewedAt)
  let lost: string | undefined
  let problem = ''
  let waiting: ReturnType<typeof deferred<void>>[] = []

  function validFrom(sent: number): number {
    return sent + duration * (1 - unused)
  }

  function closed(): string | undefined {
    if (lost !== undefined) return lost
    if (elapsed() < validUntil) return undefined
    return `the lease of this daemon has run out, so another one may be active${problem === '' ? '' : ` (${problem})`}`
  }

  function giveUp(why: string): void {
    lost = why
    for (const one of waiting.splice(0)) one.resolve()
    lose(why)
  }

  async function renewOnce(): Promise<void> {
    const sent = elapsed()
    const renewed = await store.write(holder, lease)
    if (renewed) {
      lease = renewed
      validUntil = validFrom(sent)
      problem = ''
      for (const one of waiting.splice(0)) one.resolve()
      return
    }
    const found = await store.read()
    // A renewal whose answer was lost is ours all the same.
    if (found?.holder === holder) lease = found
    else giveUp(`${found?.holder || 'another daemon'} is active`)
  }

  async function renew(): Promise<void> {
    let pause = duration / renewals
    while (true) {
      await sleep(clock, pause, ending.signal)
      if (ending.signal.aborted || lost !== undefined) return
      try {
        await renewOnce()
        pause = closed() === undefined ? duration / renewals : 0
      } catch (error) {
        problem = `${store.place}: ${messageOf(error)}`
        pause = duration / renewals / 3
      }
    }
  }

  const renewing = renew()

  return {
    closed,
    over,
    async opened() {
      if (closed() === undefined) return
      if (lost === undefined) {
        const one = deferred<void>()
        waiting.push(one)
        const timer = clock.after(patience, () => one.resolve())
        await one.promise
        timer.cancel()
        waiting = waiting.filter((other) => other !== one)
      }
      const why = closed()
      if (why !== undefined) throw new InventoryLostError(why, false)
    },
    async end() {
      ending.abort()
      await renewing
      const isOurs = lost === undefined
      giveUp('this daemon has ended')
      // Where it cannot be given back it runs out by itself.
      if (isOurs) await store.write('', lease).catch(() => undefined)
    },
  }
}
