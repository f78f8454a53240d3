import { isSteppingBackwards } from './chain.ts'
import { type ConditionType, strategyState, withCondition } from './conditions.ts'
import type { Step } from './environment.ts'
import {
  clustersOf,
  lacksTraffic,
  missesCapacity,
  notInstalled,
  type Patch,
  type Progress,
  percentIn,
  type ReleaseState,
  type View,
  type Waiting,
  weightIn,
} from './state.ts'

/** A release among its neighbours in the chain. */
export interface Place {
  readonly previous: ReleaseState | undefined
  readonly current: ReleaseState
  readonly successor: ReleaseState | undefined
}

/** One item of a step: achieved before the next is even begun. */
export interface Item {
  readonly type: 'installation' | 'capacity' | 'traffic'
  readonly release: ReleaseState
  readonly value: number
  readonly condition: ConditionType
}

/**
 * The items of a step in Shipper's order. A release that is not the newest has the incumbent's share of its successor's
 * step, once the successor has achieved that; until then there is nothing to do
 * (`shipper 0.10 strategy_executor.go Execute`).
 */
export function pipelineOf({ previous, current, successor }: Place, step: Step, isBackward: boolean): readonly Item[] {
  if (successor) {
    if (successor.achievedStep !== successor.targetStep) return []
    const capacity = item('capacity', current, step.capacity.incumbent, 'Contender')
    const traffic = item('traffic', current, step.traffic.incumbent, 'Contender')
    return isBackward ? [capacity, traffic] : [traffic, capacity]
  }
  const installation = item('installation', current, 0, 'Contender')
  const capacity = item('capacity', current, step.capacity.contender, 'Contender')
  const traffic = item('traffic', current, step.traffic.contender, 'Contender')
  const before = previous
    ? {
        capacity: [item('capacity', previous, step.capacity.incumbent, 'Incumbent')],
        traffic: [item('traffic', previous, step.traffic.incumbent, 'Incumbent')],
      }
    : { capacity: [], traffic: [] }
  return isBackward
    ? [installation, ...before.capacity, ...before.traffic, traffic, capacity]
    : [installation, capacity, traffic, ...before.traffic, ...before.capacity]
}

function item(type: Item['type'], release: ReleaseState, value: number, role: 'Contender' | 'Incumbent'): Item {
  const what = { installation: 'Installation', capacity: 'Capacity', traffic: 'Traffic' }[type]
  return { type, release, value, condition: `${role}Achieved${what}` as ConditionType }
}

/**
 * Moves one release as Shipper does: the first item that is not in place is patched in all clusters of the group, one
 * that is not observed is waited for, and behind it nothing is done.
 */
export function executeLetter(
  place: Place,
  view: View,
  namespace: string,
): { readonly patches: readonly Patch[]; readonly progress: Progress } {
  const { current, successor } = place
  const { steps, targetStep } = successor ?? current
  const unchanged = {
    release: current.name,
    conditions: current.conditions,
    state: undefined,
    waiting: undefined,
    isAchieved: false,
    achievedStep: current.achievedStep,
    complete: current.complete,
    problem: undefined,
  }
  const step = steps[targetStep]
  const id = `${namespace}/${current.name}`
  const last = current.steps.length - 1
  const problem =
    successor && current.targetStep !== last
      ? `Release ${id} target step is inconsistent: unexpected value ${current.targetStep} (expected: ${last})`
      : `no step ${targetStep} in strategy for Release "${id}"`
  if (!step || (successor && current.targetStep !== last)) {
    const message = `failed to execute strategy: ${JSON.stringify(problem)}`
    return { patches: [], progress: { ...unchanged, problem: { reason: 'StrategyExecutionFailed', message } } }
  }
  const items = pipelineOf(place, step, isSteppingBackwards(successor ?? current))
  if (items.length === 0) return { patches: [], progress: unchanged }

  let conditions = current.conditions
  let waiting: Waiting | undefined
  let patches: readonly Patch[] = []
  for (const one of items) {
    const toPatch = misplaced(one, view)
    const clusters = toPatch.length > 0 ? toPatch : unachieved(one, view)
    const isAchieved = clusters.length === 0
    conditions = withCondition(conditions, {
      type: one.condition,
      status: isAchieved ? 'True' : 'False',
      step: targetStep,
      reason: isAchieved ? '' : 'ClustersNotReady',
      message: isAchieved ? '' : notReady(one, clusters),
    })
    if (isAchieved) continue
    waiting = { type: one.type, release: one.release.name, clusters }
    if (one.type !== 'installation' && toPatch.length > 0) {
      patches = [{ type: one.type, release: one.release.name, value: one.value, clusters: toPatch }]
    }
    break
  }
  const isLastStep = targetStep === steps.length - 1
  const isHead = successor === undefined
  const hasIncumbent = isHead && place.previous !== undefined
  const isAchieved = waiting === undefined
  return {
    patches,
    progress: {
      ...unchanged,
      conditions,
      state: strategyState(conditions, { step: targetStep, hasIncumbent, isLastStep, isHead }),
      waiting,
      isAchieved,
      achievedStep: isAchieved ? (isHead ? targetStep : last) : current.achievedStep,
      complete: current.complete || (isAchieved && isLastStep && isHead),
    },
  }
}

function misplaced({ type, release, value }: Item, view: View): readonly string[] {
  if (type === 'installation' || (type === 'traffic' && !view.hasTraffic)) return []
  const inForce = type === 'capacity' ? percentIn : weightIn
  return clustersOf(release, view).filter((cluster) => inForce(release, cluster) !== value)
}

function unachieved({ type, release }: Item, view: View): readonly string[] {
  if (type === 'installation') return notInstalled(release, view)
  return type === 'capacity' ? missesCapacity(release, view) : lacksTraffic(release, view)
}

const targets = { installation: 'it', capacity: 'ct', traffic: 'tt' } as const

function notReady({ type, release }: Item, clusters: readonly string[]): string {
  const list = `[${clusters.join(' ')}]`
  const what =
    type === 'installation'
      ? `clusters pending installation: ${list}`
      : `release "${release.name}" hasn't achieved ${type} in clusters: ${list}`
  return `${what}. for more details try \`kubectl describe ${targets[type]} ${release.name}\``
}
