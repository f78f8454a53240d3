import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { failedAs } from '../forge/error.ts'
import type { Forge, PullRequest } from '../forge/types.ts'
import { oneLine } from '../git/error.ts'
import { serviceAccountUser } from '../plan/as-user.ts'
import type { PlanOptions } from '../plan/plan-fleet.ts'
import { createPlanTools } from '../plan/plan-fleet.ts'
import { afterMergeText, outcomeOfMerge } from './after-merge.ts'
import { attempt } from './attempt.ts'
import { changesDigest, treeChanges } from './changes.ts'
import { commentMarker, commentText } from './comment.ts'
import { createDesk, type Desk } from './desk.ts'
import { numbersIn, openNote, planNote } from './plan-note.ts'
import { approvalLabel, askedStatus, trustOf } from './trust.ts'
import type { Attempt, InForce, TreeChanges, Verdict } from './types.ts'
import { annotationsOf, verdictOf } from './verdict.ts'

/** What planning pull requests counts. */
export interface PullMetrics {
  pullRequestsOpen(count: number): void
  /** `unapproved`: the head of a fork that nobody has approved, of which nothing was read. */
  planned(result: Verdict['state'] | 'unapproved'): void
}

/** What pull requests are planned with. */
export interface PlannerOptions extends Omit<PlanOptions, 'trial' | 'tools'> {
  readonly forge: Forge
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: PullMetrics
  /** The fleet as it runs; undefined before the first render. */
  readonly inForce: () => InForce | undefined
  /** What contexts of statuses begin with. */
  readonly contextPrefix: () => string
}

/** Plans pull requests in the background. */
export interface PullPlanner {
  /** Looks whether there is something to do; returns at once. `number`: a forge said that this one changed. */
  look(number?: number): void
  /** Resolves when nothing is under way. */
  settled(): Promise<void>
  /** Begins nothing new; resolves when what is under way has ended. */
  stop(): Promise<void>
}

interface Tracked {
  readonly head: string
  /** What the plan was made from. */
  readonly key: string
  readonly plannedAt: number
  readonly attempt: Attempt
  readonly verdict: Verdict
  readonly changes: TreeChanges
  posted: boolean
}

/** A pull request is planned anew for changed facts at most so often, in milliseconds. */
const calm = 60_000
/** So many source commits, of so late in milliseconds, are looked through for merges that nobody has concluded. */
const [merges, day] = [20, 24 * 3_600_000]
/** The end of the marker's line, and the note. */
const longestNote = 150
/** Clusters of one class that are asked about one and the same change. */
const clustersPerClass = 4

/**
 * Makes the planner: one pull request at a time, never within the cycle. A head is planned when it is new, and again when
 * something that its plan read has changed. What a forge refuses for the moment is tried again at a later look.
 */
