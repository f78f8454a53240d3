import type { Logger } from 'pino'
import { createMemo } from '../render/memo.ts'
import { releaseKey } from '../render/shipper/rollout.ts'
import type { FleetSource } from '../repo-layout/read/assemble.ts'
import { createFleetReader } from '../repo-layout/read/reader.ts'
import type { Subject } from '../repo-layout/subject.ts'
import type { ChartEngine } from './charts/types.ts'
import type { Clock } from './clock.ts'
import type { Deletion } from './cycle/budget.ts'
import { createDeletionGuard } from './cycle/deletions.ts'
import { createDesiredReader } from './cycle/desired.ts'
import { createFacts } from './cycle/facts.ts'
import { commitRender, type Generator, renderPull } from './cycle/generate.ts'
import { clustersInForce } from './cycle/inventory.ts'
import { createMembers, type MembersOptions } from './cycle/members.ts'
import { createPace } from './cycle/pace.ts'
import { createPausing } from './cycle/pauses.ts'
import { createTextCache } from './cycle/previous.ts'
import { type Pulled, pull } from './cycle/pull.ts'
import { rolloutsIn } from './cycle/rollouts.ts'
import { gitTree } from './cycle/source.ts'
import { decidedSubjects, fleetStatus, freshState } from './cycle/state.ts'
import { createTeller } from './cycle/teller.ts'
import { createTurner } from './cycle/turner.ts'
import { fleetUidOf } from './cycle/uid.ts'
import { filesOf } from './git/contents.ts'
import { explain, GitError } from './git/error.ts'
import { parseProvenance } from './git/generated.ts'
import type { Repository } from './git/types.ts'
import type { ReadSecret } from './member/connect.ts'
import type { Fence } from './member/fence.ts'
import { createPromotions } from './promotion/promotions.ts'
import { mergedCharts } from './pulls/charts.ts'
import type { PullMetrics } from './pulls/planner.ts'
import { type PullSettings, watchPulls } from './pulls/watch.ts'
import type { ReporterMetrics } from './report/reporter.ts'
import { createReporting, type ReportSettings } from './report/reporting.ts'
import { createOnFailure } from './revert/on-failure.ts'
import { findFailures } from './rollout/failures.ts'
import type { Metrics } from './server/metrics.ts'
import type { DaemonApi } from './server/types.ts'

/** What a daemon is made of. */
export interface DaemonOptions {
  readonly repository: Repository
  readonly branches: { readonly source: string; readonly generated: string }
  readonly readSecret: ReadSecret
  /** The folder of the repository where it is on this disk; no credential is read from it. */
  readonly repo?: string | undefined
  /** Longest time that a member may take to answer, in milliseconds; see `ConnectOptions`. */
  readonly answerTimeout?: number | undefined
  /** What API servers are told of who asks. */
  readonly agent?: string | undefined
  /** What every push and every write to a member has to pass; undefined where only this process can write. */
  readonly fence?: Fence | undefined
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: MembersOptions['metrics'] &
    Pick<Metrics, 'syncEnded' | 'fetchEnded' | 'renderEnded' | 'messages' | 'generatedCommit'> &
    Partial<PullMetrics> &
    Partial<ReporterMetrics>
  /** Where pull requests are planned; undefined where nowhere. */
  readonly pulls?: PullSettings | undefined
  /** Where source commits are reported on; undefined where nowhere. */
  readonly report?: ReportSettings | undefined
  /** What finds and renders charts; without it applications stay as they are. */
  readonly charts?: Pick<ChartEngine, 'at'> | undefined
  /** How long a turn waits for charts, in milliseconds, before everything else goes on without; undefined: as long as it takes. */
  readonly chartPatience?: number | undefined
  /** The line of the `Renderer` trailer: our version and those of template engines. */
  readonly renderer: string
  /** Why a missing generated branch does not mean a new fleet; undefined where it does. */
  readonly notNewFleet: (source: FleetSource) => Promise<string | undefined>
  /** The generated commits that members say they run, by cluster; asked after a start without a clone. */
  readonly commitsInUse?: (source: FleetSource) => Promise<ReadonlyMap<string, string>>
  /** The generated branch counts as it is after the start, whatever was generated before or runs in members. */
  readonly anew?: boolean
}

