import { warningAt } from '../../repo-layout/document.ts'
import type { Message } from '../../repo-layout/message.ts'
import type { Valid } from '../../repo-layout/read/assemble.ts'
import type { ApplicationDocument } from '../../repo-layout/schema/shipper.ts'
import type { FailedRelease, Rollout } from './rollout.ts'

/** The release that failed with the template as it is now, as the one before it remembers. */
export function failedOf(rollouts: readonly Rollout[]): FailedRelease | undefined {
  return rollouts.find(({ failed }) => failed !== undefined)?.failed
}

/** The releases without the memory of what failed with another template. */
export function forgetOthers(rollouts: readonly Rollout[], template: string): readonly Rollout[] {
  return rollouts.map((one) => (one.failed && one.failed.template !== template ? { ...one, failed: undefined } : one))
}

/**
 * Gives the newest release up because it has failed: the newest complete one before it remembers that, so that it is not
 * begun again. Undefined where there is none to go back to.
 */
export function giveUp(rollouts: readonly Rollout[], template: string, reason: string): readonly Rollout[] | undefined {
  const newest = rollouts.at(-1)
  const incumbent = rollouts.slice(0, -1).findLast(({ complete }) => complete)
  if (!newest || !incumbent) return undefined
  const failed = { release: newest.name, template, reason }
  return rollouts.map((one) => {
    if (one === newest) return { ...one, retreating: true }
    return one === incumbent ? { ...one, failed } : one
  })
}

/** Says at the Application that a release of it has failed, and what runs instead. */
export function failedMessage(
  { document }: Valid<ApplicationDocument>,
  { release, reason }: Pick<FailedRelease, 'release' | 'reason'>,
  goesOn: string,
): Message {
  return warningAt(
    document,
    ['spec', 'template', 'chart'],
    'rollout-failed',
    `release ${release} has failed: ${reason}; ${goesOn}`,
  )
}
