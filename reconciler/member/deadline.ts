import { milliseconds } from '../../repo-layout/schema/common.ts'
import type { Clock } from '../clock.ts'
import type { MemberStatus } from './types.ts'

type Judged = Omit<MemberStatus, 'since'>

/** How the message of a cluster begins in which a commit has failed its deadline. */
export const missedDeadline = 'not applied and healthy within'

/** Judges a status by the Fleet's `sync.timeout`; asked anew with every status. */
export type Deadline = (status: Judged, timeout: string | undefined) => Judged

/**
 * Makes a deadline: a cluster that has been `progressing` with one commit for longer than the timeout is `degraded`,
 * for a commit that is not applied and healthy by then has failed. `wake` is called when the time is up, so that the
 * status is looked at once more; nothing else is done about it, and whatever becomes healthy later is simply synced.
 */
export function createDeadline(clock: Clock, wake: () => void): Deadline {
  let running: { readonly key: string; readonly end: number; readonly timer: { cancel(): void } } | undefined

  function start(key: string, timeout: string) {
    const ms = milliseconds(timeout)
    return { key, end: clock.now() + ms, timer: clock.after(ms, wake) }
  }

  return (status, timeout) => {
    if (status.sync !== 'progressing' || timeout === undefined) {
      running?.timer.cancel()
      running = undefined
      return status
    }
    const key = `${status.wantedCommit} ${timeout}`
    if (running?.key !== key) {
      running?.timer.cancel()
      running = start(key, timeout)
    }
    if (clock.now() < running.end) return status
    return { ...status, sync: 'degraded', message: `${missedDeadline} ${timeout}; ${status.message}` }
  }
}
