import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { withBackends } from '../../../render/shipper/routes.ts'
import { getIn, isJsonArray, type Json, type KubeObject } from '../../../repo-layout/json.ts'
import { fleet } from '../helper.ts'
import { command, nginxCharts, shipperCluster } from './fixtures.ts'
import { rehearse } from './rehearsal.ts'
import { applicationDocument, clusterDocument, releasesOf } from './written.ts'

const service: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {},
}
const releases = [
  { name: 'web-a-0', weight: 99 },
  { name: 'web-b-0', weight: 1 },
  { name: 'web-old-0', weight: 0 },
]

function httpRoute(...backendRefs: readonly Json[]): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { parentRefs: [{ name: 'gateway' }], rules: [{ backendRefs }] },
  }
}

function virtualService(namespace: string, ...route: readonly Json[]): KubeObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'web', namespace },
    spec: { hosts: ['web'], http: [{ route }] },
  }
}

describe('a route that leads to the production Service', () => {
  for (const [what, route, at, expected] of [
    [
      'of Gateway API leads to the releases by their weights',
      httpRoute({ name: 'web', port: 80 }),
      ['rules', 0, 'backendRefs'],
      [
        { name: 'web-a-0', port: 80, weight: 99 },
        { name: 'web-b-0', port: 80, weight: 1 },
      ],
    ],
    [
      'of Gateway API leaves other backends their share',
      httpRoute({ name: 'web', port: 80, weight: 3 }, { name: 'old', port: 80, weight: 1 }),
      ['rules', 0, 'backendRefs'],
      [
        { name: 'web-a-0', port: 80, weight: 297 },
        { name: 'web-b-0', port: 80, weight: 3 },
        { name: 'old', port: 80, weight: 100 },
      ],
    ],
    [
      'of Gateway API that gives it nothing gives its releases nothing',
      httpRoute({ name: 'web', port: 80, weight: 0 }),
      ['rules', 0, 'backendRefs'],
      [
        { name: 'web-a-0', port: 80, weight: 0 },
        { name: 'web-b-0', port: 80, weight: 0 },
      ],
    ],
    [
      'of Gateway API has weights that a server takes, whatever their product is',
      httpRoute({ name: 'web', port: 80, weight: 500_000 }, { name: 'old', port: 80, weight: 1 }),
      ['rules', 0, 'backendRefs'],
      [
        { name: 'web-a-0', port: 80, weight: 1_000_000 },
        { name: 'web-b-0', port: 80, weight: 10_101 },
        { name: 'old', port: 80, weight: 2 },
      ],
    ],
    [
      'of Gateway API is left alone where it leads to a Service of another namespace',
      httpRoute({ name: 'web', namespace: 'other', port: 80 }),
      ['rules', 0, 'backendRefs'],
      [{ name: 'web', namespace: 'other', port: 80 }],
    ],
    [
      'of Istio leads to the releases by their weights, without the subsets of the Service',
      virtualService('shop', { destination: { host: 'web', subset: 'v1', port: { number: 80 } } }),
      ['http', 0, 'route'],
      [
        { destination: { host: 'web-a-0', port: { number: 80 } }, weight: 99 },
        { destination: { host: 'web-b-0', port: { number: 80 } }, weight: 1 },
      ],
    ],
    [
      'of Istio gives others their share, and none to those that say none',
      virtualService(
        'shop',
        { destination: { host: 'web' }, weight: 90 },
        { destination: { host: 'old' }, weight: 10 },
        { destination: { host: 'older' } },
      ),
      ['http', 0, 'route'],
      [
        { destination: { host: 'web-a-0' }, weight: 8910 },
        { destination: { host: 'web-b-0' }, weight: 90 },
        { destination: { host: 'old' }, weight: 1000 },
        { destination: { host: 'older' }, weight: 0 },
      ],
    ],
    [
      'of Istio may be in another namespace',
      virtualService('mesh', { destination: { host: 'web.shop.svc.cluster.local' } }),
      ['http', 0, 'route'],
      [
        { destination: { host: 'web-a-0.shop.svc.cluster.local' }, weight: 99 },
        { destination: { host: 'web-b-0.shop.svc.cluster.local' }, weight: 1 },
      ],
    ],
    [
      'of Istio in another namespace means its own Service by a short name',
      virtualService('mesh', { destination: { host: 'web' } }),
      ['http', 0, 'route'],
      [{ destination: { host: 'web' } }],
    ],
  ] as const) {
    it(what, () => assert.deepEqual(getIn(withBackends(route, [service], releases).spec, at), expected))
  }

  it('leads to it as before while no release has any traffic', () => {
    const route = httpRoute({ name: 'web', port: 80 })
    assert.equal(withBackends(route, [service], [{ name: 'web-a-0', weight: 0 }]), route)
  })

  it('keeps weights beyond what a server takes in their proportion, and what had any has some', () => {
    const route = httpRoute({ name: 'web', port: 80 })
    const huge = [
      { name: 'a', weight: 4_000_000_000 },
      { name: 'b', weight: 1_000_000_000 },
      { name: 'c', weight: 1 },
    ]
    assert.deepEqual(getIn(withBackends(route, [service], huge).spec, ['rules', 0, 'backendRefs']), [
      { name: 'a', port: 80, weight: 1_000_000 },
      { name: 'b', port: 80, weight: 250_000 },
      { name: 'c', port: 80, weight: 1 },
    ])
  })

  it('follows a rollout exactly: 1 % needs no hundred pods', async () => {
    const application = readFileSync('test/fixtures/article/application.yaml', 'utf8').replace(
      /(name: staging\n\s+traffic:\n\s+contender:) 0\n(\s+incumbent:) 100/,
      '$1 1\n$2 99',
    )
    const route = { ...httpRoute({ name: 'nginx', port: 80 }), metadata: { name: 'nginx' } }
    const rehearsal = rehearse(
      { 'flotilla.yaml': fleet, 'clusters.yaml': shipperCluster('local-1'), 'app.yaml': application },
      nginxCharts(() => [route]),
    )
    const at = 'clusters/local-1/default'
    const backends = () =>
      getIn(rehearsal.file(`${at}/HTTPRoute.gateway.networking.k8s.io/nginx.yaml`)?.spec, ['rules', 0, 'backendRefs'])
    const names = () =>
      rehearsal
        .paths()
        .flatMap((path) => /^rollouts\/default\/super-server\/([^/]+)\/Release\.yaml$/.exec(path)?.[1] ?? [])
    await rehearsal.settle()
    const [first = ''] = names()
    rehearsal.sources = { ...rehearsal.sources, 'release.yaml': command(1, first) }
    await rehearsal.settle()
    assert.deepEqual(backends(), [{ name: first, port: 80, weight: 100 }])

    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': application.replace('version: 0.0.1', 'version: 0.0.2') }
    await rehearsal.settle()
    const second = names().find((name) => name !== first) ?? ''
    assert.deepEqual(backends(), [
      { name: first, port: 80, weight: 99 },
      { name: second, port: 80, weight: 1 },
    ])
    for (const release of [first, second]) {
      const spec = rehearsal.file(`${at}/Service/${release}.yaml`)?.spec
      assert.deepEqual(getIn(spec, ['selector']), { 'shipper-app': 'super-server', 'shipper-release': release })
    }
  })

  it('names a Service only after it is there with pods, and no more before it goes, whatever is done', async () => {
    const route = { ...httpRoute({ name: 'nginx', port: 80 }), metadata: { name: 'nginx' } }
    const application = (version: string) => applicationDocument('web', { version, revisionHistoryLimit: 1 })
    const rehearsal = rehearse(
      { 'flotilla.yaml': fleet, 'clusters.yaml': clusterDocument({ name: 'c1' }), 'app.yaml': application('0.0.1') },
      nginxCharts(() => [route]),
    )
    const at = 'clusters/c1/default'
    const named = () => {
      const path = `${at}/HTTPRoute.gateway.networking.k8s.io/nginx.yaml`
      const targets = getIn(rehearsal.file(path), ['spec', 'rules', 0, 'backendRefs'])
      return (isJsonArray(targets) ? targets : []).map((target) => String(getIn(target, ['name'])))
    }
    const pods = (release: string) =>
      Number(getIn(rehearsal.file(`${at}/Deployment.apps/${release}-nginx.yaml`), ['spec', 'replicas']))
    const there = () =>
      rehearsal.paths().flatMap((path) => new RegExp(`^${at}/Service/(.*)\\.yaml$`).exec(path)?.[1] ?? [])
    let before = { there: there(), named: named(), text: '' }
    const gone: string[] = []
    const settle = async () => {
      for (let turn = 0; turn < 40; turn++) {
        await rehearsal.turn()
        const now = { there: there(), named: named(), text: JSON.stringify([...rehearsal.texts()]) }
        for (const name of now.named.filter((one) => one !== 'nginx' && !before.named.includes(one))) {
          assert.ok(before.there.includes(name), `${name} was there before it is named`)
          assert.ok(pods(name) > 0, `${name} has pods`)
        }
        for (const name of before.there.filter((one) => !now.there.includes(one))) {
          assert.ok(!before.named.includes(name), `${name} was no longer named before it went`)
          gone.push(name)
        }
        if (now.text === before.text) return
        before = now
      }
    }
    const newest = () => releasesOf(rehearsal).at(-1) ?? ''
    const write = async (files: Readonly<Record<string, string>>) => {
      rehearsal.sources = { ...rehearsal.sources, ...files }
      await settle()
    }
    await settle()
    await write({ 'release.yaml': command(2, newest()) })
    const first = newest()
    await write({ 'app.yaml': application('0.0.2') })
    await write({ 'release.yaml': command(1, newest()) })
    const aborted = newest()
    assert.deepEqual(named(), [first, aborted])
    await write({ 'app.yaml': application('0.0.1') })
    assert.deepEqual(named(), [first])
    assert.deepEqual(gone, [aborted])
    for (const version of ['0.0.3', '0.0.2']) {
      await write({ 'app.yaml': application(version) })
      await write({ 'release.yaml': command(2, newest()) })
      assert.deepEqual(named(), [newest()])
    }
    assert.deepEqual(gone, [aborted, first])
  })
})
