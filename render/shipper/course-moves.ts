import { groupBy } from '../../repo-layout/group.ts'
import type { Rollout } from './rollout.ts'

/** What one release gets or gives of capacity (percent) or traffic (weight), in all clusters that get there from the same value. */
export interface CourseMove {
  readonly type: 'capacity' | 'traffic'
  readonly release: string
  readonly from: number
  readonly to: number
  readonly clusters: readonly string[]
  /** In how many moves, where it is more than one. */
  readonly moves: number
}

/** What changes from the first state to the last, in the order in which it begins to. */
export function movesIn(states: readonly (readonly Rollout[])[]): readonly CourseMove[] {
  const tracks = new Map<string, Track>()
  for (const [i, now] of states.entries())
    for (const [release, was, is] of i === 0 ? [] : pairs(states[i - 1] ?? [], now))
      for (const [type, key] of loads) {
        const name = `${type} ${release}`
        const track = tracks.get(name) ?? { type, release, values: new Map() }
        for (const cluster of new Set([...(was?.[key].keys() ?? []), ...(is?.[key].keys() ?? [])])) {
          const [from, to] = [was?.[key].get(cluster) ?? 0, is?.[key].get(cluster) ?? 0]
          if (from === to) continue
          const known = track.values.get(cluster)
          track.values.set(cluster, { from: known?.from ?? from, to, moves: (known?.moves ?? 0) + 1 })
          tracks.set(name, track)
        }
      }
  return [...tracks.values()].flatMap(groupsOf)
}

/** What one release has of something, by cluster, from its first value to its last. */
interface Track {
  readonly type: CourseMove['type']
  readonly release: string
  readonly values: Map<string, { readonly from: number; readonly to: number; readonly moves: number }>
}

const loads = [
  ['capacity', 'percent'],
  ['traffic', 'weight'],
] as const

/** Each release of two states; one that goes loses what it had. */
function pairs(
  before: readonly Rollout[],
  now: readonly Rollout[],
): readonly (readonly [name: string, was: Rollout | undefined, is: Rollout | undefined])[] {
  const old = new Map(before.map((rollout) => [rollout.name, rollout]))
  const kept = new Set(now.map(({ name }) => name))
  const gone = before.filter(({ name }) => !kept.has(name))
  return [
    ...now.map((rollout) => [rollout.name, old.get(rollout.name), rollout] as const),
    ...gone.map((rollout) => [rollout.name, rollout, undefined] as const),
  ]
}

function groupsOf({ type, release, values }: Track): readonly CourseMove[] {
  const moved = [...values].filter(([, { from, to }]) => from !== to)
  return [...groupBy(moved, ([, { from, to, moves }]) => `${from} ${to} ${moves}`).values()].flatMap((group) => {
    const [[, value] = []] = group
    return value ? [{ type, release, ...value, clusters: group.map(([cluster]) => cluster) }] : []
  })
}
