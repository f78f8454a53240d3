import { holds, type ReleaseState } from './state.ts'

/** How many complete releases beside the newest are kept, where an Application does not say. */
export const defaultHistoryLimit = 20

/** `revisionHistoryLimit` as it counts: from 1 to 1000 (`shipper 0.10 application_controller.go`). */
export function historyLimit(given: number | undefined): number {
  return Math.min(1000, Math.max(1, given ?? defaultHistoryLimit))
}

/**
 * The releases that Shipper deletes, oldest first: all but the newest that never were complete, whatever they carry, and
 * of the complete ones all but the last `limit` beside the newest (`shipper 0.10 application_controller.go`).
 */
export function outlived(chain: readonly Pick<ReleaseState, 'name' | 'complete'>[], limit: number): readonly string[] {
  const older = chain.slice(0, -1)
  const kept = new Set(older.filter(({ complete }) => complete).slice(-limit))
  return older.filter((one) => !kept.has(one)).map(({ name }) => name)
}

/**
 * The releases that may be deleted, oldest first: those that Shipper deletes and those that were given up, but none that
 * has capacity or traffic in one of `clusters`, whether it can be reached or not, and never the last there is.
 * `clusters` are the members of the fleet: what is left in one that is no member any more does not count.
 */
export function deletable(
  chain: readonly ReleaseState[],
  limit: number,
  clusters: readonly string[],
): readonly string[] {
  const live = chain.filter(({ isGivenUp }) => !isGivenUp)
  const old = new Set(outlived(live, limit))
  return chain
    .filter(({ name, isGivenUp }) => (isGivenUp && live.length > 0) || old.has(name))
    .filter((release) => !clusters.some((cluster) => holds(release, cluster)))
    .map(({ name }) => name)
}

/**
 * The releases that a newer one overtook before they were complete, while an older one is there to give their traffic
 * back to. Without one they stay: they are all that serves.
 */
export function overtaken(chain: readonly ReleaseState[]): readonly string[] {
  return chain
    .slice(0, -1)
    .filter((release, i) => !release.complete && chain.slice(0, i).some(({ complete }) => complete))
    .map(({ name }) => name)
}
