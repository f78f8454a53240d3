import { setImmediate as turn } from 'node:timers/promises'
import { createElapsed } from '../../../reconciler/lead/elapsed.ts'
import { createElection, type Election } from '../../../reconciler/lead/election.ts'
import type { Lease, LeaseStore } from '../../../reconciler/lead/lease.ts'
import { ApiError } from '../../../reconciler/member/errors.ts'
import { type TestClock, testClock } from '../../clocks.ts'

/** How long leases hold in these tests, in milliseconds. */
export const duration = 10_000

/** A host cluster that several daemons share, with faults as a test wants them. */
export interface FakeHost {
  readonly lease: () => Lease | undefined
  /** The way of one daemon to it; `isAway` cuts it, `losesAnswers` takes writes without saying so. */
  connect(): LeaseStore & { isAway: boolean; losesAnswers: boolean }
}

/** Makes a host cluster without a lease. */
export function fakeHost(): FakeHost {
  let lease: Lease | undefined
  let version = 0
  const away = () => new ApiError('no answer', { type: 'unreachable' })
  return {
    lease: () => lease,
    connect() {
      const way = {
        place: 'Lease default/test',
        isAway: false,
        losesAnswers: false,
        async read() {
          if (way.isAway) throw away()
          return lease
        },
        async write(holder: string, over: Lease | undefined) {
          if (way.isAway) throw away()
          if (lease?.version !== over?.version) return undefined
          lease = { holder, duration, version: String(++version), transitions: 0 }
          if (way.losesAnswers) throw away()
          return lease
        },
      }
      return way
    },
  }
}

/** A daemon as far as an election is concerned, with a clock of its own that may be skewed, and can be stopped. */
export interface Candidate {
  readonly name: string
  readonly store: ReturnType<FakeHost['connect']>
  readonly election: Election
  readonly clock: TestClock
  /** While true its timers do not go off, though time goes on: SIGSTOP. */
  stopped: boolean
  /** What passes for it outside of its timers. */
  tick(ms: number): void
}

/** Makes a daemon whose wall clock is ahead by `skew` milliseconds. */
export function candidate(host: FakeHost, name: string, skew = 0): Candidate {
  const clock = testClock(skew)
  let missed = 0
  const now = () => clock.now() + missed
  const machine = () => now() - skew
  const store = host.connect()
  const elapsed = createElapsed({ now }, machine)
  const own = { now, after: clock.after }
  const election = createElection({ store, holder: name, duration, clock: own, monotonic: machine, elapsed })
  const one: Candidate = {
    name,
    store,
    election,
    clock,
    stopped: false,
    tick(ms) {
      if (one.stopped) missed += ms
      else clock.pass(ms)
    },
  }
  return one
}

/** Lets time pass for all, in steps in which each of them does what is due. */
export async function pass(ms: number, all: readonly Candidate[], look = () => {}): Promise<void> {
  const step = 100
  for (let left = ms; left > 0; left -= step) {
    for (const one of all) one.tick(Math.min(step, left))
    for (let i = 0; i < 4; i++) await turn()
    look()
  }
}
