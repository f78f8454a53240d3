import { compare } from '../../repo-layout/message.ts'
import type { FleetSource, Valid } from '../../repo-layout/read/assemble.ts'
import { rolloutKey } from '../../repo-layout/read/rollouts.ts'
import { promotionOf } from '../../repo-layout/schema/promotion.ts'
import type { ApplicationDocument } from '../../repo-layout/schema/shipper.ts'
import { type Alike, alikeClusters } from './alike.ts'
import { commandOf, withTarget } from './command.ts'
import { type CourseMove, movesIn } from './course-moves.ts'
import { environmentHash } from './hash.ts'
import { historyLimit } from './history.ts'
import { play } from './play.ts'
import type { Rollout } from './rollout.ts'
import { type SharedChange, type Takeover, takeoversIn } from './takeovers.ts'
import { isTemplateOf, templateOf } from './template.ts'

/** A step of a strategy. */
export interface StepName {
  readonly index: number
  readonly name: string
}

/** The way that a change has the releases of an application go, if all goes well. Plain JSON. */
export interface Course {
  /** `namespace/name`. */
  readonly application: string
  readonly release: string
  /** The release before it. */
  readonly incumbent?: string
  readonly change: 'begins' | 'moves' | 'goesOn' | 'givenUp'
  /** Where the release is. */
  readonly clusters: readonly string[]
  /** The last step that it achieved. */
  readonly from?: StepName
  /** The step that it is to be at; without a meaning where it is given up. */
  readonly to: StepName
  /** In their order: each begins when the one before is seen in all clusters that take part. */
  readonly moves: readonly CourseMove[]
  /** What other content shared objects get on this way, or, where they get none on it, on the steps after it. */
  readonly takeovers: readonly Takeover[]
  /** What comes then: a command, the next step by itself, another release; `end` where nothing does. */
  readonly afterwards: 'command' | 'automatic' | 'release' | 'end'
  /** The step after, where there is one. */
  readonly next?: StepName
  /** How many releases that were complete are kept beside the newest. */
  readonly kept: number
}

/** The ways that a change tells the applications of a fleet to go, sorted; `before` and `after` are lists of releases, one an application. */
export function coursesOf(
  before: readonly (readonly Rollout[])[],
  after: readonly (readonly Rollout[])[],
  source: FleetSource,
): readonly Course[] {
  const keyOf = (rollouts: readonly Rollout[]) => `${rollouts[0]?.namespace}/${rollouts[0]?.application}`
  const was = new Map(before.map((rollouts) => [keyOf(rollouts), rollouts]))
  const documents = new Map(source.rollouts.applications.map((one) => [rolloutKey(one.value.metadata), one]))
  return after
    .flatMap((rollouts) => {
      const application = documents.get(keyOf(rollouts))
      return application ? (courseOf(was.get(keyOf(rollouts)) ?? [], rollouts, application, source) ?? []) : []
    })
    .sort((a, b) => compare(a.application, b.application))
}

/**
 * The way of one application from the releases in force to where a change has them go, played through with facts as they
 * are when all goes well; `after` is what the change makes of them in one turn. Undefined where it tells the newest release
 * nothing new: one that is under way goes on as it would have without it.
 */
function courseOf(
  before: readonly Rollout[],
  after: readonly Rollout[],
  application: Valid<ApplicationDocument>,
  source: FleetSource,
): Course | undefined {
  const newest = after.at(-1)
  const change = newest && changeOf(before, newest)
  if (!newest || !change) return undefined
  const { narrow, widen } = alikeClusters([before, after], source)
  const states = [narrow(before), ...play(narrow(after), application, source)]
  const end = states.at(-1) ?? after
  const steps = newest.environment.strategy?.steps ?? []
  const stepAt = (index: number): StepName => ({ index, name: steps[index]?.name ?? '' })
  const { achievedStep } = before.find(({ name }) => name === newest.name) ?? newest
  const { targetStep } = newest
  const isForward = change !== 'givenUp' && targetStep >= (achievedStep ?? 0)
  const own = takeoversIn(states, targetStep)
  const isLast = targetStep >= steps.length - 1
  const takeovers = own.length > 0 || !isForward ? own : laterTakeovers(end, application, source)
  const incumbent = after.at(-2)?.name
  return {
    application: `${newest.namespace}/${newest.application}`,
    release: newest.name,
    ...(incumbent === undefined ? {} : { incumbent }),
    change,
    clusters: newest.clusters,
    ...(achievedStep === undefined ? {} : { from: stepAt(achievedStep) }),
    to: stepAt(targetStep),
    moves: movesIn(states).map((one) => ({ ...one, clusters: widen(one.clusters) })),
    takeovers: takeovers.map((one) => widened(one, widen)),
    afterwards: whatFollows(after, newest, { change, application, source, isLast }),
    ...(isLast || change === 'givenUp' ? {} : { next: stepAt(targetStep + 1) }),
    kept: historyLimit(application.value.spec.revisionHistoryLimit ?? undefined),
  }
}

function widened(takeover: Takeover, widen: Alike['widen']): Takeover {
  const wide = (change: SharedChange) => ({ ...change, clusters: widen(change.clusters) })
  return { ...takeover, changes: takeover.changes.map(wide), stays: takeover.stays.map(wide) }
}

function changeOf(before: readonly Rollout[], newest: Rollout): Course['change'] | undefined {
  const was = before.find(({ name }) => name === newest.name)
  if (!was) return 'begins'
  // What was the newest is gone, before it had anything: nothing is told to the one before it.
  if (was !== before.at(-1)) return undefined
  if (newest.retreating !== was.retreating) return newest.retreating ? 'givenUp' : 'goesOn'
  return newest.targetStep === was.targetStep ? undefined : 'moves'
}

function whatFollows(
  after: readonly Rollout[],
  newest: Rollout,
  at: {
    readonly change: Course['change']
    readonly application: Valid<ApplicationDocument>
    readonly source: FleetSource
    readonly isLast: boolean
  },
): Course['afterwards'] {
  const { change, source, isLast } = at
  const { value } = at.application
  if (change === 'givenUp') {
    const hash = environmentHash(templateOf(value))
    // What runs on may be of the template already; one that failed is not begun again.
    return after.some((rollout) => isTemplateOf(hash, rollout)) ? 'end' : 'release'
  }
  if (isLast) return 'end'
  const isAlone = commandOf(newest, source) === 'none'
  return isAlone && promotionOf(value.metadata.annotations).isAutomatic ? 'automatic' : 'command'
}

/** The first content that goes over on the steps after those that were played. */
function laterTakeovers(
  end: readonly Rollout[],
  application: Valid<ApplicationDocument>,
  source: FleetSource,
): readonly Takeover[] {
  let now = end
  for (let newest = now.at(-1); newest; newest = now.at(-1)) {
    const step = newest.targetStep + 1
    if (step >= (newest.environment.strategy?.steps ?? []).length) return []
    const states = play(withTarget(now, newest, step), application, source)
    const found = takeoversIn(states, step)
    if (found.length > 0) return found
    now = states.at(-1) ?? now
  }
  return []
}
