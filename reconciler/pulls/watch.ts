import { createHash } from 'node:crypto'
import { relevantFacts } from '../cycle/relevant.ts'
import type { State } from '../cycle/state.ts'
import type { Forge } from '../forge/types.ts'
import type { MemberStatus } from '../member/types.ts'
import type { PlanOptions } from '../plan/plan-fleet.ts'
import { createPullPlanner, type PlannerOptions, type PullMetrics, type PullPlanner } from './planner.ts'
import type { InForce } from './types.ts'

/** Where pull requests are, as a daemon is told of it. */
export interface PullSettings {
  /** The forge once it is found; undefined where there is none. Never rejects. */
  readonly found: Promise<Forge | undefined>
}

/** The daemon as the planner sees it. */
export interface WatchedDaemon
  extends Pick<PlannerOptions, 'clock' | 'log'>,
    Omit<PlanOptions, 'trial' | 'tools' | 'reach'> {
  readonly reach: PlanOptions['reach']
  readonly state: State
  readonly statuses: () => readonly MemberStatus[]
  readonly observations: () => Parameters<typeof relevantFacts>[0]
  /** Whether this process may still speak for the fleet. */
  readonly maySpeak: () => boolean
  readonly metrics: Partial<PullMetrics>
}

/** Plans the pull requests of a daemon's fleet from when its forge is found; does nothing where there is none. */
export function watchPulls(settings: PullSettings | undefined, daemon: WatchedDaemon): PullPlanner {
  let planner: PullPlanner | undefined
  let stopped = false
  const found = settings?.found.then((forge) => {
    if (!forge || stopped) return
    planner = plannerOf(forge, daemon)
    planner.look()
  })
  return {
    look: (number) => planner?.look(number),
    async settled() {
      await found
      await planner?.settled()
    },
    async stop() {
      stopped = true
      await planner?.stop()
    },
  }
}

function plannerOf(forge: Forge, daemon: WatchedDaemon): PullPlanner {
  const { state, statuses, observations, maySpeak, metrics } = daemon
  const nothing = () => undefined
  return createPullPlanner({
    ...daemon,
    forge,
    metrics: {
      pullRequestsOpen: metrics.pullRequestsOpen ?? nothing,
      planned: metrics.planned ?? nothing,
    },
    contextPrefix: () => state.source?.fleet.spec.forge.contextPrefix ?? 'flotilla',
    inForce: () => (maySpeak() ? inForce(state, statuses(), observations()) : undefined),
  })
}

function inForce(
  state: State,
  statuses: readonly MemberStatus[],
  observations: Parameters<typeof relevantFacts>[0],
): InForce | undefined {
  const { tips, source, rendered, messages, subjects } = state
  if (!tips || !source || rendered === undefined) return undefined
  const clusters = statuses.map(({ cluster, appliedCommit, kubernetesVersion, pause, objects }) => [
    ...[cluster, appliedCommit, kubernetesVersion, pause],
    objects.filter(({ action, drift, held }) => action === 'failed' || drift || held).map(factsOf),
  ])
  const facts = createHash('sha256').update(JSON.stringify([clusters, relevantFacts(observations, subjects)]))
  return { ...tips, rendered, messages, rules: source.fleet.spec.forge.plan, facts: facts.digest('hex') }
}

function factsOf({ subject, action, drift, held }: MemberStatus['objects'][number]): readonly unknown[] {
  return [subject, action, drift?.reason, drift?.fields, held]
}
