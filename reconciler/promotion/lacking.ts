import { desiredReplicas } from '../../render/shipper/capacity.ts'
import { type Rollout, releaseKey } from '../../render/shipper/rollout.ts'
import { percentIn, totalIn } from '../../render/shipper/state.ts'
import type { Observations } from '../../repo-layout/observations.ts'

/**
 * The clusters where a release is seen to have less than the step that it achieved gives it: fewer available pods, or not the
 * traffic. Where nothing is known of it, or it is still on its way to that step, it lacks nothing. Pure.
 */
export function lackingIn(
  release: Rollout,
  { clusters }: Pick<Observations, 'clusters'>,
  suspended: ReadonlySet<string>,
): readonly string[] {
  return release.clusters.filter((cluster) => {
    const there = clusters[cluster]
    const seen = there?.releases?.[releaseKey(release)]
    if (!seen || there.reachable === false || suspended.has(cluster) || release.achievedIn.has(cluster)) return false
    const wanted = desiredReplicas(totalIn(release, cluster), percentIn(release, cluster))
    return (seen.availableReplicas ?? wanted) < wanted || seen.trafficReady === false
  })
}
