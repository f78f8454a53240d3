import type { Clock } from '../../../../reconciler/clock.ts'
import type { FakeAnswer } from './server.ts'

/** How much GitHub takes from one credential, as it documents; `Infinity` turns a limit off. */
export interface GithubLimits {
  /** Requests an hour. */
  readonly perHour: number
  /** Points a minute: one for a read, five for a write. */
  readonly pointsPerMinute: number
  /** Requests that create content, a minute and an hour. */
  readonly contentPerMinute: number
  readonly contentPerHour: number
  readonly atOnce: number
}

/** As documented. */
export const documentedLimits: GithubLimits = {
  perHour: 5000,
  pointsPerMinute: 900,
  contentPerMinute: 80,
  contentPerHour: 500,
  atOnce: 100,
}

/** None. */
export const noLimits: GithubLimits = {
  perHour: Infinity,
  pointsPerMinute: Infinity,
  contentPerMinute: Infinity,
  contentPerHour: Infinity,
  atOnce: Infinity,
}

const minute = 60_000
const hour = 3_600_000

/** Counts requests, and gives the refusal of one that is too many. Refused ones count, too. */
export function createLimiter(
  limits: GithubLimits,
  clock: Clock,
): (method: string, underWay: number) => FakeAnswer | undefined {
  const seen: { readonly at: number; readonly write: boolean }[] = []
  return (method, underWay) => {
    const now = clock.now()
    seen.push({ at: now, write: method !== 'GET' })
    const within = (ms: number) => seen.filter(({ at }) => now - at < ms)
    const lastHour = within(hour)
    const lastMinute = within(minute)
    if (lastHour.length > limits.perHour) {
      const reset = Math.ceil(((lastHour[0]?.at ?? now) + hour) / 1000)
      return {
        status: 403,
        json: { message: 'API rate limit exceeded for user ID 7.' },
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) },
      }
    }
    const points = lastMinute.reduce((sum, { write }) => sum + (write ? 5 : 1), 0)
    const writes = (list: typeof seen) => list.filter(({ write }) => write).length
    const wait =
      underWay > limits.atOnce || points > limits.pointsPerMinute || writes(lastMinute) > limits.contentPerMinute
        ? 60
        : writes(lastHour) > limits.contentPerHour
          ? 900
          : undefined
    return wait === undefined
      ? undefined
      : {
          status: 403,
          json: {
            message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
          },
          headers: { 'retry-after': String(wait), 'x-ratelimit-remaining': '4000' },
        }
  }
}
