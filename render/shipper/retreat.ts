import type { Step } from './environment.ts'
import { type Move, nextMove } from './safe.ts'
import { type ExecuteOptions, type FactsOf, holds, type Patch, type ReleaseState } from './state.ts'
import { loadIn, type Wanted } from './targets.ts'

/** How far a release is given up in one cluster. */
export interface Retreat {
  readonly cluster: string
  readonly patches: readonly Patch[]
}

/**
 * Takes a release back in one cluster, for good: the release before it gets the capacity and the traffic of its own last
 * step and is seen to serve before the other loses its traffic, then its capacity. What the older one has is never
 * lowered. Without an older release nothing moves: what serves alone is not taken away. Clusters need not wait for each
 * other. Shipper deletes such a release at once, with the traffic it carries.
 */
export function retreat(
  contender: ReleaseState,
  incumbent: ReleaseState | undefined,
  cluster: string,
  facts: FactsOf,
  options: Pick<ExecuteOptions, 'hasTraffic' | 'surge'>,
): Retreat {
  const isDone = !holds(contender, cluster)
  const move = incumbent && !isDone ? nextRetreat(contender, incumbent, cluster, facts, options) : undefined
  return { cluster, patches: move?.patches ?? [] }
}

function nextRetreat(
  contender: ReleaseState,
  incumbent: ReleaseState,
  cluster: string,
  facts: FactsOf,
  options: Pick<ExecuteOptions, 'hasTraffic' | 'surge'>,
): Move | undefined {
  const own = ownStep(incumbent)
  const wanted: Wanted = (release, of) => {
    if (release.name === contender.name) return { percent: 0, weight: 0 }
    const now = loadIn(release, of)
    return {
      percent: Math.max(now.percent, own?.capacity.contender ?? 0),
      weight: Math.max(now.weight, own?.traffic.contender ?? 0),
    }
  }
  const { hasTraffic, surge } = options
  return nextMove({ contender, incumbent }, wanted, { clusters: new Set([cluster]), facts, hasTraffic, surge })
}

function ownStep({ steps, complete, achievedStep, targetStep }: ReleaseState): Step | undefined {
  return complete ? steps.at(-1) : steps[achievedStep ?? targetStep]
}
