import { createElapsed, machineTime } from '../lead/elapsed.ts'
import { createElection } from '../lead/election.ts'
import { messageOf } from '../member/errors.ts'
import { leaseStore, type OfficeOptions } from './election.ts'
import type { RepositoryFlags } from './fleet-repository.ts'

/** The Lease of a fleet in the hands of a command, or who has it. */
export type Office =
  | {
      readonly type: 'taken'
      /** False where there is no host cluster, and so no Lease. */
      readonly isLease: boolean
      /** Why nothing may be written now; undefined while the Lease holds for certain. */
      closed(): string | undefined
      /** Gives the Lease back. */
      end(): Promise<void>
    }
  | { readonly type: 'refused'; readonly why: string }

/**
 * Takes the Lease of a fleet for a command that must not work beside a daemon. Where somebody holds it, it is looked for one
 * duration of the Lease whether it is renewed: one that is gone does not renew it. Without a host cluster there is no Lease, and
 * the epochs of the members fence alone. Never rejects.
 */
export async function takeOffice(
  flags: RepositoryFlags,
  { hostApi, ...options }: OfficeOptions,
  note: (text: string) => void,
): Promise<Office> {
  if (!hostApi) return { type: 'taken', isLease: false, closed: () => undefined, end: () => Promise.resolve() }
  const { clock, duration, holder } = options
  const store = leaseStore(flags, { ...options, hostApi })
  // A timer of the clock keeps no process alive, and while somebody else holds the Lease there is nothing but those.
  const alive = setInterval(() => undefined, 60_000)
  try {
    const found = await store.read()
    const isHeld = found !== undefined && found.holder !== ''
    const wait = isHeld ? Math.max(duration, found.duration) * 1.2 + 1000 : duration
    if (isHeld)
      note(
        `${found.holder} holds the ${store.place}; looking for up to ${Math.ceil(wait / 1000)} s whether it still lives`,
      )
    const enough = new AbortController()
    const timer = clock.after(wait, () => enough.abort())
    const elapsed = createElapsed(clock, machineTime)
    const election = createElection({ store, holder, duration, clock, monotonic: machineTime, elapsed })
    const term = await election.campaign(enough.signal)
    timer.cancel()
    if (term) return { type: 'taken', isLease: true, closed: term.closed, end: term.end }
    const { holder: other, problem } = election.state()
    return {
      type: 'refused',
      why: problem !== '' ? `it cannot be told who is active: ${problem}` : `${other} is active`,
    }
  } catch (error) {
    return { type: 'refused', why: `it cannot be told who is active: ${store.place}: ${messageOf(error)}` }
  } finally {
    clearInterval(alive)
  }
}
