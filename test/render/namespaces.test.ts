import assert from 'node:assert/strict'
import type { Json } from '../../repo-layout/json.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'
import { clustersWith, documents, federated, fleet, renderFleet, valueIn } from './helper.ts'

const everywhere = { clusterSelector: {} }
const web = federated('ConfigMap', 'web', { template: {}, placement: everywhere })
const path = 'shop/ConfigMap/web.yaml'
const namespacePath = '_cluster/Namespace/shop.yaml'
const strict = `${fleet}spec: {namespaces: {requireFederatedNamespace: true}}\n`

function namespace(spec: Json, name = 'shop', inside: string | undefined = name): string {
  return documents([
    {
      apiVersion: 'types.kubefed.io/v1beta1',
      kind: 'FederatedNamespace',
      metadata: { name, ...(inside === undefined ? {} : { namespace: inside }) },
      spec,
    },
  ])
}

function on(...names: readonly string[]) {
  return { clusters: names.map((name) => ({ name })) }
}

describe('FederatedNamespace: limits what is in it', () => {
  const rows: readonly (readonly [string, Json, readonly string[]])[] = [
    ['a list', { placement: on('cluster1', 'cluster2') }, ['cluster1', 'cluster2']],
    ['a selector', { placement: { clusterSelector: { matchLabels: { odd: 'yes' } } } }, ['cluster1', 'cluster3']],
    ['an empty selector', { placement: everywhere }, ['cluster1', 'cluster2', 'cluster3']],
    ['an empty list', { placement: { clusters: [] } }, []],
    ['an empty placement', { placement: {} }, []],
    ['no placement', {}, []],
  ]
  for (const [what, spec, expected] of rows) {
    it(`${what} goes to the clusters of both`, async () => {
      const rendered = await renderFleet({ 'w.yaml': web, 'n.yaml': namespace(spec) })
      assert.deepEqual(clustersWith(rendered, path), expected)
      assert.deepEqual(clustersWith(rendered, namespacePath), expected)
    })
  }

  it('the object of a namespace goes no further than its own placement', async () => {
    const own = federated('ConfigMap', 'web', { template: {}, placement: on('cluster3', 'cluster2') })
    const rendered = await renderFleet({
      'w.yaml': own,
      'n.yaml': namespace({ placement: on('cluster1', 'cluster2') }),
    })
    assert.deepEqual(clustersWith(rendered, path), ['cluster2'])
    assert.deepEqual(clustersWith(rendered, namespacePath), ['cluster1', 'cluster2'])
  })

  it('cluster-scoped objects are not limited', async () => {
    const role = federated('ClusterRole', 'web', { template: {}, placement: everywhere })
    const rendered = await renderFleet({ 'w.yaml': role, 'n.yaml': namespace({ placement: on('cluster1') }) })
    const there = clustersWith(rendered, '_cluster/ClusterRole.rbac.authorization.k8s.io/web.yaml')
    assert.deepEqual(there, ['cluster1', 'cluster2', 'cluster3'])
  })

  it('a FederatedNamespace of v1alpha1 limits by its clusterNames', async () => {
    const old = documents([
      {
        apiVersion: 'types.federation.k8s.io/v1alpha1',
        kind: 'FederatedNamespace',
        metadata: { name: 'shop', namespace: 'shop' },
        spec: { placement: { clusterNames: ['cluster2'] } },
      },
    ])
    assert.deepEqual(clustersWith(await renderFleet({ 'w.yaml': web, 'n.yaml': old }), path), ['cluster2'])
  })

  it('one without metadata.namespace is taken for its own', async () => {
    const rendered = await renderFleet({
      'w.yaml': web,
      'n.yaml': namespace({ placement: on('cluster1') }, 'shop', undefined),
    })
    assert.deepEqual(clustersWith(rendered, path), ['cluster1'])
    assert.deepEqual(rendered.lines, [])
  })

  it('its template and overrides make the Namespace', async () => {
    const spec = {
      template: { metadata: { labels: { team: 'shop' } } },
      placement: everywhere,
      overrides: [{ clusterName: 'cluster2', clusterOverrides: [{ path: '/metadata/labels/team', value: 'two' }] }],
    }
    const rendered = await renderFleet({ 'n.yaml': namespace(spec) })
    const team = (name: string) =>
      valueIn(rendered, `clusters/${name}/${namespacePath}`, ['metadata', 'labels', 'team'])
    assert.deepEqual(['cluster1', 'cluster2', 'cluster3'].map(team), ['shop', 'two', 'shop'])
  })

  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    it(`${name} is not managed, but its FederatedNamespace limits what is in it`, async () => {
      const inside = federated('ConfigMap', 'web', { template: {}, placement: everywhere }, { namespace: name })
      const rendered = await renderFleet({ 'w.yaml': inside, 'n.yaml': namespace({ placement: on('cluster2') }, name) })
      assert.deepEqual(clustersWith(rendered, `${name}/ConfigMap/web.yaml`), ['cluster2'])
      assert.deepEqual(clustersWith(rendered, `_cluster/Namespace/${name}.yaml`), [])
      assert.match(rendered.lines.join('\n'), /warning: the Namespace "[a-z-]+" is not managed/)
    })
  }

  it('one whose name is not that of its namespace is an error, and holds both', async () => {
    const previous = await renderFleet({ 'w.yaml': web })
    const wrong = namespace({ placement: on('cluster1') }, 'shop', 'other')
    const rendered = await renderFleet({ 'w.yaml': web, 'n.yaml': wrong }, { previous })
    assert.deepEqual(rendered.files, previous.files)
    assert.match(rendered.lines.join('\n'), /"shop" is in "other"/)
    assert.equal(rendered.exit, 1)
  })

  it('one described twice is an error at both places, and holds its namespace', async () => {
    const previous = await renderFleet({ 'w.yaml': web })
    const one = namespace({ placement: on('cluster1') })
    const rendered = await renderFleet({ 'w.yaml': web, 'n.yaml': one, 'o.yaml': one }, { previous })
    assert.deepEqual(rendered.files, previous.files)
    assert.deepEqual(
      rendered.messages.map(({ path: at, code }) => [at, code]),
      [
        ['n.yaml', 'duplicate'],
        ['o.yaml', 'duplicate'],
      ],
    )
  })
})

