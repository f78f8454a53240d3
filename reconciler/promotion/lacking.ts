import { type Rollout, releaseKey } from '../../render/shipper/rollout.ts'
import { replicasIn } from '../../render/shipper/state.ts'
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
    const wanted = replicasIn(release, cluster)
    return (seen.availableReplicas ?? wanted) < wanted || seen.trafficReady === false
  })
}

/** When a release began to lack something in a cluster, and when it was there again; in milliseconds since the epoch. */
export interface Lack {
  readonly since: number
  /** Undefined while it lacks it. */
  readonly backAt: number | undefined
}

/**
 * How long what is back must have been there to count within such a time: pods that crash are ready between two crashes. A tenth
 * of it, at most a minute. In milliseconds.
 */
export function respiteIn(time: number): number {
  return Math.min(60_000, time / 10)
}

/**
 * What a release lacks, by cluster, after it was seen to lack something in these now. What was there again for as long as
 * `respite` is forgotten, and begins anew. Pure.
 */
export function lacksNow(
  before: ReadonlyMap<string, Lack>,
  lacking: readonly string[],
  now: number,
  respite: number,
): ReadonlyMap<string, Lack> {
  const known = [...before].filter(([, { backAt }]) => backAt === undefined || now - backAt < respite)
  const after = new Map(known.map(([cluster, { since, backAt = now }]) => [cluster, { since, backAt }] as const))
  return new Map<string, Lack>([
    ...(respite > 0 ? after : []),
    ...lacking.map((cluster) => [cluster, { since: after.get(cluster)?.since ?? now, backAt: undefined }] as const),
  ])
}

/** Since when a release lacks something that it lacks now, at the longest; undefined where it lacks nothing. */
export function lacksSince(lacks: ReadonlyMap<string, Lack>): number | undefined {
  const open = [...lacks.values()].filter(({ backAt }) => backAt === undefined)
  return open.length === 0 ? undefined : Math.min(...open.map(({ since }) => since))
}

/** When everything that it lacked was there again; undefined where it lacked nothing, or lacks something now. */
export function backSince(lacks: ReadonlyMap<string, Lack>): number | undefined {
  const times = [...lacks.values()].map(({ backAt }) => backAt)
  const back = times.filter((at) => at !== undefined)
  return back.length === 0 || back.length < times.length ? undefined : Math.max(...back)
}
