import { errorAt } from '../../repo-layout/document.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { FleetSource, Valid } from '../../repo-layout/read/assemble.ts'
import type { ApplicationDocument } from '../../repo-layout/schema/shipper.ts'
import { advance } from './advance.ts'
import { externalClusters } from './external.ts'
import type { FactsOf } from './facts.ts'
import { deletable, historyLimit, outlived } from './history.ts'
import type { Rollout } from './rollout.ts'
import { type Progress, type ReleaseState, type SurgeOf, weightIn } from './state.ts'
import { surgePercent } from './surge.ts'
import { membersOf, takingPart, waitsForAll } from './taking-part.ts'

/** What a move of an application depends on, beside its releases. */
export interface MoveContext {
  readonly source: FleetSource
  /** Clusters whose folder stays as it is. */
  readonly frozen: ReadonlySet<string>
  readonly facts: FactsOf
  /** Whether a frozen cluster has a release in its folder still. */
  readonly isLeft: (release: Rollout) => boolean
}

/** The releases after a move. */
export interface Moved {
  readonly rollouts: readonly Rollout[]
  readonly messages: readonly Message[]
  /** Whether the newest is seen to stand at its target step in every cluster that takes part. */
  readonly stands: boolean
}

/**
 * Has the strategy make its next move for the releases of an application, oldest first: at most one, in all clusters that are
 * not given up on. Releases that history has no room for go.
 */
export function move(
  rollouts: readonly Rollout[],
  application: Valid<ApplicationDocument>,
  { source, frozen, facts: known, isLeft }: MoveContext,
): Moved {
  const newest = rollouts.at(-1)
  if (!newest) return { rollouts, messages: [], stands: false }
  const letter = source.fleet.spec.rollouts.rules === 'Shipper'
  const takesPart = takingPart(source, frozen)
  const clusters = [...new Set(rollouts.flatMap((rollout) => rollout.clusters))].filter((name) => takesPart.has(name))
  const facts = whereServed(rollouts, known)
  const { chain, patches, progress } = advance(rollouts.map(stateOf), clusters, facts, {
    letter,
    hasTraffic: rollouts.some(({ service }) => service !== undefined),
    namespace: newest.namespace,
    surge: surgesOf(application, newest),
  })
  const shifted = new Set(patches.flatMap((patch) => (patch.type === 'traffic' ? patch.clusters : [])))
  const moved = rollouts.map((rollout, i): Rollout => {
    const after = chain[i]
    const own = progress.find(({ release }) => release === rollout.name)
    if (!after) return rollout
    const { achievedStep, achievedIn, complete, percent, weight } = after
    const isNoNews = isSettled(rollout, after) || isSameState(own?.state, rollout.state)
    const isQuiet = own && patches.length === 0 && (isUnknown(own, facts) || (!letter && isNoNews))
    const { conditions, state } = isQuiet && isToldOfStep(rollout) ? rollout : told(rollout, after, own, letter)
    return unlessSame(rollout, { ...rollout, achievedStep, achievedIn, complete, percent, weight, conditions, state })
  })
  const messages = [
    ...externalClusters(application, newest, source, waitsForAll(source)),
    ...progress.flatMap(({ problem }) =>
      problem ? [errorAt(application.document, ['spec', 'template', 'strategy'], 'schema', problem.message)] : [],
    ),
  ]
  const limit = historyLimit(application.value.spec.revisionHistoryLimit ?? undefined)
  const members = [...membersOf(source, frozen)]
  const states = moved.map(stateOf)
  const gone = new Set(letter ? outlived(states, limit) : deletable(states, limit, members))
  const live = moved.filter((one) => !gone.has(one.name) || (!letter && isLeft(one)))
  const stands = progress.find(({ release }) => release === newest.name)?.isAchieved === true
  return { rollouts: select(live, new Set(clusters), shifted, facts), messages, stands }
}

/**
 * The facts, where a cluster has a Service of any release. A version that has none any more is waited for behind that of the
 * version before it; where there is none at all, no traffic can be waited for.
 */
function whereServed(rollouts: readonly Rollout[], facts: FactsOf): FactsOf {
  const served = new Set(rollouts.flatMap(({ service, clusters }) => (service === undefined ? [] : clusters)))
  return (release, cluster) => {
    const seen = facts(release, cluster)
    return seen && !served.has(cluster) ? { ...seen, trafficReady: true } : seen
  }
}