describe('a namespace without a FederatedNamespace', () => {
  it('is made where its objects go, and nowhere else', async () => {
    const own = federated('ConfigMap', 'web', { template: {}, placement: on('cluster3') })
    const rendered = await renderFleet({ 'w.yaml': own })
    assert.deepEqual(clustersWith(rendered, path), ['cluster3'])
    assert.deepEqual(clustersWith(rendered, namespacePath), ['cluster3'])
    assert.deepEqual(rendered.lines, [])
  })

  it('is not made where the Fleet says so', async () => {
    const none = `${fleet}spec: {namespaces: {create: false}}\n`
    const rendered = await renderFleet({ 'flotilla.yaml': none, 'w.yaml': web })
    assert.deepEqual(clustersWith(rendered, path), ['cluster1', 'cluster2', 'cluster3'])
    assert.deepEqual(clustersWith(rendered, namespacePath), [])
  })

  it('is not made where it is protected', async () => {
    const inside = federated('ConfigMap', 'web', { template: {}, placement: everywhere }, { namespace: 'kube-system' })
    const rendered = await renderFleet({ 'w.yaml': inside })
    assert.deepEqual(clustersWith(rendered, '_cluster/Namespace/kube-system.yaml'), [])
  })

  it('goes with the last object in it', async () => {
    const previous = await renderFleet({ 'w.yaml': web })
    const rendered = await renderFleet({}, { previous })
    assert.deepEqual(clustersWith(rendered, namespacePath), [])
  })

  it('stays while an object in it is held', async () => {
    const previous = await renderFleet({ 'w.yaml': web })
    const broken = stringifyYaml({
      apiVersion: 'types.kubefed.io/v1beta1',
      kind: 'FederatedConfigMap',
      metadata: { name: 'web', namespace: 'shop' },
      spec: 'broken',
    })
    const rendered = await renderFleet({ 'w.yaml': broken }, { previous })
    assert.deepEqual(rendered.files, previous.files)
  })

  it('is an error that holds what is in it where the Fleet asks for kubefed’s strictness', async () => {
    const previous = await renderFleet({ 'w.yaml': web })
    const rendered = await renderFleet({ 'flotilla.yaml': strict, 'w.yaml': web }, { previous })
    assert.deepEqual(rendered.files, previous.files)
    assert.match(rendered.lines.join('\n'), /w.yaml:4:3: error: the namespace "shop" has no FederatedNamespace/)
    const first = await renderFleet({ 'flotilla.yaml': strict, 'w.yaml': web })
    assert.deepEqual(clustersWith(first, path), [])
  })

  it('is no error under strictness once its FederatedNamespace is there', async () => {
    const sources = { 'flotilla.yaml': strict, 'w.yaml': web, 'n.yaml': namespace({ placement: on('cluster1') }) }
    const rendered = await renderFleet(sources)
    assert.deepEqual(clustersWith(rendered, path), ['cluster1'])
    assert.deepEqual(rendered.lines, [])
  })

  it('cluster-scoped objects need none under strictness', async () => {
    const role = federated('ClusterRole', 'web', { template: {}, placement: everywhere })
    const rendered = await renderFleet({ 'flotilla.yaml': strict, 'w.yaml': role })
    assert.equal(rendered.exit, 0)
  })
})
