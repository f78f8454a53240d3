import type { FleetSource, Valid } from '../../repo-layout/read/assemble.ts'
import type { ApplicationDocument } from '../../repo-layout/schema/shipper.ts'
import type { FactsOf } from './facts.ts'
import { move } from './move.ts'
import type { Rollout } from './rollout.ts'
import { replicasIn } from './state.ts'

/** More moves than any strategy takes: one percent at a time, up and down, of both releases. */
const mostMoves = 500

/**
 * Has the strategy move on until there is nothing left to move, in clusters that all do what they are told: the states of
 * the releases, `start` first, one a move. By the very rules that move them in earnest.
 */
export function play(
  start: readonly Rollout[],
  application: Valid<ApplicationDocument>,
  source: FleetSource,
): readonly (readonly Rollout[])[] {
  const states = [start]
  for (let now = start; states.length <= mostMoves; ) {
    const { rollouts } = move(now, application, { source, frozen: new Set(), facts: asTold(now), isLeft: () => false })
    if (rollouts.length === now.length && rollouts.every((rollout, i) => rollout === now[i])) break
    states.push(rollouts)
    now = rollouts
  }
  return states
}

/** What clusters say that did all that they were told. */
function asTold(rollouts: readonly Rollout[]): FactsOf {
  const releases = new Map(rollouts.map((rollout) => [rollout.name, rollout]))
  return (name, cluster) => {
    const release = releases.get(name)
    const availableReplicas = release && replicasIn(release, cluster)
    return release && { installed: true, availableReplicas, trafficReady: true, message: '' }
  }
}
