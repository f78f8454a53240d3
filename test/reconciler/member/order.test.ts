import assert from 'node:assert/strict'
import { carriesOurId, idOf, manifestOf, otherFleet } from '../../../reconciler/member/manifest.ts'
import { definedKinds, dependenciesOf, isEstablished, isPrecious, rankOf } from '../../../reconciler/member/order.ts'
import type { KubeObject } from '../../../repo-layout/json.ts'
import { subjectOf } from '../../../repo-layout/subject.ts'

const wanted = (...objects: readonly KubeObject[]) =>
  new Map(objects.map((object) => [subjectOf(object), { object }] as const))

const owner = { fleetName: 'prod', fleetUid: 'f-1' }

describe('the order of applying', () => {
  for (const [subject, rank] of [
    ['Namespace/shop', 0],
    ['CustomResourceDefinition.apiextensions.k8s.io/x.io', 1],
    ['Deployment.apps/shop/web', 2],
    ['ValidatingWebhookConfiguration.admissionregistration.k8s.io/w', 3],
    ['Namespace.example.com/not-the-core-one', 2],
  ] as const)
    it(`ranks ${subject}`, () => assert.equal(rankOf(subject), rank))

  it('knows what takes others with it', () => {
    assert(isPrecious('Namespace/shop') && isPrecious('PersistentVolumeClaim/shop/data'))
    assert(!isPrecious('ConfigMap/shop/c'))
  })

  it('makes an object wait for its namespace and the CRD of its kind, where they are wanted too', () => {
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'ws.x.io' },
      spec: { group: 'x.io', names: { kind: 'W' } },
    }
    const subject = 'CustomResourceDefinition.apiextensions.k8s.io/ws.x.io'
    const kinds = definedKinds([{ subject, object: crd }])
    const custom = { apiVersion: 'x.io/v1', kind: 'W', metadata: { name: 'w', namespace: 'shop' } }
    const shop = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }
    assert.deepEqual(dependenciesOf(custom, wanted(shop), kinds), ['Namespace/shop', subject])
    assert.deepEqual(dependenciesOf(custom, wanted(), new Map()), [])
    assert(!isEstablished(crd))
  })

  it('makes a route of a rollout wait for the Services of releases that it leads to, and for no other', () => {
    const service = (name: string, more = {}): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'shop', ...more },
    })
    const release = { labels: { 'shipper-lb': 'release' } }
    const there = wanted(service('web-a-0', release), service('web-b-0', release), service('archive'))
    const targets = ['web-a-0', 'archive', 'gone']
    const gateway = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { rules: [{ backendRefs: targets.map((name) => ({ name, port: 80 })) }] },
    }
    const mesh = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'web', namespace: 'mesh' },
      spec: { http: [{ route: [{ destination: { host: 'web-b-0.shop.svc.cluster.local' } }] }] },
    }
    assert.deepEqual(dependenciesOf(gateway, there, new Map()), ['Service/shop/web-a-0'])
    assert.deepEqual(dependenciesOf(mesh, there, new Map()), ['Service/shop/web-b-0'])
  })
})

describe('what is sent for an object', () => {
  it('has our marks, data for stringData, and nothing that only the server writes', () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 's',
        namespace: 'n',
        uid: 'u',
        resourceVersion: '1',
        creationTimestamp: null,
        managedFields: [],
        labels: { a: 'b' },
      },
      data: { old: 'eA==', k: 'eA==' },
      stringData: { k: 'y' },
      status: { phase: 'x' },
    } as unknown as KubeObject
    assert.deepEqual(manifestOf(secret, 'Secret/n/s', owner), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 's',
        namespace: 'n',
        labels: { a: 'b', 'flotilla.dev/fleet': 'prod' },
        annotations: { 'flotilla.dev/id': 'f-1/Secret/n/s' },
      },
      data: { old: 'eA==', k: 'eQ==' },
    })
  })

  it('knows our id, the id of another fleet, and a copy that a controller made', () => {
    const withId = (id: string) => ({
      apiVersion: 'v1',
      kind: 'X',
      metadata: { name: 'x', annotations: { 'flotilla.dev/id': id } },
    })
    assert(carriesOurId(withId(idOf(owner, 'X/x')), 'X/x', owner))
    assert(!carriesOurId(withId(idOf(owner, 'X/y')), 'X/x', owner))
    assert.equal(otherFleet(withId('f-2/X/x'), 'X/x', owner), 'f-2')
    assert.equal(otherFleet(withId('f-2/X/y'), 'X/x', owner), undefined)
    assert.equal(otherFleet(withId('f-1/X/x'), 'X/x', owner), undefined)
  })
})
