/** What a release is told to have reached; of the incumbent only while it is the one before the newest. */
export type ConditionType =
  | 'ContenderAchievedCapacity'
  | 'ContenderAchievedInstallation'
  | 'ContenderAchievedTraffic'
  | 'IncumbentAchievedCapacity'
  | 'IncumbentAchievedTraffic'

/** One of the conditions in `status.strategy` of a Release; it counts for its step alone. */
export interface StrategyCondition {
  readonly type: ConditionType
  readonly status: 'True' | 'False' | 'Unknown'
  readonly step: number
  readonly reason: string
  readonly message: string
}

type Answer = 'True' | 'False' | 'Unknown'

/** What a release waits for, as in `status.strategy.state` of a Release. */
export interface StrategyState {
  readonly waitingForInstallation: Answer
  readonly waitingForCapacity: Answer
  readonly waitingForTraffic: Answer
  readonly waitingForCommand: Answer
}

/** Conditions with one of them set, in the order of their types. */
export function withCondition(
  conditions: readonly StrategyCondition[],
  condition: StrategyCondition,
): readonly StrategyCondition[] {
  const others = conditions.filter(({ type }) => type !== condition.type)
  return [...others, condition].sort((a, b) => (a.type < b.type ? -1 : 1))
}

/**
 * What a release waits for by its conditions, those of another step left aside: first what comes first in the order of a
 * step forward. Waits for a command once nothing else is missing, unless it is at its last step or is not the newest
 * (`shipper 0.10 conditions/strategy.go AsReleaseStrategyState`).
 */
export function strategyState(
  conditions: readonly StrategyCondition[],
  at: {
    readonly step: number
    readonly hasIncumbent: boolean
    readonly isLastStep: boolean
    readonly isHead: boolean
  },
): StrategyState {
  const has = (type: ConditionType) =>
    conditions.some((one) => one.type === type && one.step === at.step && one.status === 'True')
  const isInstalled = has('ContenderAchievedInstallation')
  const isUp = isInstalled && has('ContenderAchievedCapacity')
  const serves = isUp && has('ContenderAchievedTraffic')
  const incumbentServes = has('IncumbentAchievedTraffic')
  const incumbentIsUp = has('IncumbentAchievedCapacity')
  const waitsForCapacity = (isInstalled && !isUp) || (at.hasIncumbent && serves && incumbentServes && !incumbentIsUp)
  const waitsForTraffic = (isUp && !serves) || (at.hasIncumbent && serves && !incumbentServes && !incumbentIsUp)
  return stateOf({
    installation: !isInstalled,
    capacity: waitsForCapacity,
    traffic: waitsForTraffic,
    command: at.isHead && !at.isLastStep && isInstalled && !waitsForCapacity && !waitsForTraffic,
  })
}

/** The first thing that a state says is waited for; undefined where it is nothing. */
export function waitedFor(state: StrategyState): 'installation' | 'capacity' | 'traffic' | 'command' | undefined {
  if (state.waitingForInstallation === 'True') return 'installation'
  if (state.waitingForCapacity === 'True') return 'capacity'
  if (state.waitingForTraffic === 'True') return 'traffic'
  return state.waitingForCommand === 'True' ? 'command' : undefined
}

/** A state in which exactly what is named is waited for. */
export function stateOf(waits: {
  readonly installation?: boolean
  readonly capacity?: boolean
  readonly traffic?: boolean
  readonly command?: boolean
}): StrategyState {
  const answer = (waiting = false): Answer => (waiting ? 'True' : 'False')
  return {
    waitingForInstallation: answer(waits.installation),
    waitingForCapacity: answer(waits.capacity),
    waitingForTraffic: answer(waits.traffic),
    waitingForCommand: answer(waits.command),
  }
}
