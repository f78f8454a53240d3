import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Message } from '../../repo-layout/message.ts'
import type { ForgeEvent } from '../forge/types.ts'
import type { Action, Drift } from '../member/types.ts'
import type { PullMetrics } from '../pulls/planner.ts'
import type { PostResult } from '../report/poster.ts'
import { createMemberMetrics, unixTime } from './member-metrics.ts'
import type { FleetStatus } from './types.ts'

/** How a turn of the cycle or a part of it ended. */
export type Result = 'success' | 'failure'

/** Why a generated commit was made: the trailer `Reason`. */
export type CommitReason = 'source' | 'rollout-step' | 'failover' | 'failback' | 'schedule' | 'renderer'

/** A verb of the Kubernetes API as the audit log names it; `apply` is the patch that is a server-side apply. */
export type ApiVerb = 'get' | 'list' | 'watch' | 'apply' | 'create' | 'update' | 'patch' | 'delete'

/** What came of a webhook request. */
export type WebhookResult = 'accepted' | 'ignored' | 'unauthorized' | 'replayed' | 'oversized'

/** What the daemon tells its metrics. Every function is cheap and never throws. */
export interface Metrics extends PullMetrics {
  /** One turn of pull, render, commit and hand-out ended after so many seconds. */
  syncEnded(result: Result, seconds: number): void
  /** One fetch of the remote ended. */
  fetchEnded(result: Result): void
  /** One render ended after so many seconds. */
  renderEnded(result: Result, seconds: number): void
  /** What the last render had to say about the source; replaces what was said before. */
  messages(messages: readonly Message[]): void
  /** A commit was pushed to the generated branch. */
  generatedCommit(reason: CommitReason): void
  /** Statuses of commits were sent to a forge or written as a note, and this is what became of them. */
  statusesSent(result: PostResult, count: number): void
  /** So many statuses could be sent now, were it not for limits and failures. */
  statusesWaiting(count: number): void
  /** A drift was first seen. */
  driftSeen(cluster: string, reason: Drift['reason']): void
  /** A drift was healed. */
  driftHealed(cluster: string, reason: Drift['reason']): void
  /** One object of a cluster was looked at, and this was done. */
  applied(cluster: string, action: Action): void
  /** A request to a member's API server ended; a status of 0 means that no answer came. */
  apiRequest(cluster: string, verb: ApiVerb, status: number): void
  /** A webhook request came; `unknown` where what it says was not looked at. */
  webhook(event: ForgeEvent['type'] | 'unknown', result: WebhookResult): void
  /** All metrics as Prometheus reads them; what is a state and no event is taken from `status`. */
  text(status: FleetStatus): Promise<string>
  /** Content type of `text`. */
  readonly contentType: string
  readonly registry: Registry
}

const results: readonly Result[] = ['success', 'failure']
const reasons: readonly CommitReason[] = ['source', 'rollout-step', 'failover', 'failback', 'schedule', 'renderer']
const webhooks: readonly (readonly [ForgeEvent['type'] | 'unknown', readonly WebhookResult[]])[] = [
  ['push', ['accepted', 'ignored', 'replayed']],
  ['pull-request', ['accepted', 'ignored', 'replayed']],
  ['other', ['ignored', 'replayed']],
  ['unknown', ['unauthorized', 'oversized']],
]
const planResults = ['success', 'failure', 'error', 'unapproved'] as const
const postResults: readonly PostResult[] = ['posted', 'failed', 'refused', 'full']
const buckets = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/**
 * Makes the metrics of one daemon in a registry of their own. Every series is there from the start with 0, so that the
 * first failure is a rise and not a series that appears.
 */
