import type { Logger } from 'pino'
import { type Clock, sleep } from '../clock.ts'
import { explain } from '../git/error.ts'
import type { Repository } from '../git/types.ts'
import { allowedDigests } from './allowed.ts'
import { type Deletion, digestOf, judgeDeletions } from './budget.ts'
import type { FleetOrder, Members } from './members.ts'

/** What members were told last, and the source commit that it was rendered from. */
export interface OrderInForce {
  readonly order: FleetOrder
  readonly source: string
}

/** What the guard of deletions works with. */
export interface DeletionOptions {
  readonly members: Pick<Members, 'deletions' | 'settled' | 'total'>
  readonly repository: Pick<Repository, 'logAll'>
  readonly log: Logger
  /** Asked anew after everything that takes time: meanwhile another commit may be in force. */
  readonly inForce: () => OrderInForce | undefined
  /** Lets members carry out these deletions. */
  readonly allow: (deletions: readonly Deletion[]) => void
  readonly onChange: () => void
  readonly clock: Clock
}

/** What could not be judged is judged again after so many milliseconds. */
const againAfter = 10_000
/** Members that have not counted after so many milliseconds are not waited for any longer. */
const longestCount = 30_000

/** Keeps the deletions of each commit within the Fleet's budget. */
export interface DeletionGuard {
  /** The deletions that are allowed for this commit: none of one that was not judged yet. */
  mayDelete(commit: string): readonly Deletion[]
  /** Judges what members would delete now, if that was not done yet; returns at once. */
  look(): void
  /** Why deletions wait; empty where none does. */
  problem(): string
  /** Whether deletions are being judged or carried out. */
  isBusy(): boolean
  /** Resolves when what members would delete was judged. Never rejects. */
  settled(): Promise<void>
}

/**
 * Makes the guard. The budget is the fleet's, so it waits until every member has counted in its own cluster, but not for ever:
 * one that cannot be reached, or does not get on, is judged when it has counted, upon what the others were allowed. Exactly
 * the objects that were judged may be deleted, whatever else leaves Git or comes to light later.
 */
export function createDeletionGuard(options: DeletionOptions): DeletionGuard {
  const { members, repository, log, inForce, allow, onChange, clock } = options
  let commit: string | undefined
  /** What this commit was allowed, carried out or not. */
  let spent: readonly Deletion[] = []
  let over: { readonly key: string; readonly text: string } | undefined
  let failed: { readonly key: string; readonly text: string; readonly until: number } | undefined
  let judging: Promise<void> | undefined

  const waiting = () => {
    const allowed = new Set(spent.map(nameOf))
    return members.deletions().filter((one) => !allowed.has(nameOf(one)))
  }

  /** What a verdict depends on: the same question is not asked twice. */
  function keyOf({ order, source }: OrderInForce, deletions: readonly Deletion[]): string {
    return JSON.stringify([order.commit, source, order.fleet.spec.budget, digestOf(deletions)])
  }

  function startOver(next: string): void {
    if (commit === next) return
    commit = next
    spent = []
  }

  async function judge(): Promise<void> {
    await Promise.race([members.settled(), sleep(clock, longestCount)])
    const now = inForce()
    const deletions = waiting()
    if (!now || deletions.length === 0) return
    const { budget } = now.order.fleet.spec
    const total = members.total() + deletions.length + spent.length
    const { unplaced, desired } = now.order
    const emptied = [...desired.values()].every(({ objects }) => objects.size === 0)
    const question = { deletions, spent, total, budget, emptied, unplaced, allowed: new Set<string>() }
    let verdict = judgeDeletions(question)
    // Only where it is over budget is history read for commits that allow exactly this set.
    if (verdict.type === 'over')
      verdict = judgeDeletions({ ...question, allowed: await allowedDigests(repository, now.source) })
    const then = inForce()
    const key = keyOf(now, deletions)
    if (!then || keyOf(then, waiting()) !== key) return
    if (verdict.type === 'over') {
      if (over?.key !== key) log.warn({ digest: verdict.digest }, 'deletions are over budget and wait')
      over = { key, text: verdict.text }
      return
    }
    startOver(now.order.commit)
    over = undefined
    spent = [...spent, ...deletions]
    allow(spent)
  }

  /** Mostly the remote is away, and history is on it: asking at once again would be asking without end. */
  function fail(key: string, error: unknown): void {
    log.error({ error: explain(error) }, 'deletions cannot be judged and wait')
    failed = {
      key,
      text: `deletions wait, for they cannot be judged: ${explain(error)}`,
      until: clock.now() + againAfter,
    }
    clock.after(againAfter, onChange)
  }

  function look(): void {
    const now = inForce()
    if (!now || judging) return
    startOver(now.order.commit)
    const deletions = waiting()
    if (deletions.length === 0) over = failed = undefined
    if (deletions.length === 0 || over?.key === keyOf(now, deletions)) return
    if (failed && failed.key === keyOf(now, deletions) && clock.now() < failed.until) return
    failed = undefined
    judging = judge()
      .catch((error: unknown) => fail(keyOf(now, deletions), error))
      .finally(() => {
        judging = undefined
        onChange()
      })
  }

  return {
    mayDelete: (of) => (of === commit ? spent : []),
    look,
    problem: () => failed?.text ?? over?.text ?? '',
    isBusy: () => judging !== undefined || (!over && !failed && members.deletions().length > 0),
    async settled() {
      for (look(); judging; look()) await judging
    },
  }
}

function nameOf({ cluster, uid }: Deletion): string {
  return JSON.stringify([cluster, uid])
}
