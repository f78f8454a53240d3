import { type Clock, sleep } from '../clock.ts'
import { explain } from '../git/error.ts'
import { type PlanOptions, planPoints } from '../plan/plan-fleet.ts'
import { readPoints } from '../plan/points.ts'
import { mergeHead } from './merge.ts'
import type { Attempt } from './types.ts'

/** What heads are planned with. */
export type AttemptOptions = PlanOptions &
  Required<Pick<PlanOptions, 'tools'>> & {
    readonly clock: Clock
    /** Gives the plan up. */
    readonly signal: AbortSignal
  }

/** A plan that takes longer is given up, in milliseconds. */
const longestPlan = 120_000

/**
 * Merges a head onto the base in memory and plans it. Never rejects: what keeps a plan from being made is said in the
 * attempt. Members are reached as the base says; nothing of the head is read before its size is known.
 */
export async function attempt(commit: string, options: AttemptOptions): Promise<Attempt> {
  const late = sleep(options.clock, longestPlan, options.signal).then(
    (): Attempt => ({ type: 'unplannable', text: `the plan took longer than ${longestPlan / 1000} s` }),
  )
  const made = plan(commit, options).catch((error: unknown): Attempt => ({ type: 'unplannable', text: explain(error) }))
  return Promise.race([made, late])
}

async function plan(commit: string, options: AttemptOptions): Promise<Attempt> {
  const { repository, branches, clock, start, tools } = options
  const points = await readPoints({}, { repository, branches, clock, start, reader: tools.reader })
  const upon = { base: points.base, generated: points.pulled.tip?.oid }
  await repository.readCommit(commit)
  const merged = await mergeHead(repository, points.base.commit, commit)
  if (merged.type !== 'merged') return { ...merged, ...upon }
  const head = { name: commit.slice(0, 7), commit }
  // Trailers that allow deletions are looked for from the head backwards.
  const pulled = { ...points.pulled, source: commit }
  const result = await planPoints({ ...points, head, tree: merged.tree, pulled }, options)
  return { ...result, ...upon, brought: merged.brought }
}
