import { subjectPath } from '../../repo-layout/generated/path.ts'
import { subjectOf } from '../../repo-layout/subject.ts'
import { objectsIn } from './manifests.ts'
import type { Rollout } from './rollout.ts'

/**
 * The files that applications which are under way change step by step, as facts come: whatever else is rendered meanwhile,
 * a move may come with it. `applications` are lists of releases, one an application, each oldest first.
 */
export function stepwisePaths(applications: readonly (readonly Rollout[])[]): ReadonlySet<string> {
  const paths = applications
    .filter(isUnderWay)
    .flat()
    .flatMap((rollout) =>
      rollout.clusters.flatMap((cluster) =>
        objectsIn(rollout, cluster).flatMap((object) => subjectPath(cluster, subjectOf(object)) ?? []),
      ),
    )
  return new Set(paths)
}

function isUnderWay(rollouts: readonly Rollout[]): boolean {
  const newest = rollouts.at(-1)
  return newest !== undefined && (newest.retreating || newest.achievedStep !== newest.targetStep)
}