/** What is waited for is not known: then what was said of the release still holds. */
function isUnknown({ waiting }: Progress, facts: FactsOf): boolean {
  return waiting?.clusters.some((cluster) => facts(waiting.release, cluster) === undefined) ?? false
}

/** Where it was told to be, and nothing to do: whether its pods come and go is told by the daemon's status. */
function isSettled({ achievedStep, targetStep }: Rollout, after: ReleaseState): boolean {
  return achievedStep === targetStep && after.achievedStep === targetStep
}

/** It waits for what it waited for before: a commit for each cluster that gets there would say nothing to anybody. */
function isSameState(now: Progress['state'], before: Rollout['state']): boolean {
  return JSON.stringify(now) === JSON.stringify(before)
}

/** Whether what is said of a release is about the step that it is to be at. */
function isToldOfStep({ state, conditions, targetStep }: Rollout): boolean {
  return state !== undefined && conditions.length > 0 && conditions.every(({ step }) => step === targetStep)
}

function told(
  rollout: Rollout,
  after: ReleaseState,
  own: Progress | undefined,
  letter: boolean,
): Pick<Rollout, 'conditions' | 'state'> {
  // What is seen at the moment is told by the daemon's status; in Git it would be a commit for each pod that starts.
  const conditions = letter ? after.conditions : after.conditions.map((one) => ({ ...one, message: '' }))
  return { conditions, state: own?.state ?? rollout.state }
}

/**
 * The limit of both releases together in each cluster, as the Application says it now: how fast to go is no part of what a
 * release is. As much as a whole release beside the other is no limit.
 */
function surgesOf({ value }: Valid<ApplicationDocument>, { totalReplicas }: Rollout): SurgeOf {
  const maxSurge = value.spec.template.strategy.rollingUpdate?.maxSurge
  const limits = new Map([...totalReplicas].map(([cluster, total]) => [cluster, surgePercent(maxSurge, total)]))
  return (cluster) => {
    const limit = limits.get(cluster) ?? 100
    return limit < 100 ? limit : undefined
  }
}

/** A release as the rules of the strategy take it. */
function stateOf(rollout: Rollout): ReleaseState {
  const { retreating, environment } = rollout
  return { ...rollout, steps: environment.strategy?.steps ?? [], isGivenUp: retreating }
}

/**
 * In each cluster, has the Service select the one release that holds all traffic, once that is seen: pods that restart then
 * keep their traffic with nobody there to label them. While weights are mixed, or move, it selects labelled pods.
 */
function select(
  rollouts: readonly Rollout[],
  clusters: ReadonlySet<string>,
  shifted: ReadonlySet<string>,
  facts: FactsOf,
): readonly Rollout[] {
  const holders = new Map<string, string | undefined>()
  for (const cluster of clusters) {
    const there = rollouts.filter((rollout) => rollout.clusters.includes(cluster))
    const [holder, ...more] = there.filter((one) => weightIn(one, cluster) > 0)
    const isAlone = holder !== undefined && more.length === 0
    const isSeen = !shifted.has(cluster) && there.every(({ name }) => facts(name, cluster)?.trafficReady === true)
    const was = there.find(({ selectedIn }) => selectedIn.has(cluster))
    if (isAlone && (isSeen || was === holder)) holders.set(cluster, holder.name)
    else holders.set(cluster, undefined)
  }
  return rollouts.map((rollout) => {
    const selectedIn = new Set(
      rollout.clusters.filter((cluster) =>
        holders.has(cluster) ? holders.get(cluster) === rollout.name : rollout.selectedIn.has(cluster),
      ),
    )
    return unlessSame(rollout, { ...rollout, selectedIn })
  })
}

/** The release before where nothing about it changed: what did not change is not written anew. */
function unlessSame(before: Rollout, after: Rollout): Rollout {
  return textOf(before) === textOf(after) ? before : after
}

function textOf({
  achievedStep,
  achievedIn,
  complete,
  conditions,
  state,
  percent,
  weight,
  selectedIn,
  targetStep,
}: Rollout): string {
  return JSON.stringify([
    ...[achievedStep ?? null, complete, targetStep, conditions, state ?? null],
    ...[[...percent].sort(), [...weight].sort(), [...selectedIn].sort(), [...achievedIn].sort()],
  ])
}
