/** What one release of an application has in one cluster; counts are pods of that release alone. */
export interface TrafficShare {
  readonly name: string
  /** Its traffic weight: not a percentage, only its share of the sum over all releases counts. */
  readonly weight: number
  /** All of its pods, in any phase. */
  readonly pods: number
  /** Those labelled to get traffic. */
  readonly labelled: number
  /** Those that are ready addresses of the production Service. */
  readonly ready: number
}

/** How far one release is from the traffic that its weight asks for, in pods. */
export interface ShiftingStatus {
  readonly name: string
  /** How many of its pods are to get traffic. */
  readonly podTarget: number
  /** Exactly that many do: more is as little ready as fewer. */
  readonly isReady: boolean
  /** The weight that the ready pods amount to, in the unit of the wanted one. */
  readonly achievedWeight: number
  /** How many more pods to label, at most those that are there; 0 when ready. */
  readonly toEnable: number
  /** How many pods to take the label from; 0 when ready. */
  readonly toDisable: number
}

/**
 * Turns the weights of all releases of an application in one cluster into pod counts and says how far each is, in the
 * order given. `extraPods` are pods of the application that belong to none of these releases: they count for the whole.
 * The targets may add up to more than the pods there are, and small fleets distort weights
 * (`shipper 0.10 traffic_shifting_status.go`).
 */
export function shiftingStatus(releases: readonly TrafficShare[], extraPods = 0): readonly ShiftingStatus[] {
  const targets = podTargets(releases, extraPods)
  const totalPods = sum(releases.map(({ pods }) => pods)) + extraPods
  const totalWeight = sum(releases.map(({ weight }) => weight))
  return releases.map(({ name, pods, labelled, ready }) => {
    const podTarget = targets.get(name) ?? 0
    const isReady = ready === podTarget
    return {
      name,
      podTarget,
      isReady,
      achievedWeight: totalPods === 0 ? 0 : Math.round((ready / totalPods) * totalWeight),
      toEnable: isReady ? 0 : Math.min(pods - labelled, Math.max(0, podTarget - labelled)),
      toDisable: isReady ? 0 : Math.max(0, labelled - podTarget),
    }
  })
}

/**
 * How many pods of each release are to get traffic, by name of release; names are unique. Computed in doubles, in
 * Shipper's order of operations, so that 14 of 100 over 100 pods are 15 here as there (`shipper 0.10
 * traffic_shifting_status.go calculateReleasePodTarget`).
 */
export function podTargets(
  releases: readonly Pick<TrafficShare, 'name' | 'weight' | 'pods'>[],
  extraPods = 0,
): ReadonlyMap<string, number> {
  const totalPods = sum(releases.map(({ pods }) => pods)) + extraPods
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

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0)
}
