import { errorAt } from '../../repo-layout/document.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { FleetSource, Valid } from '../../repo-layout/read/assemble.ts'
import { rolloutKey } from '../../repo-layout/read/rollouts.ts'
import { promotionOf } from '../../repo-layout/schema/promotion.ts'
import type { ApplicationDocument, ReleaseDocument } from '../../repo-layout/schema/shipper.ts'
import { mayBe } from '../suspects.ts'
import { environmentHash } from './hash.ts'
import { type Rollout, releaseKey } from './rollout.ts'
import { environmentOf } from './template.ts'

/**
 * Has the newest release of an application go to the step that a Release in the source says. Without one it is at its first
 * step, but a release that was complete once stays where it is: that its document was tidied away is no command. One that
 * goes on by itself stays where it is, too.
 */
export function commandFor(
  { value }: Valid<ApplicationDocument>,
  rollouts: readonly Rollout[],
  source: FleetSource,
): { readonly rollouts: readonly Rollout[]; readonly messages: readonly Message[] } {
  const newest = rollouts.at(-1)
  if (!newest) return { rollouts, messages: [] }
  const written = commandOf(newest, source)
  if (written === 'none') {
    const isLeft = newest.complete || promotionOf(value.metadata.annotations).isAutomatic
    return { rollouts: isLeft ? rollouts : withTarget(rollouts, newest, 0), messages: [] }
  }
  if (written === 'unknown') return { rollouts, messages: [] }
  const step = stepOf(written, newest)
  return typeof step === 'number'
    ? { rollouts: withTarget(rollouts, newest, step), messages: [] }
    : { rollouts, messages: [step] }
}

/** The Release in the source that commands a release; `unknown` where a document that cannot be read may be it. */
export function commandOf(
  release: Rollout,
  { rollouts: { held, releases }, holds }: FleetSource,
): Valid<ReleaseDocument> | 'none' | 'unknown' {
  const key = releaseKey(release)
  const written = releases.find(({ value }) => rolloutKey(value.metadata) === key)
  if (written) return written
  const isMisspelt = holds.strangers.some((one) => one.name === release.name && mayBe(one, ['Release']))
  const isUnknown = isMisspelt || held.nameless || held.releases.has(key) || holds.mayHold('Release', [release.name])
  return isUnknown ? 'unknown' : 'none'
}

const stays = 'the release stays where it is'

function stepOf(written: Valid<ReleaseDocument>, rollout: Rollout): number | Message {
  const { document, value } = written
  const steps = rollout.environment.strategy?.steps ?? []
  const { targetStep } = value.spec
  if (!isOwnEnvironment(written, rollout)) {
    const text = `this is not the environment of release ${rollout.name}, which never changes; edit the Application's template for another one, or take it out here; ${stays}`
    return errorAt(document, ['spec', 'environment'], 'schema', text)
  }
  const named = steps.flatMap(({ name }, i) => (name === targetStep ? [i] : []))
  const step = typeof targetStep === 'number' ? targetStep : named[0]
  if (step !== undefined && steps[step] && named.length < 2) return step
  const known = steps.map((one, i) => `${i} (${one.name})`).join(', ')
  const what =
    named.length > 1
      ? `${named.length} steps are named ${JSON.stringify(targetStep)}; write the number of the one that is meant`
      : `no step ${JSON.stringify(targetStep)} in strategy for Release "${releaseKey(rollout)}"`
  return errorAt(document, ['spec', 'targetStep'], 'schema', `${what}; its steps are ${known}; ${stays}`)
}

/** Whether a Release says nothing of an environment, or exactly that of the release (`shipper 0.10 webhook.go`). */
function isOwnEnvironment({ value: { spec } }: Valid<ReleaseDocument>, { hash }: Rollout): boolean {
  return spec.environment == null || environmentHash(environmentOf(spec.environment)) === hash
}

/** The releases with another step to go to for the newest of them. */
export function withTarget(rollouts: readonly Rollout[], newest: Rollout, targetStep: number): readonly Rollout[] {
  return newest.targetStep === targetStep ? rollouts : [...rollouts.slice(0, -1), { ...newest, targetStep }]
}
