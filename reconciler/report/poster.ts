import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import type { CommitStatus } from '../forge/types.ts'
import { deferred } from '../member/deferred.ts'
import type { Board } from './board.ts'
import { hour } from './bound.ts'
import { createBudget } from './budget.ts'
import { createFailures } from './failures.ts'
import { type Make, newPage, noteRead, noteRecalled, noteSent, outstanding, type Page } from './page.ts'
import { type Posting, ranks } from './posting.ts'

/** What became of statuses. */
export type PostResult = 'posted' | 'failed' | 'refused' | 'full'

/** What a poster needs. */
export interface PosterOptions {
  readonly board: Board
  readonly clock: Clock
  readonly log: Pick<Logger, 'warn'>
  /** Whether this process may write now. */
  readonly mayPost: () => boolean
  /** Whether a status of this context is one that a poster like this sends. */
  readonly isOurs: (context: string) => boolean
  /** A commit was read from the board. */
  readonly onRead: (commit: string, known: ReadonlyMap<string, CommitStatus>) => void
  readonly onResult: (result: PostResult, count: number) => void
}

/** Brings a board to what is wanted, at its own pace; nothing waits for it. */
export interface Poster {
  /** Says what a commit should show from now on, instead of what was said before; commits of a lower rank are read first. */
  want(commit: string, rank: number, make: Make): void
  /** Forgets a commit. */
  drop(commit: string): void
  /** How many statuses could be sent now, were it not for limits and failures. */
  waiting(): number
  /** Why the board is not brought up to date; empty while it is. */
  problem(): string
  /** Resolves when nothing is left to be sent now, or the board cannot be written for now. */
  idle(): Promise<void>
  /** Begins no new request; resolves when the one under way has ended. */
  stop(): Promise<void>
}

type Step =
  | { readonly type: 'read'; readonly page: Page }
  | { readonly type: 'post'; readonly page: Page; readonly statuses: readonly Posting[] }
  | { readonly type: 'wait'; readonly until: number }

/** While this process may not write, it asks again after so many milliseconds. */
const fencePause = 5000
/** Timers cannot be set for weeks. */
const longestTimer = 3_600_000

/**
 * Makes a poster. It reads a commit once, with what was sent there within the hour, remembers what it sends, and sends only what
 * differs: nothing is posted twice, and no limit is passed, also after a restart. An answer that was lost is made up for by reading the commit again.
 */
export function createPoster(options: PosterOptions): Poster {
  const { board, clock, mayPost, isOurs, onRead, onResult } = options
  const pages = new Map<string, Page>()
  const budget = createBudget(board.limits, board.shared)
  const began = clock.now()
  const failures = createFailures(options)
  const idlers = new Set<() => void>()
  let timer: { cancel(): void } | undefined
  let working: Promise<void> | undefined
  let stopped = false
  let again = false
  let waiting = 0

  function next(now: number): Step {
    let best: { readonly rank: number; readonly step: Step } | undefined
    let later = Number.POSITIVE_INFINITY
    waiting = 0
    const offer = (rank: number, step: Step) => {
      if (!best || rank < best.rank) best = { rank, step }
    }
    for (const page of pages.values()) {
      if (page.notBefore > now) later = Math.min(later, page.notBefore)
      // What was sent there within the hour counts against the limits of all.
      else if (!page.shown) offer(Math.min(page.rank, ranks.refused), { type: 'read', page })
      else {
        const { now: due, later: at } = outstanding(page, page.shown, now)
        waiting += due.length
        later = Math.min(later, at)
        const [first] = due
        if (first) offer(first.rank, { type: 'post', page, statuses: due.slice(0, board.atOnce) })
      }
    }
    if (!best) return { type: 'wait', until: later }
    const free = best.step.type === 'post' ? budget.free(best.rank, now) : now
    const until = Math.max(free, failures.until(), mayPost() ? now : now + fencePause)
    return until > now ? { type: 'wait', until } : best.step
  }

  async function work(): Promise<void> {
    while (!stopped) {
      const now = clock.now()
      again = false
      const step = next(now)
      if (step.type === 'wait') {
        wake(step.until - now)
        break
      }
      try {
        if (step.type === 'read') await read(step.page)
        else await post(step.page, step.statuses)
        failures.passed()
      } catch (error) {
        const { page } = step
        failures.failed(error, page, step.type === 'post' ? step.statuses : [])
      }
    }
    for (const resolve of idlers) resolve()
  }

  async function read(page: Page): Promise<void> {
    const statuses = await board.statuses(page.commit)
    if (!page.recalled && statuses.some(({ context }) => isOurs(context))) {
      const before = await board.since(page.commit, clock.now() - hour)
      const ours = before.filter(({ context }) => isOurs(context))
      noteRecalled(page, ours)
      for (const { at } of ours) if (at < began) budget.spend(at)
    }
    page.recalled = true
    noteRead(page, statuses, clock.now())
    page.misses = 0
    if (page.shown) onRead(page.commit, page.shown)
  }

  async function post(page: Page, statuses: readonly Posting[]): Promise<void> {
    budget.spend(clock.now())
    await board.post(
      page.commit,
      statuses.map(({ rank: _rank, patience: _patience, news: _news, ...status }) => status),
    )
    noteSent(page, statuses, clock.now())
    onResult('posted', statuses.length)
  }

  function wake(ms: number): void {
    timer?.cancel()
    timer = Number.isFinite(ms) ? clock.after(Math.max(1, Math.min(ms, longestTimer)), start) : undefined
  }

  function start(): void {
    again = true
    if (stopped || working) return
    timer?.cancel()
    working = work().finally(() => {
      working = undefined
      // Something may have been wanted after the last look.
      if (again) start()
    })
  }

  return {
    want(commit, rank, make) {
      const page = pages.get(commit)
      if (page) Object.assign(page, { rank, make })
      else pages.set(commit, newPage(commit, rank, make))
      start()
    },
    drop: (commit) => void pages.delete(commit),
    waiting: () => waiting,
    problem: () => failures.problem(),
    async idle() {
      if (stopped) return
      const { promise, resolve } = deferred<void>()
      idlers.add(resolve)
      start()
      await promise
      idlers.delete(resolve)
    },
    async stop() {
      stopped = true
      timer?.cancel()
      await working
    },
  }
}
