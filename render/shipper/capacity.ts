/**
 * The replicas of a release in one cluster at a percentage of `total`, rounded up: 1 % of anything is a pod
 * (`shipper 0.10 replicas.go`).
 */
export function desiredReplicas(total: number, percent: number): number {
  return Math.ceil((total * percent) / 100)
}

/** The percentage of `total` that is available, rounded up; 0 where the release wants no replicas at all. */
export function achievedPercent(total: number, available: number): number {
  return total === 0 ? 0 : Math.ceil((available / total) * 100)
}

/**
 * Whether a release has the capacity wanted of it: exactly that many replicas are available, since more are still to go
 * (`shipper 0.10 capacity_controller.go`). Unknown is not achieved.
 */
export function hasCapacity(total: number, percent: number, available: number | undefined): boolean {
  return available === desiredReplicas(total, percent)
}
