import { compare } from '../../repo-layout/message.ts'
import { fnv1 } from '../fnv.ts'

/** What a ReplicaSchedulingPreference says about one cluster; counts are replicas. */
export interface ClusterPreference {
  readonly minReplicas: number
  /** Undefined is unbounded. */
  readonly maxReplicas: number | undefined
  readonly weight: number
}

/** What is to be divided, and how. */
export interface PlanInput {
  readonly totalReplicas: number
  /** False keeps replicas where they run. */
  readonly rebalance: boolean
  /** By cluster name; `*` stands for every cluster that is not named. */
  readonly preferences: Readonly<Record<string, ClusterPreference>>
  readonly clusters: readonly string[]
  /** Replicas that run now, by cluster; a missing entry is a cluster without the object. */
  readonly current: ReadonlyMap<string, number>
  /** Most replicas that a cluster can hold; a missing entry is no limit. */
  readonly capacity: ReadonlyMap<string, number>
  /** `<namespace>/<name>` of the workload: it breaks ties, so that not all workloads favour one cluster. */
  readonly key: string
}

/** Replicas by cluster: what each cluster shall hold, and what its preference would have given above its capacity. */
export interface Plan {
  readonly replicas: ReadonlyMap<string, number>
  readonly overflow: ReadonlyMap<string, number>
}

interface Slot {
  readonly name: string
  readonly preference: ClusterPreference
  readonly capacity: number
  plan: number
  /** Replicas given ahead of the division because they run there already. */
  prealloc: number
  overflow: number
}

/**
 * Divides replicas over clusters with the arithmetic of `kubefed v0.10 planner.go`, step by step: minimums first, then
 * (without `rebalance`) what runs already, then the rest by weight in rounds until all is placed or nothing moves.
 * Clusters without a preference get 0. The sum can be below `totalReplicas` (all clusters full or weightless), and with
 * `rebalance` above it once overflow is added.
 */
export function planReplicas(input: PlanInput): Plan {
  const slots = orderedSlots(input)
  let remaining = input.totalReplicas

  for (const slot of slots) {
    slot.plan = Math.min(slot.preference.minReplicas, remaining, slot.capacity)
    remaining -= slot.plan
  }
  if (!input.rebalance) {
    for (const slot of slots) {
      const current = input.current.get(slot.name) ?? 0
      if (current <= slot.plan) continue
      const target = Math.min(current, most(slot), slot.capacity)
      const extra = Math.max(0, Math.min(target - slot.plan, remaining))
      remaining -= extra
      slot.prealloc = extra
      slot.plan += extra
    }
  }
  remaining = divideByWeight(slots, remaining)

  const replicas = new Map(input.clusters.map((name) => [name, 0]))
  const overflow = new Map<string, number>()
  for (const slot of slots) {
    replicas.set(slot.name, slot.plan)
    const above = input.rebalance ? slot.overflow : Math.min(slot.overflow, remaining)
    if (above > 0) overflow.set(slot.name, above)
  }
  return { replicas, overflow }
}

function orderedSlots({ clusters, preferences, capacity, key }: PlanInput): Slot[] {
  const slots = clusters.flatMap((name): Slot[] => {
    const preference = Object.hasOwn(preferences, name) ? preferences[name] : preferences['*']
    if (!preference) return []
    const limit = capacity.get(name) ?? Number.POSITIVE_INFINITY
    return [{ name, preference, capacity: limit, plan: 0, prealloc: 0, overflow: 0 }]
  })
  const hashes = new Map(slots.map(({ name }) => [name, fnv1(name + key)]))
  const hash = ({ name }: Slot) => hashes.get(name) ?? 0
  return slots.sort((a, b) => b.preference.weight - a.preference.weight || hash(a) - hash(b) || compare(a.name, b.name))
}

function most(slot: Slot): number {
  return slot.preference.maxReplicas ?? Number.POSITIVE_INFINITY
}

/** Rounds over the clusters that are not full; returns what could not be placed. */
function divideByWeight(slots: readonly Slot[], total: number): number {
  let remaining = total
  let active = slots
  let modified = true
  while (modified && remaining > 0) {
    modified = false
    const weights = active.reduce((sum, slot) => sum + slot.preference.weight, 0)
    if (weights === 0) break
    const toDivide = remaining
    const open: Slot[] = []
    for (const slot of active) {
      const start = slot.plan
      let extra = Math.min(ceilShare(toDivide, slot.preference.weight, weights), remaining)
      const used = Math.min(extra, slot.prealloc)
      slot.prealloc -= used
      extra -= used
      if (used > 0) modified = true
      const wanted = start + extra
      const bounded = Math.min(wanted, most(slot))
      const kept = Math.min(bounded, slot.capacity)
      slot.overflow += bounded > slot.capacity ? bounded - slot.capacity : 0
      if (wanted <= most(slot) && bounded <= slot.capacity) open.push(slot)
      remaining -= kept - start
      if (kept > start) modified = true
      slot.plan = kept
    }
    active = open
  }
  return remaining
}

/** `ceil(total × weight / weights)` exactly, also where the product leaves the safe integers. */
function ceilShare(total: number, weight: number, weights: number): number {
  const product = total * weight
  if (Number.isSafeInteger(product)) return Math.floor((product + weights - 1) / weights)
  return Number((BigInt(total) * BigInt(weight) + BigInt(weights) - 1n) / BigInt(weights))
}
