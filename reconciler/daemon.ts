import type { Logger } from 'pino'
import { createMemo } from '../render/memo.ts'
import type { FleetSource } from '../repo-layout/read/assemble.ts'
import { createFleetReader } from '../repo-layout/read/reader.ts'
import type { Clock } from './clock.ts'
import { judgePending } from './cycle/deletions.ts'
import { createDesiredReader } from './cycle/desired.ts'
import { createFacts } from './cycle/facts.ts'
import { commitRender, type Generator, renderPull } from './cycle/generate.ts'
import { createMembers } from './cycle/members.ts'
import { createTextCache } from './cycle/previous.ts'
import { type Pulled, pull } from './cycle/pull.ts'
import { decidedSubjects, fleetStatus, freshState } from './cycle/state.ts'
import { createTurner } from './cycle/turner.ts'
import { fleetUidOf } from './cycle/uid.ts'
import { GitError } from './git/error.ts'
import type { Repository } from './git/types.ts'
import type { ReadSecret } from './member/connect.ts'
import type { Metrics } from './server/metrics.ts'
import type { DaemonApi } from './server/types.ts'

/** What a daemon is made of. */
export interface DaemonOptions {
  readonly repository: Repository
  readonly branches: { readonly source: string; readonly generated: string }
  readonly readSecret: ReadSecret
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'syncEnded' | 'fetchEnded' | 'renderEnded' | 'messages' | 'generatedCommit'>
  /** The line of the `Renderer` trailer: our version and those of template engines. */
  readonly renderer: string
  /** Why a missing generated branch does not mean a new fleet; undefined where it does. */
  readonly notNewFleet: (source: FleetSource) => Promise<string | undefined>
}

/** A running daemon. */
export interface Daemon extends DaemonApi {
  /** Resolves when every member has tried what the last turn told it. */
  settled(): Promise<void>
  /** Begins no new work; resolves when writes under way have ended. */
  stop(): Promise<void>
}

/** How often a lost race is run again at once. */
const maxRaces = 5

/**
 * The cycle: pull → render → commit → apply → observe, and again whenever the source, or a fact that a decision reads,
 * changes. It holds no state of its own: what was decided is a commit, what was applied stands in the member's
 * inventory. Kill it anywhere, start it on another machine, and it goes on.
 */
export function startDaemon(options: DaemonOptions): Daemon {
  const { repository, branches, clock, log, metrics } = options
  const state = freshState()
  const texts = createTextCache(repository)
  const reader = createFleetReader()
  const generator: Generator = { repository, reader, memo: createMemo(), texts, renderer: options.renderer }
  const desired = createDesiredReader(texts)
  const listeners = new Set<() => void>()
  const turner = createTurner({ clock, turn, onEnd })
  const members = createMembers({ clock, log, readSecret: options.readSecret, isKnownCommit, onChange: changed })
  const facts = createFacts(state, members, clock)

  async function turn(): Promise<void> {
    for (let race = 0; race < maxRaces; race++) {
      const pulled = await pull({ repository, clock, branches, reader, notNewFleet: options.notNewFleet, log })
      metrics.fetchEnded('success')
      state.fetchedAt = pulled.fetchedAt
      state.sourceProblem = ''
      if ((await generate(pulled)) === 'done') return
      log.info('the generated branch moved meanwhile; starting over')
    }
    throw new Error(`the generated branch moved ${maxRaces} times in a row; is another daemon at work?`)
  }

  async function generate(pulled: Pulled): Promise<'done' | 'lost'> {
    const started = clock.now()
    const rendered = await renderPull(generator, pulled, facts.read)
    state.messages = rendered.messages
    metrics.renderEnded(rendered.type === 'rendered' ? 'success' : 'failure', (clock.now() - started) / 1000)
    metrics.messages(rendered.messages)
    if (rendered.type === 'unreadable') {
      state.sourceProblem = 'the fleet cannot be read; what runs stays as it is'
      log.error({ commit: pulled.source }, 'the fleet cannot be read; what runs stays as it is')
      return 'done'
    }
    state.source = rendered.source
    state.rendered = pulled.source
    const generated = await commitRender(generator, pulled, rendered)
    if (generated.type === 'lost') return 'lost'
    if (generated.type === 'rejected') {
      state.generatedProblem = `the push was rejected: ${generated.reason}`
      log.error({ reason: generated.reason }, 'the push of the generated branch was rejected')
      return 'done'
    }
    if (generated.type === 'committed') {
      metrics.generatedCommit(generated.reason)
      log.info({ commit: generated.commit, source: pulled.source, subject: generated.subject }, 'generated a commit')
    }
    await apply(generated.commit, rendered.source)
    return 'done'
  }

  async function apply(commit: string, source: FleetSource): Promise<void> {
    const files = new Map((await repository.list(commit)).map(({ path, oid }) => [path, oid] as const))
    const wanted = await desired.read(commit, files)
    state.subjects = await decidedSubjects(files, texts)
    texts.retain(new Set(files.values()))
    const isNew = state.order?.commit !== commit
    const mayDelete = !isNew && state.order?.mayDelete === true
    const { uid } = fleetUidOf(source.fleet)
    state.order = { commit, fleet: source.fleet, fleetUid: uid, clusters: source.clusters, desired: wanted, mayDelete }
    if (isNew) state.generatedProblem = ''
    members.follow(state.order)
    if (!mayDelete) void allowDeletions(commit).catch(failed)
  }

  /** Deletions wait until all members have counted theirs, for the budget is the fleet's. */
  async function allowDeletions(commit: string): Promise<void> {
    await members.settled()
    const { order, rendered } = state
    if (order?.commit !== commit || rendered === undefined) return
    const verdict = await judgePending(members.statuses(), order.fleet.spec.budget, repository, rendered)
    if (verdict.type === 'over') {
      state.generatedProblem = verdict.text
      log.warn({ digest: verdict.digest }, 'deletions are over budget and wait')
    } else {
      state.order = { ...order, mayDelete: true }
      members.follow(state.order)
    }
    changed()
  }

  async function isKnownCommit(commit: string): Promise<boolean> {
    return state.order !== undefined && repository.isAncestor(commit, state.order.commit)
  }

  function changed(): void {
    for (const listener of listeners) listener()
    const due = facts.due()
    if (due !== undefined) turner.later(due)
  }

  function onEnd(seconds: number, error: unknown): void {
    metrics.syncEnded(error === undefined ? 'success' : 'failure', seconds)
    state.turned = true
    if (error === undefined) changed()
    else failed(error)
  }

  function failed(error: unknown): void {
    if (error instanceof GitError) metrics.fetchEnded('failure')
    state.sourceProblem = error instanceof Error ? error.message : String(error)
    log.error({ error: state.sourceProblem }, 'a turn failed; what runs stays as it is')
    changed()
  }

  return {
    status: () => fleetStatus(state, members, branches, clock.now()),
    diff: (clusters) => members.diff(clusters),
    observations: facts.peek,
    sync: turner.now,
    ready: () => state.turned,
    healthy: () => true,
    settled: members.settled,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async stop() {
      await turner.stop()
      await members.stop()
      await repository.close()
    },
  }
}