/** A running daemon. */
export interface Daemon extends DaemonApi {
  /** Resolves when every member has tried what the last turn told it, deletions too. */
  settled(): Promise<void>
  /** Says that pull requests may have changed, one of them where its number is known; returns at once. */
  onPullRequest(number?: number): void
  /** Resolves when no pull request is being planned. */
  planned(): Promise<void>
  /** Resolves when what is known now is reported, or cannot be for now. */
  reported(): Promise<void>
  /** Begins no new work; resolves when writes under way have ended. */
  stop(): Promise<void>
}

/**
 * Milliseconds after which it is looked whether a rollout that has moved goes on: a move that changes no file of a cluster
 * (1 % and 100 % of one pod are one pod) is no news to anybody, and what is known counts for it.
 */
const afterMove = 500
/** How often a lost race is run again at once. */
const maxRaces = 5
/** A turn that takes longer hangs, in milliseconds. */
const longestTurn = 600_000
/** How long a turn under way may go on once the daemon was told to stop, in milliseconds. */
const lastTurn = 4000

/**
 * The cycle: pull → render → commit → apply → observe, and again whenever the source, or a fact that a decision reads,
 * changes. It holds no state of its own: what was decided is a commit, what was applied stands in the member's
 * inventory. Kill it anywhere, start it on another machine, and it goes on.
 */
