import { type Retreat, retreat } from './retreat.ts'
import {
  type ExecuteOptions,
  type FactsOf,
  holds,
  isIdle,
  type Patch,
  type Progress,
  type ReleaseState,
} from './state.ts'
import { execute } from './strategy.ts'
import { type Walk, walking, walks, withAchieved } from './walks.ts'

/** One turn of all rollouts of an application. */
export interface Advance {
  /** The releases after it: patches made, steps achieved. */
  readonly chain: readonly ReleaseState[]
  readonly patches: readonly Patch[]
  /** How far the releases are that walk, oldest first; empty while there is nobody to walk with the newest. */
  readonly progress: readonly Progress[]
}

/**
 * Advances all releases of an application, oldest first, by at most one move in each cluster. `alive` are the clusters
 * that were not given up on: the others keep what they have. All members for `alive` is lock-step over dead ones too.
 * A new release begins only when what was given up before it is gone from all clusters that are alive. To the letter of
 * Shipper all clusters of the releases walk together, and nothing is ever given up. Asked again with the chain it gave
 * and no new facts, it moves nothing.
 */
export function advance(
  chain: readonly ReleaseState[],
  alive: readonly string[],
  facts: FactsOf,
  options: ExecuteOptions,
): Advance {
  if (options.letter) {
    const all = [...new Set(chain.flatMap(({ clusters }) => clusters))].sort()
    return merge(chain, [], [{ clusters: all, chain, isMain: true }], facts, options)
  }
  const live = walking(chain)
  const retreats = alive.flatMap((cluster) => retreatsIn(chain, cluster, facts, options))
  const retreating = new Set(retreats.map(({ cluster }) => cluster))
  const free = alive.filter((cluster) => !retreating.has(cluster))
  const head = live.at(-1)
  const isHeld = retreats.length > 0 && head !== undefined && !hasBegun(head)
  return merge(chain, retreats, isHeld ? [] : walks(live, free), facts, options)
}

function retreatsIn(
  chain: readonly ReleaseState[],
  cluster: string,
  facts: FactsOf,
  options: ExecuteOptions,
): readonly Retreat[] {
  // The newest first: what it gives back may be given back further.
  const index = chain.findLastIndex((one) => one.isGivenUp && holds(one, cluster))
  const contender = chain[index]
  if (!contender) return []
  const incumbent = chain.slice(0, index).findLast(({ isGivenUp }) => !isGivenUp)
  return [retreat(contender, incumbent, cluster, facts, options)]
}

function hasBegun(release: ReleaseState): boolean {
  return release.achievedStep !== undefined || !isIdle(release)
}

function merge(
  chain: readonly ReleaseState[],
  retreats: readonly Retreat[],
  all: readonly Walk[],
  facts: FactsOf,
  options: ExecuteOptions,
): Advance {
  const done = all.map((walk) => ({ walk, ...execute(walk.chain, walk.clusters, facts, options) }))
  const patches = [...retreats.flatMap((one) => one.patches), ...done.flatMap((one) => one.patches)]
  const after = chain.map((release) => done.reduce((one, { walk, progress }) => settled(one, walk, progress), release))
  const main = done.find(({ walk }) => walk.isMain)
  return { chain: patched(after, patches), patches, progress: main?.progress ?? [] }
}

/** A release after a walk: what is said of it, and the step that it achieved. */
function settled(release: ReleaseState, walk: Walk, progress: readonly Progress[]): ReleaseState {
  const own = progress.find((one) => one.release === release.name)
  const head = walk.chain.at(-1)
  if (!own || !head) return release
  const told = walk.isMain ? { ...release, conditions: own.conditions } : release
  if (!own.isAchieved || own.achievedStep === undefined) return told
  if (release.name !== head.name) return walk.isMain ? { ...told, achievedStep: own.achievedStep } : told
  return withAchieved(told, walk, own.achievedStep, participants(walk.chain))
}

/** The clusters that have a step of the newest release of a chain to take. */
function participants(chain: readonly ReleaseState[]): readonly string[] {
  const taking = chain.slice(-2).flatMap(({ clusters }) => clusters)
  const holding = chain.flatMap((one) => one.clusters.filter((cluster) => holds(one, cluster)))
  return [...new Set([...taking, ...holding])]
}

/** The releases with patches made. */
export function patched(chain: readonly ReleaseState[], patches: readonly Patch[]): readonly ReleaseState[] {
  return chain.map((release) => {
    const own = patches.filter((patch) => patch.release === release.name)
    if (own.length === 0) return release
    const inForce = (type: Patch['type'], now: ReadonlyMap<string, number>) => {
      const loads = own
        .filter((patch) => patch.type === type)
        .flatMap(({ clusters, value }) => clusters.map((cluster) => [cluster, value] as const))
      return new Map([...now, ...loads])
    }
    return {
      ...release,
      percent: inForce('capacity', release.percent),
      weight: inForce('traffic', release.weight),
    }
  })
}