export function createPullPlanner(options: PlannerOptions): PullPlanner {
  const { forge, repository, branches, clock, log, metrics, inForce, contextPrefix } = options
  const tracked = new Map<number, Tracked>()
  const waiting = new Map<number, string>()
  /** Merges of before this process that are not concluded yet. */
  let older: Map<number, string> | undefined
  const tools = createPlanTools()
  const desk: Desk = createDesk({ clock, log, turn })

  async function turn(isStopped: () => boolean): Promise<void> {
    if (!inForce()) return
    const open = await forge.pullRequests(branches.source)
    metrics.pullRequestsOpen(open.length)
    const numbers = new Set(open.map(({ number }) => number))
    for (const number of waiting.keys()) if (!numbers.has(number)) waiting.delete(number)
    for (const pull of open) {
      if (isStopped()) return
      if (pull.head.commit !== '') await desk.each(pull.number, () => attend(pull))
    }
    for (const number of tracked.keys())
      if (!numbers.has(number) && !isStopped()) await desk.each(number, () => conclude(number))
    older ??= await mergedBefore()
    for (const [number, merge] of older) {
      if (isStopped()) return
      if (!tracked.has(number)) await desk.each(number, () => concludeBefore(number, merge))
    }
  }

  async function attend(pull: PullRequest): Promise<void> {
    const now = inForce()
    if (!now) return
    const commit = pull.head.commit
    const before = tracked.get(pull.number)
    const isNewHead = before?.head !== commit
    const isApproved = pull.labels.includes(approvalLabel)
    if (isNewHead || (pull.fork && !isApproved)) {
      if (!isApproved && waiting.get(pull.number) === commit) return
      if (!(await isTrusted(pull, now))) return void tracked.delete(pull.number)
    }
    const key = keyOf(commit, now, now.source, now.generated)
    if (before && !isNewHead && before.key === key) return before.posted ? undefined : post(pull.number, before)
    if (before && !isNewHead && clock.now() - before.plannedAt < calm)
      return desk.later(before.plannedAt + calm - clock.now())
    if (isNewHead)
      await forge.setCheck(commit, {
        ...{ context: planContext(), state: 'pending', description: 'is being planned' },
        ...{ summary: '', annotations: [] },
      })
    await planHead(pull, now)
  }

  async function planHead({ number, head: { commit } }: PullRequest, now: InForce): Promise<void> {
    const { rules } = now
    const plannedAt = clock.now()
    const user = rules.serviceAccountName === undefined ? undefined : serviceAccountUser(rules.serviceAccountName)
    const made = await attempt(commit, {
      ...options,
      tools,
      signal: desk.signal,
      trial: { dryRun: rules.dryRun, clustersPerClass, user },
    })
    if (desk.signal.aborted) return
    const verdict = verdictOf(made, now.messages)
    metrics.planned(verdict.state)
    log.info({ pull: number, head: commit, verdict: verdict.state }, 'planned a pull request')
    const one: Tracked = {
      ...{ head: commit, attempt: made, verdict, plannedAt, posted: false },
      // What cannot be planned now is tried again, whether or not anything is seen to change.
      key: made.type === 'unplannable' ? '' : keyOf(commit, now, made.base.commit, made.generated ?? ''),
      changes: made.type === 'planned' ? treeChanges(made.trees.before, made.trees.after) : new Map(),
    }
    tracked.set(number, one)
    await post(number, one)
  }

  async function post(number: number, one: Tracked, after = ''): Promise<void> {
    const { head, attempt, verdict } = one
    const text = commentText(
      { attempt, verdict, head, after },
      forge.limits.comment - commentMarker.length - longestNote,
    )
    if (after === '')
      await forge.setCheck(head, {
        ...{ context: planContext(), ...verdict, summary: text },
        annotations: annotationsOf(attempt),
      })
    if (inForce()?.rules.comment !== false) await forge.comment(number, commentMarker, noteOf(one) + text)
    one.posted = true
  }

  async function isTrusted(pull: PullRequest, { rules }: InForce): Promise<boolean> {
    const { number, author, head } = pull
    const context = `${contextPrefix()}/plan-approval`
    const trust = await trustOf(pull, rules, { forge, repository, context })
    if (trust.type === 'trusted') {
      waiting.delete(number)
      return true
    }
    if (waiting.get(number) === head.commit && !(trust.type === 'unapproved' && trust.stale)) return false
    if (trust.type === 'never') {
      await forge.setCheck(head.commit, {
        ...{ context: planContext(), state: 'failure', summary: '', annotations: [] },
        description: 'from a fork, and forks are not planned here; push it to a branch of this repository',
      })
    } else {
      const asked = askedStatus(context)
      await forge.setCheck(head.commit, { ...asked, context: planContext(), summary: '', annotations: [] })
      // First off with the label, then asked: one that was set before approves nothing.
      if (trust.stale) await forge.removeLabel(number, approvalLabel)
      if (!trust.asked) await forge.setStatus(head.commit, asked)
    }
    waiting.set(number, head.commit)
    metrics.planned('unapproved')
    log.info(
      { pull: number, author: oneLine(author), head: head.commit },
      'the head of a fork is not approved; nothing of it was read',
    )
    return false
  }

  /** A pull request that is not open any more: after a merge its comment says whether it did what was planned. */
  async function conclude(number: number): Promise<void> {
    const one = tracked.get(number)
    const now = inForce()
    if (!one || !now) return
    const pull = await forge.pullRequest(number)
    if (pull.state === 'open' && pull.base.branch === branches.source) return
    const isMerged = pull.state === 'merged' && pull.mergeCommit !== undefined
    if (isMerged && one.attempt.type === 'planned' && pull.head.commit === one.head) {
      const outcome = await outcomeOfMerge(repository, pull.mergeCommit, now)
      if (!outcome) return
      const { stepwise } = one.attempt
      await post(number, one, afterMergeText(one.changes, pull.mergeCommit, outcome, stepwise))
    }
    tracked.delete(number)
  }

  /** Source commits of late that may be merges which a process before this one planned, by the number that they name. */
  async function mergedBefore(): Promise<Map<number, string>> {
    const found = new Map<number, string>()
    const now = inForce()
    for (const { oid, message, author } of now ? await repository.log(now.source, merges) : [])
      if (clock.now() - author.time * 1000 < day)
        for (const number of numbersIn(message)) if (!found.has(number)) found.set(number, oid)
    return found
  }

  /** The same as `conclude` for a plan that is only known by our comment; what a message names may be anything. */
  async function concludeBefore(number: number, merge: string): Promise<void> {
    const now = inForce()
    if (!now) return
    const pull = await forge.pullRequest(number).catch((error: unknown) => {
      if (failedAs(error, 'missing')) return undefined
      throw error
    })
    if (pull?.state === 'merged' && pull.mergeCommit === merge && pull.base.branch === branches.source) {
      const outcome = await outcomeOfMerge(repository, merge, now)
      if (!outcome) return
      await forge.amendComment(number, commentMarker, (text) => {
        const note = openNote(text)
        if (note?.head !== pull.head.commit) return undefined
        // A move of a rollout may have come with it, of which a digest says nothing.
        if (note.mayMove && changesDigest(outcome.changes) !== note.digest) return undefined
        return `${text.trimEnd()}\n\n${afterMergeText(note, merge, outcome)}\n`
      })
    }
    older?.delete(number)
  }

  function noteOf({ attempt, head, changes }: Tracked): string {
    return attempt.type === 'planned' ? planNote(head, changes, attempt.stepwise.size > 0) : ''
  }

  function planContext(): string {
    return `${contextPrefix()}/plan`
  }

  return {
    look: (number) => {
      const one = number === undefined ? undefined : tracked.get(number)
      if (one) one.posted = false
      desk.look()
    },
    settled: desk.settled,
    stop: desk.stop,
  }
}

function keyOf(head: string, { facts, rules }: InForce, source: string, generated: string): string {
  return JSON.stringify([head, source, generated, facts, rules])
}
