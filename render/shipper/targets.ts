import type { Step } from './environment.ts'
import { percentIn, type ReleaseState, weightIn } from './state.ts'

/** What a release has, or is to have, in a cluster. */
export interface Load {
  readonly percent: number
  readonly weight: number
}

/** What a release is to have in a cluster. */
export type Wanted = (release: ReleaseState, cluster: string) => Load

/** The load in force. */
export function loadIn(release: ReleaseState, cluster: string): Load {
  return { percent: percentIn(release, cluster), weight: weightIn(release, cluster) }
}

/**
 * What the two releases of a step are to have. An incumbent that never was complete is not raised: nobody vouched for it,
 * and a first version that does not work must not hold back the one that repairs it.
 */
export function wantedAt(contender: ReleaseState, step: Step): Wanted {
  return (release, cluster) => {
    if (release.name === contender.name) return { percent: step.capacity.contender, weight: step.traffic.contender }
    const { percent, weight } = { percent: step.capacity.incumbent, weight: step.traffic.incumbent }
    if (release.complete) return { percent, weight }
    const now = loadIn(release, cluster)
    return { percent: Math.min(percent, now.percent), weight: Math.min(weight, now.weight) }
  }
}
