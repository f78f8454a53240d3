import { errorAt } from '../../repo-layout/document.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { FleetSource, Valid } from '../../repo-layout/read/assemble.ts'
import { rolloutKey } from '../../repo-layout/read/rollouts.ts'
import type { ApplicationDocument, ReleaseDocument } from '../../repo-layout/schema/shipper.ts'
import { type Rollout, releaseKey } from './rollout.ts'

/**
 * Has the newest release of an application go to the step that a Release in the source says. Without one it is at its first
 * step, but a release that was complete once stays where it is: that its document was tidied away is no command.
 */
export function commandFor(
  _application: Valid<ApplicationDocument>,
  rollouts: readonly Rollout[],
  source: FleetSource,
): { readonly rollouts: readonly Rollout[]; readonly messages: readonly Message[] } {
  const newest = rollouts.at(-1)
  if (!newest) return { rollouts, messages: [] }
  const { held, releases } = source.rollouts
  const key = releaseKey(newest)
  const written = releases.find(({ value }) => rolloutKey(value.metadata) === key)
  const isUnknown = held.nameless || held.releases.has(key) || source.holds.mayHold('Release', [newest.name])
  if (!written) {
    const stays = isUnknown || newest.complete
    return { rollouts: stays ? rollouts : withTarget(rollouts, newest, 0), messages: [] }
  }
  const step = stepOf(written, newest)
  return typeof step === 'number'
    ? { rollouts: withTarget(rollouts, newest, step), messages: [] }
    : { rollouts, messages: [step] }
}

function stepOf({ document, value }: Valid<ReleaseDocument>, rollout: Rollout): number | Message {
  const steps = rollout.environment.strategy?.steps ?? []
  const { targetStep } = value.spec
  const step = typeof targetStep === 'number' ? targetStep : steps.findIndex((one) => one.name === targetStep)
  if (steps[step]) return step
  const known = steps.map((one, i) => `${i} (${one.name})`).join(', ')
  const text = `no step ${JSON.stringify(targetStep)} in strategy for Release "${releaseKey(rollout)}"; its steps are ${known}; the release stays where it is`
  return errorAt(document, ['spec', 'targetStep'], 'schema', text)
}

function withTarget(rollouts: readonly Rollout[], newest: Rollout, targetStep: number): readonly Rollout[] {
  return newest.targetStep === targetStep ? rollouts : [...rollouts.slice(0, -1), { ...newest, targetStep }]
}
