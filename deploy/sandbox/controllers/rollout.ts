import type { Json, JsonObject } from '../../../repo-layout/json.ts'
import { numberOf, objectOf } from '../defaults/fill.ts'

/** How large a ReplicaSet is meant to be, and how much of it serves. */
export interface SetSize {
  readonly replicas: number
  readonly available: number
}

/** The sizes that a Deployment's ReplicaSets get next; `old` in the order in which they were given. */
export interface RolloutPlan {
  readonly current: number
  readonly old: readonly number[]
}

/**
 * The next step of a rollout. A rolling update never has more than `replicas + maxSurge` pods, nor makes fewer than
 * `replicas - maxUnavailable` of them available by its own doing; Recreate lets the old go first.
 */
export function planRollout(spec: JsonObject, current: SetSize, old: readonly SetSize[]): RolloutPlan {
  const wanted = numberOf(spec.replicas, 1)
  const strategy = objectOf(spec.strategy)
  const oldReplicas = sum(old.map(({ replicas }) => replicas))
  if (strategy.type === 'Recreate') {
    const done = oldReplicas === 0 && sum(old.map(({ available }) => available)) === 0
    return { current: done ? wanted : Math.min(current.replicas, wanted), old: old.map(() => 0) }
  }
  const { maxSurge, maxUnavailable } = limits(wanted, objectOf(strategy.rollingUpdate))
  const room = wanted + maxSurge - oldReplicas
  const next = current.replicas > wanted ? wanted : Math.max(current.replicas, Math.min(wanted, room))

  const available = current.available + sum(old.map((set) => set.available))
  // Pods that do not serve can go without making things worse.
  let idle = sum(old.map((set) => set.replicas - Math.min(set.replicas, set.available)))
  let spare = Math.max(0, available - (wanted - maxUnavailable))
  const sizes = old.map((set) => {
    const useless = Math.min(idle, set.replicas - Math.min(set.replicas, set.available))
    idle -= useless
    const served = Math.min(spare, set.replicas - useless)
    spare -= served
    return set.replicas - useless - served
  })
  return { current: next, old: sizes }
}

/** Percentages of the wanted replicas: surge is rounded up, unavailable down, and both are never 0. */
export function limits(
  wanted: number,
  rolling: JsonObject,
): { readonly maxSurge: number; readonly maxUnavailable: number } {
  const maxSurge = share(rolling.maxSurge, wanted, Math.ceil)
  const maxUnavailable = share(rolling.maxUnavailable, wanted, Math.floor)
  return { maxSurge, maxUnavailable: maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable }
}

function share(value: Json | undefined, of: number, round: (value: number) => number): number {
  return typeof value === 'string' ? round((Number.parseFloat(value) * of) / 100) : numberOf(value)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
