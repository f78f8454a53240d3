import { errorAt } from '../../repo-layout/document.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { Observations, PromotionObservation } from '../../repo-layout/observations.ts'
import type { FleetSource, Valid } from '../../repo-layout/read/assemble.ts'
import { type Promotion, promotionAnnotations, promotionOf } from '../../repo-layout/schema/promotion.ts'
import type { ApplicationDocument } from '../../repo-layout/schema/shipper.ts'
import { commandOf, withTarget } from './command.ts'
import { type Rollout, releaseKey } from './rollout.ts'

/** What going on by itself depends on. */
export interface PromoteContext {
  readonly source: FleetSource
  readonly observations: Observations
}

/**
 * Has the newest release go to its next step where its Application asks for that: its step stands in every cluster that takes
 * part, has soaked, and the check holds. A Release in the source that names its step keeps it there.
 */
export function promote(
  rollouts: readonly Rollout[],
  stands: boolean,
  application: Valid<ApplicationDocument>,
  context: PromoteContext,
): { readonly rollouts: readonly Rollout[]; readonly messages: readonly Message[] } {
  const { document, value } = application
  const promotion = promotionOf(value.metadata.annotations)
  const { checks } = context.source.fleet.spec.rollouts
  const { check } = promotion
  if (check !== undefined && !checks.some(({ name }) => name === check)) {
    const known = checks.map(({ name }) => name).join(', ') || 'none yet'
    const text = `the Fleet has no check ${JSON.stringify(check)} in spec.rollouts.checks; it has ${known}; nothing goes on by itself`
    const at = ['metadata', 'annotations', promotionAnnotations.check]
    return { rollouts, messages: [errorAt(document, at, 'annotation', text)] }
  }
  const newest = rollouts.at(-1)
  if (!newest || !stands || !mayGoOn(newest, promotion, context)) return { rollouts, messages: [] }
  return { rollouts: withTarget(rollouts, newest, newest.targetStep + 1), messages: [] }
}

function mayGoOn(
  newest: Rollout,
  { isAutomatic, check }: Promotion,
  { source, observations }: PromoteContext,
): boolean {
  const { retreating, achievedStep, targetStep, environment } = newest
  const isLast = targetStep >= (environment.strategy?.steps ?? []).length - 1
  if (!isAutomatic || retreating || isLast || achievedStep !== targetStep) return false
  if (commandOf(newest, source) !== 'none') return false
  const seen = promotionSeen(newest, observations)
  return seen?.soaked === true && (check === undefined || seen.checkHolds === true)
}

/**
 * Why the newest release has failed, what stands in its way first; undefined where it has not, as far as is known. A step that
 * stands has not missed its deadline, whatever the time; where nothing at all is known of its clusters, nothing is said.
 */
export function failureOf(
  newest: Rollout | undefined,
  stands: boolean,
  { value }: Valid<ApplicationDocument>,
  { observations }: PromoteContext,
): string | undefined {
  if (!newest || newest.complete || newest.retreating) return undefined
  const seen = promotionSeen(newest, observations)
  if (seen?.checkFailed !== undefined)
    return `check ${promotionOf(value.metadata.annotations).check}: ${seen.checkFailed}`
  const of = newest.clusters.map((cluster) => [cluster, observations.clusters[cluster]] as const)
  const isKnown = of.some(([, there]) => there?.reachable !== false && there?.releases !== undefined)
  if (!seen?.deadlinePassed || stands || !isKnown) return undefined
  const why = of.flatMap(([cluster, there]) => {
    const message = there?.releases?.[releaseKey(newest)]?.message ?? ''
    return message === '' ? [] : [`${cluster}: ${message}`]
  })
  const { targetStep, achievedStep, environment } = newest
  const time = value.metadata.annotations?.[promotionAnnotations.stepDeadline]
  const step = `step ${targetStep} (${environment.strategy?.steps?.[targetStep]?.name ?? ''})`
  const how = achievedStep === targetStep ? `has not stood for ${time}` : `does not stand within ${time}`
  return [...why, `${step} ${how}`].join('; ')
}

/** What is known of a release at exactly the step that it is to be at. */
function promotionSeen(release: Rollout, { rollouts }: Observations): PromotionObservation | undefined {
  const key = releaseKey(release)
  const seen = rollouts && Object.hasOwn(rollouts, key) ? rollouts[key] : undefined
  return seen?.step === release.targetStep ? seen : undefined
}
