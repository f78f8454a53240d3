import { ForgeError } from '../forge/error.ts'
import type { CommitStatus } from '../forge/types.ts'
import type { Page } from './page.ts'
import type { PosterOptions } from './poster.ts'

/** What failed requests to a board lead to. */
export interface Failures {
  /** A request got through. */
  passed(): void
  /** Takes a failed request in; `statuses` are those that it should have shown, none where it was a read. */
  failed(error: unknown, page: Page, statuses: readonly CommitStatus[]): void
  /** Before this time nothing is asked of the board, in milliseconds since the epoch. */
  until(): number
  /** Why nothing gets through; empty while it does. */
  problem(): string
}

const [firstPause, longestPause] = [5000, 300_000]
/** What only a person can mend is tried less often. */
const [firstRefusal, longestRefusal] = [60_000, 900_000]
/** A forge may show a commit later than Git does; after so many tries it is given up. */
const mostMisses = 5
const missPause = 30_000

/** Remembers failures of one board and when to try again. */
export function createFailures({ board, clock, log, onResult }: PosterOptions): Failures {
  let count = 0
  let until = Number.NEGATIVE_INFINITY
  let problem = ''

  function pause(message: string, at: number): void {
    if (message !== problem) log.warn({ board: board.name, problem: message }, 'commit statuses wait')
    problem = message
    until = Math.max(until, at)
  }

  function backOff(message: string, first: number, longest: number): void {
    pause(message, clock.now() + Math.min(longest, first * 2 ** count))
    count += 1
  }

  /** Gives up a request that the board read and refused. */
  function giveUp(message: string, page: Page, statuses: readonly CommitStatus[], result: 'refused' | 'full'): void {
    for (const status of statuses) {
      if (result === 'full') page.full.add(status.context)
      else page.refused.set(status.context, status)
    }
    if (statuses.length === 0) page.notBefore = Number.POSITIVE_INFINITY
    onResult(result, Math.max(1, statuses.length))
    log.warn({ board: board.name, commit: page.commit, problem: message }, 'a commit status was refused')
  }

  return {
    until: () => until,
    problem: () => problem,
    passed() {
      count = 0
      problem = ''
    },
    failed(error, page, statuses) {
      const message = error instanceof Error ? error.message : String(error)
      const failure = error instanceof ForgeError ? error.failure : { type: 'unreachable' as const }
      switch (failure.type) {
        case 'full':
        case 'refused':
          return giveUp(message, page, statuses, failure.type)
        case 'missing':
          page.misses += 1
          if (page.misses >= mostMisses) return giveUp(message, page, [], 'refused')
          page.notBefore = clock.now() + missPause
          onResult('failed', Math.max(1, statuses.length))
          return
        case 'limited':
          pause(message, Math.max(failure.retryAt, clock.now() + 1000))
          break
        case 'unauthorized':
          backOff(message, firstRefusal, longestRefusal)
          break
        case 'unreachable':
          // The answer may have been lost after the board had taken it.
          if (statuses.length > 0) {
            page.shown = undefined
            page.unsure = statuses
          }
          backOff(message, firstPause, longestPause)
      }
      onResult('failed', Math.max(1, statuses.length))
    },
  }
}