export function createMetrics({ version }: { readonly version: string }): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })

  const syncs = new Counter({
    name: 'flotilla_syncs_total',
    help: 'Turns of the cycle, by result',
    labelNames: ['result'],
    registers,
  })
  const syncSeconds = new Histogram({
    name: 'flotilla_sync_duration_seconds',
    help: 'Time of one turn of the cycle',
    buckets,
    registers,
  })
  const fetches = new Counter({
    name: 'flotilla_fetches_total',
    help: 'Fetches of the remote, by result',
    labelNames: ['result'],
    registers,
  })
  const renders = new Counter({
    name: 'flotilla_renders_total',
    help: 'Renders, by result',
    labelNames: ['result'],
    registers,
  })
  const renderSeconds = new Histogram({
    name: 'flotilla_render_duration_seconds',
    help: 'Time of one render',
    buckets,
    registers,
  })
  const messages = new Gauge({
    name: 'flotilla_messages',
    help: 'Errors and warnings of the last render, by severity',
    labelNames: ['severity'],
    registers,
  })
  const commits = new Counter({
    name: 'flotilla_generated_commits_total',
    help: 'Commits pushed to the generated branch, by reason',
    labelNames: ['reason'],
    registers,
  })
  const hooks = new Counter({
    name: 'flotilla_webhooks_total',
    help: 'Webhook requests, by event and result',
    labelNames: ['event', 'result'],
    registers,
  })
  const statuses = new Counter({
    name: 'flotilla_statuses_total',
    help: 'Commit statuses that were sent to the forge or written as notes, by result',
    labelNames: ['result'],
    registers,
  })
  const statusesWaiting = new Gauge({
    name: 'flotilla_statuses_waiting',
    help: 'Commit statuses that wait for a limit of the forge or for it to answer',
    registers,
  })
  const fetched = new Gauge({
    name: 'flotilla_last_fetch_timestamp_seconds',
    help: 'Unix time of the last fetch of the remote that worked; 0 before the first',
    registers,
  })
  const heartbeat = new Gauge({
    name: 'flotilla_heartbeat_timestamp_seconds',
    help: 'Unix time at which a turn of the cycle ended last, well or not; 0 before the first',
    registers,
  })
  const plans = new Counter({
    name: 'flotilla_plans_total',
    help: 'Plans of pull requests, by result; unapproved is the head of a fork of which nothing was read',
    labelNames: ['result'],
    registers,
  })
  const pulls = new Gauge({
    name: 'flotilla_pull_requests_open',
    help: 'Pull requests against the source branch that are open',
    registers,
  })
  const leader = new Gauge({
    name: 'flotilla_leader',
    help: '1 while this daemon is the active one, 0 while it is a standby',
    registers,
  })
  const problems = new Gauge({
    name: 'flotilla_branch_problem',
    help: '1 while a branch needs a person: it cannot be fetched, rendered, pushed, or deletions are over the budget',
    labelNames: ['branch'],
    registers,
  })
  new Gauge({
    name: 'flotilla_build_info',
    help: 'Always 1; the labels say what runs',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version, node: process.version }, 1)
  const members = createMemberMetrics(registry)

  for (const result of results) for (const counter of [syncs, fetches, renders]) counter.inc({ result }, 0)
  for (const [event, ends] of webhooks) for (const result of ends) hooks.inc({ event, result }, 0)
  for (const reason of reasons) commits.inc({ reason }, 0)
  for (const result of planResults) plans.inc({ result }, 0)
  for (const result of postResults) statuses.inc({ result }, 0)

  const countMessages = (all: readonly Message[]) => {
    for (const severity of ['error', 'warning']) {
      messages.set({ severity }, all.filter((message) => message.severity === severity).length)
    }
  }
  countMessages([])

  return {
    registry,
    contentType: registry.contentType,
    syncEnded(result, seconds) {
      syncs.inc({ result })
      syncSeconds.observe(seconds)
    },
    fetchEnded: (result) => fetches.inc({ result }),
    renderEnded(result, seconds) {
      renders.inc({ result })
      renderSeconds.observe(seconds)
    },
    messages: countMessages,
    planned: (result) => plans.inc({ result }),
    pullRequestsOpen: (count) => pulls.set(count),
    generatedCommit: (reason) => commits.inc({ reason }),
    webhook: (event, result) => hooks.inc({ event, result }),
    statusesSent: (result, count) => statuses.inc({ result }, count),
    statusesWaiting: (count) => statusesWaiting.set(count),
    driftSeen: members.driftSeen,
    driftHealed: members.driftHealed,
    applied: members.applied,
    apiRequest: members.apiRequest,
    text(status) {
      members.follow(status.clusters)
      leader.set(status.standby === undefined ? 1 : 0)
      fetched.set(unixTime(status.source.fetchedAt))
      heartbeat.set(unixTime(status.heartbeatAt))
      problems.set({ branch: 'source' }, status.source.problem === '' ? 0 : 1)
      problems.set({ branch: 'generated' }, status.generated.problem === '' ? 0 : 1)
      return registry.metrics()
    },
  }
}
