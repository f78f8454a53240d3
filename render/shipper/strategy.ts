import { isSteppingBackwards } from './chain.ts'
import { type ConditionType, type StrategyCondition, stateOf } from './conditions.ts'
import type { Step } from './environment.ts'
import { executeLetter, type Place } from './letter.ts'
import { after, type Move, nextLowering, nextMove, type Pair, waitToServe } from './safe.ts'
import {
  clustersOf,
  type ExecuteOptions,
  type FactsOf,
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
import { pacedTo } from './surge.ts'
import { loadIn, type Wanted, wantedAt } from './targets.ts'
import { waitingText } from './waiting.ts'

/** What is to be changed now, and how far each release of the chain is, in its order. */
export interface Execution {
  readonly patches: readonly Patch[]
  readonly progress: readonly Progress[]
}

/**
 * Moves the releases of one application, oldest first, towards the target step of the newest, in a group of clusters in
 * lock-step: at most one move, of one release, which has to be observed before the next. Nothing moves where facts are
 * missing. Asked again with the same facts it answers the same; asked with the patches made and no new facts, it waits.
 */
export function execute(
  chain: readonly ReleaseState[],
  clusters: readonly string[],
  facts: FactsOf,
  options: ExecuteOptions,
): Execution {
  const view: View = { clusters: new Set(clusters), facts, hasTraffic: options.hasTraffic, surge: options.surge }
  const progress: Progress[] = []
  let patches: readonly Patch[] = []
  for (const i of chain.keys()) {
    const at = chain.length - 1 - i
    const current = chain[at]
    if (!current) continue
    const place = { previous: chain[at - 1], current, successor: chain[at + 1] }
    const one = options.letter ? executeLetter(place, view, options.namespace) : executeSafe(chain, place, view)
    // Whatever newer releases are to do comes first.
    if (patches.length === 0) patches = one.patches
    progress.unshift(one.progress)
  }
  return { patches, progress }
}

interface Executed {
  readonly patches: readonly Patch[]
  readonly progress: Progress
}

function executeSafe(chain: readonly ReleaseState[], { previous, current, successor }: Place, view: View): Executed {
  if (!successor) return executeHead({ contender: current, incumbent: previous }, view)
  const newer = chain.slice(chain.indexOf(successor))
  const move = newer.length > 1 ? moveOlder(current, newer, view) : undefined
  const { name, conditions, achievedStep, complete } = current
  const progress = { release: name, conditions, achievedStep, complete, state: undefined, problem: undefined }
  return { patches: move?.patches ?? [], progress: { ...progress, waiting: move?.waiting, isAchieved: !move } }
}

function executeHead(pair: Pair, view: View): Executed {
  const { contender } = pair
  const { name, steps, targetStep, achievedStep, complete } = contender
  const step = steps[targetStep]
  if (!step) {
    const range = steps.length > 0 ? `write 0 to ${steps.length - 1}` : 'give it at least one'
    const message = `targetStep ${targetStep} of release ${name} is none of the ${steps.length} steps of its strategy; ${range}`
    const problem = { reason: 'StrategyExecutionFailed', message } as const
    const { conditions } = contender
    const unchanged = { release: name, conditions, state: undefined, waiting: undefined, achievedStep, complete }
    return { patches: [], progress: { ...unchanged, isAchieved: false, problem } }
  }
  const wanted = wantedAt(contender, step)
  const move = nextMove(pair, pacedTo(step, pair, view), view)
  const checks = checksOf(pair, wanted, view, isSteppingBackwards(contender))
  const open = checks.find(({ clusters }) => clusters.length > 0)
  const waiting = move?.waiting ?? (open && { type: open.type, release: open.release.name, clusters: open.clusters })
  const isLastStep = targetStep === steps.length - 1
  return {
    patches: move?.patches ?? [],
    progress: {
      release: name,
      conditions: conditionsOf(checks, waiting, targetStep, view),
      state: stateOf(waiting ? { [waiting.type]: true } : { command: !isLastStep }),
      waiting,
      isAchieved: !waiting,
      achievedStep: waiting ? achievedStep : targetStep,
      complete: complete || (!waiting && isLastStep),
      problem: undefined,
    },
  }
}

/** One thing that a step has to reach, and where it has not. */
interface Check {
  readonly type: Waiting['type']
  readonly release: ReleaseState
  readonly condition: ConditionType
  readonly clusters: readonly string[]
}

/** All that has to hold for a step to be achieved, exactly, in Shipper's order. */
function checksOf({ contender, incumbent }: Pair, wanted: Wanted, view: View, isBackward: boolean): readonly Check[] {
  const installation: Check = {
    type: 'installation',
    release: contender,
    condition: 'ContenderAchievedInstallation',
    clusters: notInstalled(contender, view),
  }
  const checksFor = (release: ReleaseState, role: 'Contender' | 'Incumbent'): readonly Check[] => {
    const off = (key: 'percent' | 'weight') =>
      clustersOf(release, view).filter((cluster) => loadIn(release, cluster)[key] !== wanted(release, cluster)[key])
    const misses = (of: readonly string[], observed: readonly string[]) => [...new Set([...of, ...observed])].sort()
    return [
      {
        type: 'capacity',
        release,
        condition: `${role}AchievedCapacity`,
        clusters: misses(off('percent'), missesCapacity(release, view)),
      },
      {
        type: 'traffic',
        release,
        condition: `${role}AchievedTraffic`,
        clusters: view.hasTraffic ? misses(off('weight'), lacksTraffic(release, view)) : [],
      },
    ]
  }
  const up = checksFor(contender, 'Contender')
  const before = incumbent && isReliedOn(incumbent, view) ? checksFor(incumbent, 'Incumbent') : []
  return isBackward ? [installation, ...before, ...up.toReversed()] : [installation, ...up, ...before.toReversed()]
}

/** A version that was never complete and gets no traffic is in nobody's way, whatever state it is in. */
function isReliedOn(release: ReleaseState, view: View): boolean {
  return release.complete || clustersOf(release, view).some((cluster) => weightIn(release, cluster) > 0)
}

/** What is true now, and what is waited for; of the rest nothing can be said yet. */
function conditionsOf(
  checks: readonly Check[],
  waiting: Waiting | undefined,
  step: number,
  view: View,
): readonly StrategyCondition[] {
  return checks
    .flatMap(({ type, release, condition, clusters }): StrategyCondition[] => {
      if (clusters.length === 0) return [{ type: condition, status: 'True', step, reason: '', message: '' }]
      if (waiting?.type !== type || waiting.release !== release.name) return []
      const message = waitingText(waiting, release, view.facts)
      return [{ type: condition, status: 'False', step, reason: 'ClustersNotReady', message }]
    })
    .sort((a, b) => (a.type < b.type ? -1 : 1))
}

/**
 * A release before the incumbent has what the last step of its successor leaves to incumbents, normally nothing. It is
 * never raised, and gives traffic away only to newer releases that are seen to serve in all clusters of the group.
 */
function moveOlder(release: ReleaseState, newer: readonly ReleaseState[], view: View): Move | undefined {
  const step = stepForOlder(newer)
  if (!step) return undefined
  const wanted: Wanted = (of, cluster) => {
    const now = loadIn(of, cluster)
    if (of.name !== release.name) return now
    return {
      percent: Math.min(now.percent, step.capacity.incumbent),
      weight: Math.min(now.weight, step.traffic.incumbent),
    }
  }
  const inUse = view.hasTraffic ? weightIn : percentIn
  const isUsed = (one: ReleaseState) => clustersOf(one, view).some((cluster) => inUse(one, cluster) > 0)
  const serving = newer.filter(isUsed)
  if (serving.length === 0 && isUsed(release)) return undefined
  const move = nextLowering(release, wanted, view)
  return after(move, () => serving.map((one) => waitToServe(one, wanted, view)).find((wait) => wait !== undefined))
}

/**
 * The step whose incumbent's share a release before the incumbent gets: the last of its successor or of the newest,
 * whichever was left there. Undefined = it keeps what it has, for one of them was taken back and shares with it.
 */
function stepForOlder(newer: readonly ReleaseState[]): Step | undefined {
  return [newer[0], newer.at(-1)].find((one) => one && isAtLastStep(one))?.steps.at(-1)
}

function isAtLastStep({ complete, achievedStep, targetStep, steps }: ReleaseState): boolean {
  return complete && achievedStep === targetStep && targetStep === steps.length - 1
}