export function startDaemon(options: DaemonOptions): Daemon {
  const { repository, branches, clock, log, metrics, fence } = options
  const state = freshState()
  const texts = createTextCache(repository)
  const reader = createFleetReader()
  const generator: Generator = {
    repository,
    reader,
    memo: createMemo(),
    texts,
    renderer: options.renderer,
    charts: options.charts,
    patience: options.chartPatience === undefined ? undefined : { clock, ms: options.chartPatience },
  }
  const desired = createDesiredReader(texts)
  const pace = createPace(clock)
  const turner = createTurner({ clock, turn, onEnd })
  const teller = createTeller(clock, lookAround)
  const members = createMembers({ ...options, isKnownCommit, onChange: teller.tell })
  const pausing = createPausing({ statuses: members.statuses, member: members.member, clock, log })
  const promotions = createPromotions({ repository, clock, onChange: teller.tell })
  const statusNow = (problem = '') => fleetStatus(state, members, deletions, promotions, branches, clock.now(), problem)
  const reporting = createReporting({
    settings: options.report,
    repository,
    read: () => ({ status: statusNow(), fleet: state.source?.fleet, refused: state.refused }),
    mayPost: () => fence?.closed() === undefined,
    metrics,
    clock,
    log,
  })
  teller.onChange(reporting.tell)
  const facts = createFacts(state, members, clock, promotions)
  const inForce = () =>
    state.order && state.rendered !== undefined ? { order: state.order, source: state.rendered } : undefined
  const deletions = createDeletionGuard({
    members,
    repository,
    log,
    inForce,
    allow: hand,
    onChange: teller.tell,
    clock,
  })
  const { notNewFleet, commitsInUse = async () => new Map<string, string>(), anew = false } = options
  const pulling = { repository, clock, branches, reader, notNewFleet, commitsInUse, anew, log }

  const pulls = watchPulls(options.pulls, {
    ...{ repository, branches, clock, log, metrics, state, reach: options },
    start: { strict: true, anew, notNewFleet, commitsInUse: async () => new Map() },
    statuses: members.statuses,
    observations: facts.peek,
    maySpeak: () => fence?.closed() === undefined,
    charts: options.charts && mergedCharts(options.charts, () => state.source),
  })

  const onFailure = createOnFailure({
    ...{ repository, clock, log, base: branches.source },
    forge: options.pulls?.found ?? Promise.resolve(undefined),
    inForce() {
      const { order, source, tips, rendered } = state
      if (!order || !source || !tips || tips.source !== rendered || fence?.closed() !== undefined) return undefined
      const { failures } = state
      return { source, tip: tips.source, generated: order.commit, clusters: members.statuses(), failures }
    },
  })
  teller.onChange(onFailure.look)

  async function turn(): Promise<void> {
    for (let race = 0; race < maxRaces; race++) {
      const stood = fence?.standstills()
      const pulled = await pull({ ...pulling, inForce: state.order?.commit }).catch(resumed)
      metrics.fetchEnded('success')
      state.fetchedAt = pulled.fetchedAt
      state.tips = { source: pulled.source, generated: pulled.tip?.oid ?? '' }
      const outcome = isDone(pulled) ? 'done' : await generate(pulled, () => stood === fence?.standstills())
      if (outcome === 'done') return pace.succeeded()
      state.done = undefined
      if (outcome === 'stuck') return pace.failed()
      log.info('the generated branch moved meanwhile; starting over')
    }
    throw new Error(`the generated branch moved ${maxRaces} times in a row; is another daemon at work?`)
  }

  /** Rendering is pure: of the same source, previous tree and facts it makes the same. */
  function isDone({ source, tip }: Pulled): boolean {
    const { done } = state
    if (done?.source !== source || done.tip !== tip?.oid || done.moved) return false
    if (facts.due() === 0 || chartsDue() === 0) return false
    state.sourceProblem = ''
    return true
  }

  /** Milliseconds until a chart that could not be had is asked for again; undefined where none is missing. */
  function chartsDue(): number | undefined {
    return state.chartsAt === undefined ? undefined : Math.max(0, state.chartsAt - clock.now())
  }

  async function generate(pulled: Pulled, isFresh: () => boolean): Promise<'done' | 'lost' | 'stuck'> {
    if (pulled.refused !== undefined) {
      state.sourceProblem = pulled.refused
      log.error({ commit: pulled.source }, 'the source is older than what is rendered; what runs stays as it is')
      return stuck(pulled)
    }
    const started = clock.now()
    const rendered = await renderPull(generator, pulled, facts.read)
    state.messages = rendered.messages
    metrics.renderEnded(rendered.type === 'rendered' ? 'success' : 'failure', (clock.now() - started) / 1000)
    metrics.messages(rendered.messages)
    if (rendered.type === 'unreadable') {
      state.sourceProblem = 'the fleet cannot be read; what runs stays as it is'
      state.refused = { commit: pulled.source, problem: state.sourceProblem }
      log.error({ commit: pulled.source }, 'the fleet cannot be read; what runs stays as it is')
      return stuck(pulled)
    }
    state.sourceProblem = ''
    state.chartsAt = rendered.chartsDue === undefined ? undefined : clock.now() + rendered.chartsDue
    if (rendered.chartsDue !== undefined) turner.later(rendered.chartsDue)
    state.source = rendered.source
    state.removalProblem = rendered.problem
    await fence?.opened()
    if (!isFresh()) return 'lost'
    const generated = await commitRender(generator, pulled, rendered, state.done?.source)
    if (generated.type === 'lost') return 'lost'
    if (generated.type === 'rejected') {
      state.pushProblem = `the push was rejected: ${generated.reason}`
      state.refused = { commit: pulled.source, problem: state.pushProblem }
      log.error({ reason: generated.reason }, 'the push of the generated branch was rejected')
      return stuck(pulled)
    }
    state.pushProblem = ''
    state.refused = undefined
    if (generated.type === 'committed') {
      metrics.generatedCommit(generated.reason)
      log.info({ commit: generated.commit, source: pulled.source, subject: generated.subject }, 'generated a commit')
      if (pulled.handMade.length > 0)
        log.warn({ commits: pulled.handMade.map(({ oid }) => oid) }, 'commits made by hand were undone')
    }
    desired.learn(rendered.output.files)
    await apply(generated.commit, pulled.source, rendered.source, rendered.output.unplaced)
    const moved = generated.type === 'committed' && rendered.output.steps.length > 0
    state.done = { source: pulled.source, tip: generated.commit, moved }
    if (moved) turner.later(afterMove)
    state.tips = { source: pulled.source, generated: generated.commit }
    return 'done'
  }

  /** After a restart, members are looked after as the last generated commit says while nothing newer can be rendered. */
  async function stuck({ previous, provenance }: Pick<Pulled, 'previous' | 'provenance'>): Promise<'stuck'> {
    if (state.order || !previous || !provenance) return 'stuck'
    const { source } = await reader.read(gitTree(repository, provenance.sourceCommit))
    // What is unplaced is known to a render alone; until then a deletion for it waits as any other.
    if (source) await apply(previous.oid, provenance.sourceCommit, source, new Set())
    return 'stuck'
  }

  /** The same while the remote cannot be read: the clone still holds what was generated last. Rejects with `error`. */
  async function resumed(error: unknown): Promise<never> {
    const last = error instanceof GitError && !state.order ? await repository.lastGenerated() : undefined
    if (last !== undefined) {
      const previous = await repository.readCommit(last)
      await stuck({ previous, provenance: parseProvenance(previous.message) })
    }
    throw error
  }

  async function apply(
    commit: string,
    sourceCommit: string,
    source: FleetSource,
    unplaced: ReadonlySet<Subject>,
  ): Promise<void> {
    const files = await filesOf(repository, commit)
    const wanted = await desired.read(commit, files)
    state.subjects = await decidedSubjects(files, texts)
    state.rollouts = await rolloutsIn(files, texts, generator.memo)
    state.releases = new Set(state.rollouts.flat().map(releaseKey))
    texts.retain(new Set(files.values()))
    const { clusters, leaving } = await clustersInForce(source.clusters, files, texts)
    const { fleet } = source
    const { uid: fleetUid } = fleetUidOf(fleet)
    state.source = source
    state.rendered = sourceCommit
    state.order = { commit, fleet, fleetUid, clusters, leaving, desired: wanted, mayDelete: [], unplaced }
    hand(deletions.mayDelete(commit))
    await promotions.follow(commit, state.rollouts, source)
    const inForce = { generated: commit, source: sourceCommit }
    state.failures = await findFailures(repository, inForce, state.rollouts, state.failures)
  }

  /** Tells the members what is in force now, and which of them may delete for it. */
  function hand(mayDelete: readonly Deletion[]): void {
    if (!state.order) return
    state.order = { ...state.order, mayDelete }
    members.follow(state.order)
  }

  async function isKnownCommit(commit: string): Promise<boolean> {
    if (anew) return true
    return state.order !== undefined && repository.isAncestor(commit, state.order.commit)
  }

  function lookAround(): void {
    deletions.look()
    const due = facts.due()
    if (due !== undefined) turner.later(Math.max(due, pace.pause()))
  }

  function onEnd(seconds: number, error: unknown): void {
    metrics.syncEnded(error === undefined ? 'success' : 'failure', seconds)
    state.turnedAt = clock.now()
    if (error !== undefined) {
      pace.failed()
      if (error instanceof GitError) metrics.fetchEnded('failure')
      state.sourceProblem = explain(error)
      log.error({ error: state.sourceProblem }, 'a turn failed; what runs stays as it is')
    }
    teller.tell()
    pulls.look()
  }

  return {
    status: () => statusNow(reporting.problem()),
    diff: (clusters) => members.diff(clusters),
    observations: facts.peek,
    sync: turner.now,
    ...pausing,
    ready: () => state.turnedAt !== undefined,
    healthy: () => clock.now() - (turner.since() ?? clock.now()) < longestTurn,
    onChange: teller.onChange,
    async settled() {
      await members.settled()
      await deletions.settled()
      await members.settled()
    },
    onPullRequest: pulls.look,
    planned: pulls.settled,
    reported: reporting.reported,
    async stop() {
      const reported = reporting.stop()
      const turned = turner.stop()
      promotions.stop()
      const planned = pulls.stop()
      const reverted = onFailure.stop()
      const { cancel } = clock.after(lastTurn, () => void repository.close())
      await Promise.all([members.stop(), turned, planned, reported, reverted])
      cancel()
      teller.stop()
      await repository.close()
    },
  }
}
