import type { DesiredObject, DesiredState } from '../../../reconciler/member/types.ts'
import { judge, replicaMoves, summarize } from '../../../reconciler/plan/compose.ts'
import type { ClusterPlan, DeletionPlan, FleetPlan, PlannedObject } from '../../../reconciler/plan/types.ts'

const at = '2026-11-25T14:01:58.000Z'

/** An object of a plan; created from `workloads/web.yaml` unless said otherwise. */
export function planned(subject: string, change: Partial<PlannedObject> = {}): PlannedObject {
  return { subject, source: 'workloads/web.yaml', action: 'created', why: '', fields: [], ...change }
}

/** A cluster that was compared, with these objects. */
export function clusterPlan(
  cluster: string,
  objects: readonly PlannedObject[],
  change: Partial<ClusterPlan> = {},
): ClusterPlan {
  return {
    ...{ cluster, region: '', state: 'planned', note: '', suspended: false, unchanged: 400, pending: '' },
    facts: { reachable: true, kubernetesVersion: 'v1.35.4', observedAt: at, runs: '9'.repeat(40) },
    objects,
    ...change,
  }
}

export const noDeletions: DeletionPlan = { objects: 0, clusters: 0, takes: 0, verdict: 'none', text: '' }

/** A plan of these clusters. */
export function planOfClusters(clusters: readonly ClusterPlan[], change: Partial<FleetPlan> = {}): FleetPlan {
  return {
    ...{ fleet: 'shop', at, notes: [], messages: [], clusters, moves: [], rollouts: [], deletions: noDeletions },
    base: { name: 'main', commit: '4f1c2e9'.padEnd(40, '0') },
    head: { name: 'scale-up', commit: 'a71b003'.padEnd(40, '0') },
    generated: { branch: 'generated', commit: '9b07d51'.padEnd(40, '0'), sourceCommit: '4f1c2e9'.padEnd(40, '0') },
    summary: summarize(clusters, change.rollouts?.length ?? 0),
    ...change,
  }
}

/** A desired state of so many objects, of which only the number counts. */
function desiredOf(count: number): DesiredState {
  const objects = Array.from({ length: count }, (_, i): [string, DesiredObject] => {
    const name = `o-${i}`
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop' } }
    return [`ConfigMap/shop/${name}`, { subject: `ConfigMap/shop/${name}`, oid: name, source: '', object }]
  })
  return { commit: 'c', tree: 't', objects: new Map(objects) }
}

const web = 'Deployment.apps/shop/web'
const image = {
  path: '/spec/template/spec/containers[name=web]/image',
  live: 'shop/web:1.8',
  wanted: 'shop/web:1.9',
  manager: 'flotilla',
}
const replicas = (live: number, wanted: number) => ({ path: '/spec/replicas', live, wanted, manager: 'flotilla' })
const configured = (fields: PlannedObject['fields']) => planned(web, { action: 'configured', fields, pods: 'restart' })
const flags = planned('ConfigMap/shop/flags', { source: 'workloads/flags.yaml' })

/** Everything that a plan can say, in five clusters. */
export async function wholePlan(): Promise<FleetPlan> {
  const moves = replicaMoves(
    new Map([
      ['eu-1', new Map([[web, { before: 3, after: 5 }]])],
      ['eu-2', new Map([[web, { before: 1, after: 1 }]])],
      ['us-1', new Map([[web, { before: 5, after: 3 }]])],
    ]),
  )
  const decision = {
    lost: ['ap-1'],
    clusters: [
      { cluster: 'eu-1', current: 3 },
      { cluster: 'us-1', current: 3, capacity: 3 },
    ],
  }
  const deletions = await judge([{ cluster: 'us-1', subject: 'Job.batch/shop/migrate-17', uid: 'u', takes: 0 }], {
    budget: { maxDeletedObjects: 0, maxDeletedPercent: 10, maxDeletedNamespaces: 0, maxRemovedClusters: 1 },
    ...{ desired: new Map([['us-1', desiredOf(400)]]), unplaced: new Set() },
    allowed: async () => new Set(),
  })
  const page = { path: '/data/page', live: 'a\nb\nc\n', wanted: 'a\nB\nc\n', manager: 'flotilla' }
  const clusters = [
    clusterPlan('ap-1', [], {
      ...{ state: 'waits', note: 'dial timeout', pending: '2 changed', unchanged: 0 },
      facts: { reachable: 'unknown' },
    }),
    clusterPlan('eu-1', [
      flags,
      planned('ConfigMap/shop/page', {
        ...{ action: 'configured', fields: [page] },
        pods: [{ workload: web, uses: ['mount', 'start'] }],
      }),
      planned('Secret/shop/token', {
        action: 'configured',
        fields: [{ path: '/data/token', live: '(masked)', wanted: '(masked)', manager: 'flotilla' }],
      }),
      configured([image, replicas(3, 5)]),
    ]),
    clusterPlan('eu-2', [
      flags,
      configured([image]),
      planned('ConfigMap/shop/theirs', {
        ...{ action: 'skipped', how: 'left alone', source: 'workloads/theirs.yaml' },
        why: 'left alone: it is managed by Argo CD; annotate the object flotilla.dev/adopt: Always to take it',
      }),
      planned('ConfigMap/shop/limits', {
        ...{ action: 'configured', how: 'healed', drift: 'changed' },
        fields: [{ path: '/data/max', live: '9', wanted: '7', manager: 'kubectl-edit' }],
      }),
    ]),
    clusterPlan('us-1', [
      flags,
      configured([image, replicas(5, 3)]),
      planned('ConfigMap/shop/found', { action: 'configured', how: 'adopted' }),
      planned('Job.batch/shop/seed', {
        ...{ action: 'configured', how: 'replaced', why: 'deleted and created, since spec.template cannot be changed' },
      }),
      planned('Job.batch/shop/migrate-17', {
        ...{ action: 'skipped', how: 'held back', source: '' },
        why: 'left in the cluster: the deletions of this commit are over budget',
      }),
      planned('ConfigMap/shop/before', {
        ...{ action: 'pruned', how: 'released', source: '' },
        why: 'released: it was there before, so it was not deleted',
      }),
      planned('Service/shop/web', {
        ...{ action: 'failed', why: 'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive' },
      }),
    ]),
    clusterPlan('us-2', [], {
      ...{ state: 'new', note: 'it is not in main, and is not asked before it is merged', unchanged: 0 },
      ...{ facts: { reachable: 'unknown' }, pending: '12 added' },
    }),
  ]
  return planOfClusters(clusters, {
    ...{ moves: moves.map((move) => ({ ...move, decision })), deletions },
    notes: ['scale-up does not hold all of main: what it lacks would be undone.'],
    messages: [
      {
        ...{ path: 'workloads/db.yaml', line: 12, column: 5, severity: 'error' },
        ...{ text: 'the override of eu-1 does not apply', code: 'override-failed' },
      },
    ],
  })
}
