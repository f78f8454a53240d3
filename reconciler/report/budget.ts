import { minorRank } from './posting.ts'

/** Most writes within a minute and an hour. */
export interface Limits {
  readonly perMinute: number
  readonly perHour: number
}

/** Limits that writes share with others. */
export interface SharedLimits {
  readonly limits: Limits
  /** When the others were made, in milliseconds since the epoch, oldest first. */
  readonly others: () => readonly number[]
}

/** Counts writes against limits. */
export interface Budget {
  /** When a status of this rank may be sent, in milliseconds since the epoch; not after `now` where it may at once. */
  free(rank: number, now: number): number
  /** Counts a write of that time, which may be past. */
  spend(at: number): void
}

/** Minor statuses leave so much of each limit to what matters more. */
const minorShare = 0.75
const [minute, hour] = [60_000, 3_600_000]

/** A budget of which nothing is spent. */
export function createBudget(own: Limits, shared?: SharedLimits): Budget {
  let spent: number[] = []
  const freeIn = (window: number, most: number, now: number, writes: readonly number[]) => {
    const recent = writes.filter((at) => at > now - window)
    return recent.length < most ? now : (recent[recent.length - most] ?? now) + window
  }
  return {
    free(rank, now) {
      const share = rank >= minorRank ? minorShare : 1
      const most = (limit: number) => Math.max(1, Math.floor(limit * share))
      const within = ({ perMinute, perHour }: Limits, writes: readonly number[]) =>
        Math.max(freeIn(minute, most(perMinute), now, writes), freeIn(hour, most(perHour), now, writes))
      const alone = within(own, spent)
      if (!shared) return alone
      return Math.max(
        alone,
        within(
          shared.limits,
          [...spent, ...shared.others()].sort((a, b) => a - b),
        ),
      )
    },
    spend(at) {
      spent = [...spent.filter((other) => other > at - hour), at].sort((a, b) => a - b)
    },
  }
}
