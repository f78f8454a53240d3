import { parseSteps, type RecordedSteps, recordPath } from '../../render/shipper/record.ts'
import type { Rollout } from '../../render/shipper/rollout.ts'
import type { Repository } from '../git/types.ts'
import { recordSince } from '../rollout/record-since.ts'

/**
 * Since when a release of the tree of `tip` stands at its target step, or goes there, in milliseconds since the epoch: the time of
 * the commit of the generated branch that said so first. It does not depend on this process. Rejects as `log` does.
 */
export async function stepSince(
  repository: Pick<Repository, 'log' | 'list' | 'read'>,
  tip: string,
  release: Rollout,
): Promise<number> {
  const phase = phaseOf(release)
  const first = await recordSince(repository, tip, recordPath(release), (text) => {
    const steps = parseSteps(text)
    return steps !== undefined && phaseOf(steps) === phase
  })
  return first === undefined ? 0 : first.author.time * 1000
}

/** What stays the same for as long as a release stands at a step, or is on its way to it. */
export function phaseOf({ targetStep, achievedStep }: RecordedSteps): string {
  return `${targetStep} ${achievedStep === targetStep ? 'stands' : 'moves'}`
}
