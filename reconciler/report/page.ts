import type { CommitStatus, PostedStatus } from '../forge/types.ts'
import { bounded, type Sent } from './bound.ts'
import { dueAt, isSame, type Posting } from './posting.ts'

/** Makes what a commit should show out of what it shows. Pure, and asked often. */
export type Make = (known: ReadonlyMap<string, CommitStatus>) => readonly Posting[]

/** What is known and wanted of one commit on one board. */
export interface Page {
  readonly commit: string
  rank: number
  make: Make
  /** What the board shows, by context; undefined before it was read, and where a write may or may not have got through. */
  shown: Map<string, CommitStatus> | undefined
  /** What was sent within the last hour, oldest first, by context. */
  readonly sent: Map<string, readonly Sent[]>
  /** Whether what a process before this one sent is in it. */
  recalled: boolean
  /** What was under way when an answer was lost. */
  unsure: readonly CommitStatus[]
  /** Contexts that the board takes no more of, and statuses that it refused. */
  readonly full: Set<string>
  readonly refused: Map<string, CommitStatus>
  /** How often the board did not know the commit, and when it is asked again. */
  misses: number
  notBefore: number
}

/** A page of which nothing is known yet. */
export function newPage(commit: string, rank: number, make: Make): Page {
  const fresh = { recalled: false, shown: undefined, unsure: [], misses: 0, notBefore: 0 }
  return { commit, rank, make, sent: new Map(), full: new Set(), refused: new Map(), ...fresh }
}

/** What a page has to send. */
export interface Outstanding {
  readonly now: readonly Posting[]
  /** When something else falls due, in milliseconds since the epoch; `Infinity` where nothing will. */
  readonly later: number
}

/** What of a page that was read may be sent now, the most important first. */
export function outstanding(page: Page, shown: ReadonlyMap<string, CommitStatus>, now: number): Outstanding {
  const due: Posting[] = []
  let later = Number.POSITIVE_INFINITY
  for (const posting of page.make(shown)) {
    const posted = shown.get(posting.context)
    if (page.full.has(posting.context) || (posted && isSame(posted, posting))) continue
    const at = dueAt(posting, posted)
    const may = at > now ? undefined : bounded(posting, page.sent.get(posting.context) ?? [], now, posting.news)
    if (may?.type !== 'send') later = Math.min(later, may?.until ?? at)
    else if (!isRefused(page, may.status) && !(posted && isSame(posted, may.status)))
      due.push({ ...posting, ...may.status })
  }
  return { now: due.sort((a, b) => a.rank - b.rank), later }
}

function isRefused({ refused }: Page, status: CommitStatus): boolean {
  const before = refused.get(status.context)
  return before !== undefined && isSame(before, status)
}

/** Notes that these statuses are shown now. */
export function noteSent(page: Page, statuses: readonly CommitStatus[], at: number): void {
  for (const status of statuses) {
    page.shown?.set(status.context, bare(status))
    remember(page, status, at)
  }
}

/** Notes what a process before this one sent. */
export function noteRecalled(page: Page, statuses: readonly PostedStatus[]): void {
  for (const status of statuses) remember(page, status, status.at)
  page.recalled = true
}

function remember(page: Page, status: CommitStatus, at: number): void {
  const before = page.sent.get(status.context) ?? []
  page.sent.set(status.context, [...before.slice(-20), { at, status: bare(status) }])
}

function bare({ context, state, description }: CommitStatus): CommitStatus {
  return { context, state, description }
}

/** Notes what the board shows. What was under way when an answer was lost counts as sent where it got through. */
export function noteRead(page: Page, statuses: readonly CommitStatus[], at: number): void {
  const shown = new Map(statuses.map((status) => [status.context, status] as const))
  page.shown = shown
  const arrived = page.unsure.filter((status) => {
    const there = shown.get(status.context)
    return there !== undefined && isSame(there, status)
  })
  page.unsure = []
  noteSent(page, arrived, at)
}
