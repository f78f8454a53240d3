import assert from 'node:assert/strict'
import { planReplicas } from '../../render/kubefed/planner.ts'
import { getIn, type Json, type JsonObject } from '../../repo-layout/json.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'
import overrideCases from '../cases/kubefed-override.json' with { type: 'json' }
import placementCases from '../cases/kubefed-placement.json' with { type: 'json' }
import plannerCases from '../cases/kubefed-planner.json' with { type: 'json' }
import { clusters, clustersWith, fleet, preference, renderSources, replicasOf, valueIn } from './helper.ts'

const group = { v1beta1: 'types.kubefed.io/v1beta1', v1alpha1: 'types.federation.k8s.io/v1alpha1' } as const

function workload(api: string, kind: string, spec: Json): string {
  const metadata = { name: 'web', namespace: 'shop' }
  return stringifyYaml({ apiVersion: group[api as keyof typeof group], kind: `Federated${kind}`, metadata, spec })
}

describe("kubefed's own placement cases select the same clusters", () => {
  for (const { name, api, clusters: inventory, placement, expected } of placementCases) {
    it(`${api}: ${name}`, async () => {
      const labels = Object.fromEntries(inventory.map((cluster) => [cluster.name, cluster.labels as Json]))
      const rendered = await renderSources({
        'flotilla.yaml': fleet,
        'clusters.yaml': clusters(Object.keys(labels), labels),
        'web.yaml': workload(api, 'ConfigMap', { template: {}, placement: placement as Json }),
      })
      assert.notEqual(rendered.exit, 2)
      assert.deepEqual(clustersWith(rendered, 'shop/ConfigMap/web.yaml'), expected)
    })
  }
})

/** Kinds by the plural that kubefed's fixtures are named after. */
const kinds: Readonly<Record<string, string>> = {
  'deployments.apps': 'Deployment.apps',
  'replicasets.apps': 'ReplicaSet.apps',
  configmaps: 'ConfigMap',
  'jobs.batch': 'Job.batch',
  secrets: 'Secret',
}

describe("kubefed's own override cases give the same objects", () => {
  for (const one of overrideCases as unknown as readonly JsonObject[]) {
    const name = String(one.name)
    if (one.kind === 'e2eFixture') {
      it(name, async () => {
        const folder = kinds[name.replace('fixture/', '')] ?? ''
        const [kind = ''] = folder.split('.')
        const overrides = [{ clusterName: 'cluster1', clusterOverrides: one.clusterOverrides as Json }]
        const placement = one.api === 'v1alpha1' ? { clusterNames: ['cluster1'] } : { clusters: [{ name: 'cluster1' }] }
        const spec = { template: one.template as Json, placement, overrides }
        const rendered = await renderSources({
          'flotilla.yaml': fleet,
          'clusters.yaml': clusters(['cluster1']),
          'web.yaml': workload(String(one.api), kind, spec),
        })
        const object = valueIn(rendered, `clusters/cluster1/shop/${folder}/web.yaml`)
        const { apiVersion, kind: _, metadata, ...body } = object as JsonObject
        assert.deepEqual(body, one.expectedTemplateBody)
      })
    } else {
      it(name, async () => {
        const cluster = String(one.checkCluster)
        const scheduled = one.scheduledReplicas as Readonly<Record<string, number>>
        const template = { spec: {}, ultimate: {} }
        const spec = { template, placement: { clusters: [{ name: cluster }] }, overrides: one.overrides as Json }
        const planned = scheduled[cluster]
        const rendered = await renderSources({
          'flotilla.yaml': fleet,
          'clusters.yaml': clusters([cluster]),
          'web.yaml': workload('v1beta1', 'Deployment', spec),
          ...(planned === undefined ? {} : { 'rsp.yaml': preference('web', { totalReplicas: planned }) }),
        })
        for (const [path, value] of Object.entries(one.expectedPathValues as JsonObject)) {
          const at = path.split('/').slice(1)
          const object = valueIn(rendered, `clusters/${cluster}/shop/Deployment.apps/web.yaml`)
          assert.deepEqual(getIn(object, at), value, path)
        }
      })
    }
  }
})

describe("kubefed's own planner cases come out of a whole render as the planner divides them", () => {
  for (const one of plannerCases) {
    it(one.name, async () => {
      const current = new Map<string, number>(Object.entries(one.existing))
      const capacity = new Map<string, number>(Object.entries(one.capacity))
      const observed = one.clusters.map((cluster) => [cluster, facts(current.get(cluster), capacity.get(cluster))])
      const { totalReplicas, rebalance } = one.preference
      const wishes = Object.entries(one.preference.clusters).map(
        ([cluster, { weight, min, max }]) =>
          [cluster, { weight, minReplicas: min, maxReplicas: max ?? undefined }] as const,
      )
      const preferences = Object.fromEntries(wishes)
      const rendered = await renderSources(
        {
          'flotilla.yaml': fleet,
          'clusters.yaml': clusters(one.clusters),
          'web.yaml': workload('v1beta1', 'Deployment', { template: { spec: {} } }),
          'rsp.yaml': preference('web', {
            totalReplicas,
            rebalance,
            clusters: JSON.parse(JSON.stringify(preferences)),
          }),
        },
        { observations: { clusters: Object.fromEntries(observed) } },
      )
      const plan = planReplicas({
        ...{ totalReplicas, rebalance, preferences, current, capacity },
        clusters: one.clusters,
        key: 'shop/web',
      })
      const expected = [...plan.replicas].map(([name, count]) => [name, count + (plan.overflow.get(name) ?? 0)])
      assert.deepEqual(replicasOf(rendered, 'web'), Object.fromEntries(expected))
    })
  }

  /** A live object whose pods say the same as the planner's arguments. */
  function facts(current: number | undefined, capacity: number | undefined) {
    if (current === undefined && capacity === undefined) return { reachable: true, workloads: {} }
    const limited = capacity !== undefined
    const replicas = limited ? capacity + 1 : (current ?? 0)
    const seen = {
      replicas,
      readyReplicas: limited ? replicas - 1 : replicas,
      runningPods: current ?? 0,
      unschedulablePods: limited ? 1 : 0,
    }
    return { reachable: true, workloads: { 'Deployment.apps/shop/web': seen } }
  }
})
