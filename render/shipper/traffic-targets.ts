/** What one release of an application has in one cluster. */
export interface TrafficShare {
  readonly name: string
  /** Its traffic weight: not a percentage, only its share of the sum over all releases counts. */
  readonly weight: number
  /** All of its pods that count, of that release alone. */
  readonly pods: number
}

/**
 * How many pods of each release are to get traffic, by name of release; names are unique. Computed in doubles, in
 * Shipper's order of operations, so that 14 of 100 over 100 pods are 15 here as there (`shipper 0.10
 * traffic_shifting_status.go calculateReleasePodTarget`).
 */
export function podTargets(releases: readonly TrafficShare[]): ReadonlyMap<string, number> {
  const totalPods = sum(releases.map(({ pods }) => pods))
  const totalWeight = sum(releases.map(({ weight }) => weight))
  return new Map(releases.map(({ name, weight, pods }) => [name, podTarget({ pods, weight, totalPods, totalWeight })]))
}

/** The pods of one release that are to get traffic: its share of all pods of the application, rounded up, of its own. */
export function podTarget(share: {
  readonly pods: number
  readonly weight: number
  readonly totalPods: number
  readonly totalWeight: number
}): number {
  const percent = share.totalWeight === 0 ? 0 : (share.weight / share.totalWeight) * 100
  return Math.min(share.pods, Math.ceil((share.totalPods * percent) / 100))
}

/**
 * The weight that the ready pods of a release amount to, in the unit of the weights (`shipper 0.10
 * traffic_shifting_status.go`).
 */
export function achievedWeight(ready: number, totalPods: number, totalWeight: number): number {
  return totalPods === 0 ? 0 : Math.round((ready / totalPods) * totalWeight)
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0)
}
