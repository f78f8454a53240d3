import { type Clock, sleep } from '../clock.ts'
import { messageOf } from '../member/errors.ts'
import type { Monotonic } from './elapsed.ts'
import type { LeaseStore } from './lease.ts'
import { startTerm, type Term } from './term.ts'

/** What an election needs. */
export interface ElectionOptions {
  readonly store: LeaseStore
  /** Names this process, and no other one ever. */
  readonly holder: string
  /** How long a lease holds after a renewal, in milliseconds. */
  readonly duration: number
  readonly clock: Clock
  /** By this the silence of others is measured. */
  readonly monotonic: Monotonic
  /** By this our own lease runs out. */
  readonly elapsed: () => number
}

/** How one of several daemons becomes the active one. */
export interface Election {
  /**
   * Waits until this process holds the lease; undefined where `signal` was aborted before. A lease is taken where it was
   * given back, or where it has not been renewed for its whole duration while we were looking. Never rejects: what is
   * wrong shows in `state`.
   */
  campaign(signal: AbortSignal): Promise<Term | undefined>
  /** Who holds the lease as far as was seen, and why it cannot be seen or taken; both empty where there is nothing to say. */
  state(): { readonly holder: string; readonly problem: string }
  /** Resolves when the lease was asked for once, well or not. */
  readonly tried: Promise<void>
}

/** The lease is looked at so often in one duration: a takeover takes one duration and one look. */
const looks = 10

/** Makes an election over one Lease. */
export function createElection(options: ElectionOptions): Election {
  const { store, holder, duration, clock, monotonic, elapsed } = options
  let state = { holder: '', problem: '' }
  let tried = () => {}
  const firstTry = new Promise<void>((resolve) => {
    tried = resolve
  })

  async function campaign(signal: AbortSignal): Promise<Term | undefined> {
    let seen: { readonly version: string; readonly at: number } | undefined
    while (!signal.aborted) {
      let pause = duration / looks
      try {
        const found = await store.read()
        if (found && seen?.version !== found.version) seen = { version: found.version, at: monotonic() }
        const left = seen ? seen.at + Math.max(duration, found?.duration ?? 0) - monotonic() : 0
        const isFree = !found || found.holder === '' || found.holder === holder || left <= 0
        if (isFree && !signal.aborted) {
          const sent = elapsed()
          const taken = await store.write(holder, found)
          if (taken) {
            state = { holder, problem: '' }
            return startTerm({ ...options, lease: taken, renewedAt: sent })
          }
        }
        state = { holder: isFree ? '' : (found?.holder ?? ''), problem: '' }
        pause = isFree ? 0 : Math.min(pause, left)
      } catch (error) {
        state = { ...state, problem: `${store.place}: ${messageOf(error)}` }
      } finally {
        tried()
      }
      // Two that lost the race for a free lease against each other do not run on in step.
      await sleep(clock, Math.max(pause, 20) + 1, signal)
    }
    return undefined
  }

  return { campaign, state: () => state, tried: firstTry }
}
