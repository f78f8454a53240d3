import assert from 'node:assert/strict'
import { systemClock } from '../../../../reconciler/clock.ts'
import { deferred } from '../../../../reconciler/member/deferred.ts'
import { type Endpoints, endpointsOf, serviceNameLabel } from '../../../../reconciler/member/traffic/endpoints.ts'
import { sliceResource } from '../../../../reconciler/member/traffic/namespaces.ts'
import type { Pod } from '../../../../reconciler/member/traffic/pod.ts'
import { watchSelection } from '../../../../reconciler/member/traffic/selection.ts'
import { labels, notes } from '../../../../render/shipper/rollout.ts'
import { getIn, isJsonArray, type Json, type JsonObject, type KubeObject } from '../../../../repo-layout/json.ts'
import type { ControlPlane } from '../../../testbed/control-plane.ts'
import { deployment, transportOf } from '../support.ts'

/** The name of the application of these tests. */
export const app = 'web'

const marks = (ns: string, release: string) => ({
  labels: { [labels.app]: app, [labels.release]: release },
  annotations: { [notes.application]: `${ns}/${app}` },
})

/** The workload of a release, as rendering would write it. */
export function release(ns: string, name: string, replicas: number, more: JsonObject = {}): KubeObject {
  const { labels: own, annotations } = marks(ns, name)
  const plain = deployment(ns, name)
  const template = getIn(plain, ['spec', 'template']) as JsonObject
  const { podMetadata = {}, podSpec = {}, kind = 'Deployment', ...spec } = more
  return {
    ...plain,
    kind: kind as string,
    metadata: { name, namespace: ns, labels: own, annotations },
    spec: {
      ...(plain.spec as JsonObject),
      replicas,
      selector: { matchLabels: own },
      template: {
        metadata: { labels: own, ...(podMetadata as JsonObject) },
        spec: {
          ...(template.spec as JsonObject),
          terminationGracePeriodSeconds: 0,
          ...(podSpec as JsonObject),
        },
      },
      ...spec,
    },
  }
}

/** The production Service with these weights; where a release holds it all by name, `holder` is that. */
export function service(ns: string, weights: Readonly<Record<string, number>>, holder?: string): KubeObject {
  const newest = Object.keys(weights).sort().at(-1) ?? ''
  const { labels: own, annotations } = marks(ns, newest)
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: app,
      namespace: ns,
      labels: { ...own, [labels.loadBalancer]: 'production' },
      annotations: { ...annotations, [notes.traffic]: JSON.stringify(weights) },
    },
    spec: {
      selector:
        holder === undefined
          ? { [labels.app]: app, [labels.traffic]: 'enabled' }
          : { [labels.app]: app, [labels.release]: holder },
      ports: [{ port: 80, targetPort: 80 }],
    },
  }
}

/** A pod as the controllers of `release` would make it. */
export function podOfRelease(ns: string, name: string): KubeObject {
  const hash = 'abc'
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-${hash}`, uid: 'u-1', controller: true }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-${hash}-1`,
      namespace: ns,
      labels: { ...marks(ns, name).labels, 'pod-template-hash': hash },
      ownerReferences: [owner],
    },
    spec: { containers: [{ name: 'web', image: 'nginx:1' }] },
  }
}

/** A pod of a release as it is kept; ready and without a label of traffic unless said otherwise. */
export function pod(name: string, of: string, more: Partial<Pod> = {}): Pod {
  return {
    ...{ namespace: 'shop', name, uid: `uid-${name}`, resourceVersion: '1', app, release: of },
    ...{ status: undefined, isReady: true, isEnding: false, reason: '', createdAt: '2026-01-01T00:00:00Z' },
    owner: undefined,
    deletionCost: null,
    ...more,
  }
}

/** The names of the pods behind the Service that are ready, by release, as the cluster says. */
export async function endpoints(plane: ControlPlane, ns: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const selector = encodeURIComponent(`kubernetes.io/service-name=${app}`)
  const path = `/apis/discovery.k8s.io/v1/namespaces/${ns}/endpointslices?labelSelector=${selector}`
  const found: Record<string, string[]> = {}
  for (const slice of itemsOf((await plane.request('GET', path)).body)) {
    const list = getIn(slice, ['endpoints'])
    for (const endpoint of isJsonArray(list) ? list : []) {
      if (getIn(endpoint, ['conditions', 'ready']) !== true) continue
      const name = String(getIn(endpoint, ['targetRef', 'name']))
      const of = name.split('-')[0] ?? ''
      found[of] ??= []
      found[of].push(name)
    }
  }
  return found
}

/** The pods of a namespace. */
export async function podsIn(plane: ControlPlane, ns: string): Promise<readonly KubeObject[]> {
  return itemsOf((await plane.request('GET', `/api/v1/namespaces/${ns}/pods`)).body) as readonly KubeObject[]
}

function itemsOf(list: Json): readonly Json[] {
  const items = getIn(list, ['items'])
  return isJsonArray(items) ? items : []
}

/** Follows what is ready behind the Service, in every state that the cluster tells of; gives the fewest there ever were. */
export async function watchEndpoints(plane: ControlPlane, ns: string) {
  const transport = transportOf(plane)
  const ready = deferred<void>()
  const totals: number[] = []
  const slices = watchSelection<Endpoints>({
    transport,
    clock: systemClock,
    random: Math.random,
    resource: sliceResource,
    namespace: ns,
    labelSelector: `${serviceNameLabel}=${app}`,
    sumUp: endpointsOf,
    onChange() {
      const facts = slices.facts()
      if (!facts) return
      totals.push(facts.flatMap((one) => one.ready).length)
      ready.resolve()
    },
    onError: (error) => assert.fail(String(error)),
  })
  await ready.promise
  return {
    async stop() {
      slices.stop()
      await transport.close()
      return { lowest: Math.min(...totals), states: totals.length }
    },
  }
}
