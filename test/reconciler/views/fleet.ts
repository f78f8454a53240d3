import type { Drift, MemberStatus, ObjectStatus, Sync } from '../../../reconciler/member/types.ts'
import type { ClusterStatus, DiffReport, FleetStatus } from '../../../reconciler/server/types.ts'

/** The moment at which the views of these tests are drawn. */
export const now = Date.parse('2026-11-24T14:02:00.000Z')

/** An ISO time so many seconds before `now`. */
export function ago(seconds: number): string {
  return new Date(now - seconds * 1000).toISOString()
}

/** The generated commit of the test fleets. */
export const commit = '9b07d51c0ffee00000000000000000000000000'

/** A drift of one field that `kubectl scale` made, two minutes ago. */
export function scaled(change: Partial<Drift> = {}): Drift {
  return {
    subject: 'Deployment.apps/shop/web',
    reason: 'changed',
    fields: [{ path: '/spec/replicas', live: 7, wanted: 1, manager: 'kubectl (scale)' }],
    since: ago(200),
    healedAt: undefined,
    healed: 0,
    fight: false,
    ...change,
  }
}

/** An object that is as it should be. */
export function objectOf(subject: string, change: Partial<ObjectStatus> = {}): ObjectStatus {
  return {
    subject,
    source: 'workloads/web.yaml',
    action: 'unchanged',
    health: 'Current',
    message: '',
    drift: undefined,
    extras: [],
    held: undefined,
    ...change,
  }
}

/** A cluster that is synced, with what is different. */
export function clusterOf(cluster: string, region: string, change: Partial<ClusterStatus> = {}): ClusterStatus {
  return {
    cluster,
    region,
    sync: 'synced',
    message: '412/412 applied',
    appliedCommit: commit,
    wantedCommit: commit,
    applied: 412,
    total: 412,
    seenAt: ago(1),
    since: ago(3600),
    kubernetesVersion: 'v1.35.4',
    credentialExpiresAt: undefined,
    objects: [],
    ...change,
  }
}

/** A fleet of these clusters, sorted by name as the daemon gives them. */
export function fleetOf(clusters: readonly ClusterStatus[], change: Partial<FleetStatus> = {}): FleetStatus {
  return {
    fleet: 'shop',
    at: new Date(now).toISOString(),
    heartbeatAt: ago(2),
    sync: 'synced',
    source: { branch: 'main', commit: '4f1c2e9aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', fetchedAt: ago(12), problem: '' },
    generated: { branch: 'generated', commit, problem: '' },
    messages: [],
    clusters: [...clusters].sort((a, b) => (a.cluster < b.cluster ? -1 : 1)),
    ...change,
  }
}

/** One cluster in every state that there is, each with the reason that it would have. */
export const everyState: Readonly<Record<Sync, Partial<MemberStatus>>> = {
  synced: {},
  progressing: {
    message: '411/412 applied',
    applied: 411,
    objects: [objectOf('Deployment.apps/shop/web', { health: 'InProgress', message: '2 of 3 replicas updated' })],
  },
  drifted: { objects: [objectOf('Deployment.apps/shop/web', { drift: scaled({ healed: 3, fight: true }) })] },
  degraded: {
    applied: 410,
    message: '410/412 applied',
    since: ago(540),
    objects: [
      objectOf('Deployment.apps/shop/cart', { health: 'Failed', message: 'ProgressDeadlineExceeded' }),
      objectOf('ConfigMap/shop/flags', { action: 'failed', message: 'refused by policy "no-latest"' }),
    ],
  },
  unauthorized: { message: '401 Unauthorized; 412/412 applied', seenAt: ago(360), since: ago(360) },
  unreachable: {
    message: 'dial timeout; 412/412 applied',
    appliedCommit: '8aa10f4ffffffffffffffffffffffffffffffffff',
    seenAt: ago(360),
    since: ago(360),
  },
  suspended: { message: 'suspended; 412/412 applied' },
}

/** The fleet of the mock-ups: 50 clusters in three regions, four of them not as they should be. */
export function fiftyClusters(): FleetStatus {
  const odd = [
    clusterOf('ap-1', 'ap-se', { sync: 'unreachable', ...everyState.unreachable }),
    clusterOf('us-3', 'us-east', { sync: 'degraded', ...everyState.degraded }),
    clusterOf('eu-2', 'eu-west', { sync: 'drifted', ...everyState.drifted, seenAt: ago(2) }),
    clusterOf('us-1', 'us-east', { sync: 'progressing', ...everyState.progressing }),
  ]
  const names = new Set(odd.map(({ cluster }) => cluster))
  const more = (prefix: string, region: string, count: number) =>
    Array.from({ length: count + 3 }, (_, i) => `${prefix}-${i + 1}`)
      .filter((name) => !names.has(name))
      .slice(0, count)
      .map((name) => clusterOf(name, region))
  const synced = [...more('ap', 'ap-se', 15), ...more('eu', 'eu-west', 15), ...more('us', 'us-east', 16)]
  return fleetOf([...odd, ...synced], { sync: 'unreachable' })
}

/** A report of these drifts of one cluster. */
export function reportOf(drifts: readonly Drift[], change: Partial<DiffReport['clusters'][number]> = {}): DiffReport {
  const sources = Object.fromEntries(drifts.map(({ subject }) => [subject, 'workloads/web.yaml']))
  return {
    fleet: 'shop',
    at: new Date(now).toISOString(),
    commit,
    clusters: [{ cluster: 'eu-2', drifts, problem: '', sources, ...change }],
  }
}
