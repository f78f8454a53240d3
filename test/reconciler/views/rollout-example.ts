import type { ReleaseInCluster, RolloutInCluster, RolloutStatus } from '../../../reconciler/server/types.ts'

/** A release with one pod and no traffic, as at Shipper's first step. */
export const releaseInCluster: ReleaseInCluster = {
  installed: true,
  percent: 1,
  replicas: 1,
  availableReplicas: 0,
  weight: 0,
  trafficReady: true,
  message: '',
}

/** The first rollout of an application in the cluster `c1`, with what is different there and in the whole. */
export function rolloutOf(place: Partial<RolloutInCluster>, change: Partial<RolloutStatus> = {}): RolloutStatus {
  return {
    application: 'default/super-server',
    release: 'super-server-71fd5980-0',
    incumbent: undefined,
    chart: 'nginx 0.0.1',
    steps: ['staging', 'full on'],
    targetStep: 0,
    achievedStep: undefined,
    complete: false,
    retreating: false,
    waitsFor: 'capacity',
    clusters: [{ cluster: 'c1', achievedStep: undefined, contender: releaseInCluster, incumbent: undefined, ...place }],
    ...change,
  }
}
