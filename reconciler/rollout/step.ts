import { failedOf } from '../../render/shipper/failed.ts'
import type { Rollout } from '../../render/shipper/rollout.ts'

/** The step that a release is to go to, or why there is none. */
export type NextStep =
  | { readonly type: 'step'; readonly release: Rollout; readonly step: number; readonly name: string }
  | { readonly type: 'none'; readonly why: string }

/**
 * The step that a person asks for: by name or number, else the one after the last that was achieved. `rollouts` are the
 * releases of one application, oldest first; the newest is the one that is promoted.
 */
export function stepFor(rollouts: readonly Rollout[], wanted: string | undefined): NextStep {
  const release = rollouts.at(-1)
  if (!release) return { type: 'none', why: 'it has no release yet' }
  const failed = failedOf(rollouts)
  if (failed) {
    const why = `${failed.release} has failed: ${failed.reason}; change the template, or take it back with "flotilla abort"`
    return { type: 'none', why }
  }
  const steps = release.environment.strategy?.steps ?? []
  if (release.retreating) return { type: 'none', why: `${release.name} is being given up` }
  if (wanted !== undefined) {
    const named = steps.findIndex(({ name }) => name === wanted)
    const step = named >= 0 ? named : /^\d+$/.test(wanted) ? Number(wanted) : -1
    const found = steps[step]
    if (found) return { type: 'step', release, step, name: found.name }
    const list = steps.map(({ name }, i) => `${i} (${name})`).join(', ')
    return { type: 'none', why: `${release.name} has no step "${wanted}"; its steps are ${list}` }
  }
  const { targetStep, achievedStep } = release
  if (achievedStep !== targetStep) {
    const at = steps[targetStep]?.name ?? ''
    return {
      type: 'none',
      why: `${release.name} has not achieved step ${targetStep} (${at}) yet; wait for it, or name a step to go there all the same`,
    }
  }
  const next = steps[targetStep + 1]
  return next
    ? { type: 'step', release, step: targetStep + 1, name: next.name }
    : { type: 'none', why: `${release.name} is at its last step, ${targetStep} (${steps[targetStep]?.name ?? ''})` }
}
