import assert from 'node:assert/strict'
import type { Json } from '../../repo-layout/json.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'
import {
  clusters,
  clustersWith,
  documents,
  federated,
  fleet,
  folderOf,
  preference,
  type Rendered,
  renderSources,
  replicasOf,
  type Sources,
} from './helper.ts'

const everywhere = { clusterSelector: {} }
const apiVersion = 'types.kubefed.io/v1beta1'

function cluster(name: string, more: Json = {}): Json {
  return { apiVersion: 'core.kubefed.io/v1beta1', kind: 'KubeFedCluster', metadata: { name }, ...(more as object) }
}

function namespace(...names: readonly string[]): string {
  const spec = { placement: { clusters: names.map((name) => ({ name })) } }
  return stringifyYaml({ apiVersion, kind: 'FederatedNamespace', metadata: { name: 'shop', namespace: 'shop' }, spec })
}

const app = federated('ConfigMap', 'app', { template: { data: { a: '1' } }, placement: everywhere })
const web = federated('Deployment', 'web', { template: { spec: {} } })
const other = federated('ConfigMap', 'other', { template: {}, placement: everywhere }, { namespace: 'else' })

/** A fleet in which each thing has a file of its own. */
const whole: Sources = {
  'flotilla.yaml': fleet,
  'c1.yaml': documents([cluster('cluster1')]),
  'c2.yaml': documents([cluster('cluster2')]),
  'c3.yaml': documents([cluster('cluster3')]),
  'app.yaml': app,
  'web.yaml': web,
  'web-p.yaml': preference('web', { totalReplicas: 4, clusters: { cluster1: { weight: 1 }, cluster2: { weight: 1 } } }),
  'ns.yaml': namespace('cluster1', 'cluster2'),
  'other.yaml': other,
}

async function from(change: Sources, without: readonly string[] = [], before: Sources = whole) {
  const previous = await renderSources(before)
  assert.deepEqual(previous.lines, [])
  const after = Object.fromEntries(Object.entries({ ...before, ...change }).filter(([path]) => !without.includes(path)))
  return { previous, rendered: await renderSources(after, { previous }) }
}

/** The paths below `clusters/` that a render lets go of. */
function lost(previous: Rendered, rendered: Rendered): readonly string[] {
  return [...(previous.files?.keys() ?? [])].filter((path) => !rendered.files?.has(path))
}

const torn = 'kind: [\n'

describe('what cannot be told stays as the previous tree has it', () => {
  for (const path of Object.keys(whole).filter((file) => file !== 'flotilla.yaml')) {
    for (const [how, content] of [
      ['cannot be parsed', torn],
      ['is not UTF-8', new Uint8Array([0x61, 0xff, 0xfe])],
      ['is too large', 'a'.repeat(9 * 1024 * 1024)],
    ] as const) {
      it(`${path} ${how}: nothing changes at all`, async () => {
        const { previous, rendered } = await from({ [path]: content })
        assert.equal(rendered.exit, 1)
        assert.deepEqual(rendered.files, previous.files)
      })
    }
  }

  it('the Fleet cannot be parsed: nothing is rendered', async () => {
    const { rendered } = await from({ 'flotilla.yaml': torn })
    assert.equal(rendered.files, undefined)
    assert.equal(rendered.exit, 2)
  })

  it('two clusters have one name: nothing is rendered', async () => {
    const { rendered } = await from({ 'c4.yaml': documents([cluster('cluster1')]) })
    assert.equal(rendered.files, undefined)
  })

  it('a source path is not there: nothing is rendered', async () => {
    const { rendered } = await from({ 'flotilla.yaml': `${fleet}spec: {source: {paths: [apps]}}\n` })
    assert.equal(rendered.files, undefined)
    assert.match(rendered.lines.join('\n'), /nothing is at "apps"/)
  })

  it('a document in error: its object stays, the others go on', async () => {
    const changed = federated(
      'ConfigMap',
      'other',
      { template: { data: { b: '2' } }, placement: everywhere },
      { namespace: 'else' },
    )
    const broken = federated('ConfigMap', 'app', { template: { data: { a: '2' } }, placement: 'everywhere' })
    const { previous, rendered } = await from({ 'app.yaml': broken, 'other.yaml': changed })
    const path = 'clusters/cluster1/shop/ConfigMap/app.yaml'
    assert.equal(rendered.files?.get(path), previous.files?.get(path))
    assert.match(rendered.files?.get('clusters/cluster1/else/ConfigMap/other.yaml') ?? '', /b: "2"/)
    assert.equal(rendered.exit, 1)
  })

  it('a document in error beside a good one in its file: the good one goes on', async () => {
    const two = {
      ...whole,
      'app.yaml': `${app}---\n${federated('ConfigMap', 'app2', { template: {}, placement: everywhere })}`,
    }
    const moved = federated('ConfigMap', 'app2', { template: {}, placement: { clusters: [{ name: 'cluster2' }] } })
    const broken = federated('ConfigMap', 'app', { placement: 'everywhere' })
    const { rendered } = await from({ 'app.yaml': `${broken}---\n${moved}` }, [], two)
    assert.deepEqual(clustersWith(rendered, 'shop/ConfigMap/app.yaml'), ['cluster1', 'cluster2'])
    assert.deepEqual(clustersWith(rendered, 'shop/ConfigMap/app2.yaml'), ['cluster2'])
  })

  it('an inventory document in error: the folder of its cluster stays whole, replicas do not move', async () => {
    const change = {
      'c1.yaml': documents([cluster('cluster1', { spec: { apiEndpoint: 7 } })]),
      'app.yaml': app.replace('"1"', '"2"'),
    }
    const { previous, rendered } = await from(change)
    assert.deepEqual(folderOf(rendered, 'cluster1'), folderOf(previous, 'cluster1'))
    assert.match(rendered.files?.get('clusters/cluster2/shop/ConfigMap/app.yaml') ?? '', /a: "2"/)
    assert.deepEqual(replicasOf(rendered, 'web'), replicasOf(previous, 'web'))
  })

  it('a FederatedNamespace in error: everything in its namespace stays, other namespaces go on', async () => {
    const bad = namespace('cluster1').replace('clusters:', 'clusterz:')
    const { previous, rendered } = await from({ 'ns.yaml': bad, 'app.yaml': app.replace('"1"', '"2"') }, ['other.yaml'])
    const gone = lost(previous, rendered)
    assert.ok(gone.length > 0 && gone.every((path) => /\/(else\/|Namespace\/else)/.test(path)), gone.join())
    assert.match(rendered.files?.get('clusters/cluster1/shop/ConfigMap/app.yaml') ?? '', /a: "1"/)
  })

  it('an override in error: the copy of its cluster stays, others go on', async () => {
    const overrides = [{ clusterName: 'cluster1', clusterOverrides: [{ op: 'remove', path: '/data/none' }] }]
    const changed = federated('ConfigMap', 'app', { template: { data: { a: '2' } }, placement: everywhere, overrides })
    const { previous, rendered } = await from({ 'app.yaml': changed })
    assert.deepEqual(folderOf(rendered, 'cluster1'), folderOf(previous, 'cluster1'))
    assert.match(rendered.files?.get('clusters/cluster2/shop/ConfigMap/app.yaml') ?? '', /a: "2"/)
  })

  it('one object in two documents: it stays, and both places are errors', async () => {
    const { previous, rendered } = await from({ 'app2.yaml': app.replace('"1"', '"2"') })
    assert.deepEqual(rendered.files, previous.files)
    assert.deepEqual(
      rendered.messages.filter(({ severity }) => severity === 'error').map(({ path, code }) => [path, code]),
      [
        ['app.yaml', 'duplicate'],
        ['app2.yaml', 'duplicate'],
      ],
    )
  })
})

describe('one object in two API groups', () => {
  const ingress = (group: string) =>
    federated('Ingress', 'web', { template: { apiVersion: group }, placement: everywhere })

  it('is one object of Kubernetes: it stays, and both places are errors', async () => {
    const before = { ...whole, 'old.yaml': ingress('extensions/v1beta1') }
    const { previous, rendered } = await from({ 'new.yaml': ingress('networking.k8s.io/v1') }, [], before)
    assert.deepEqual(rendered.files, previous.files)
    const errors = rendered.messages.filter(({ severity }) => severity === 'error')
    assert.deepEqual(
      errors.map(({ path, code }) => [path, code]),
      [
        ['new.yaml', 'duplicate'],
        ['old.yaml', 'duplicate'],
      ],
    )
  })

  it('moves to the other group where the template says so', async () => {
    const before = { ...whole, 'web-i.yaml': ingress('extensions/v1beta1') }
    const { rendered } = await from({ 'web-i.yaml': ingress('networking.k8s.io/v1') }, [], before)
    assert.deepEqual(clustersWith(rendered, 'shop/Ingress.extensions/web.yaml'), [])
    assert.deepEqual(clustersWith(rendered, 'shop/Ingress.networking.k8s.io/web.yaml'), ['cluster1', 'cluster2'])
  })

  it('is two objects where a kind of another vendor has the name of one of Kubernetes', async () => {
    const service = (apiVersion: string) =>
      federated('Service', 'web', { template: { apiVersion }, placement: everywhere })
    const { rendered } = await from({ 'a.yaml': service('v1'), 'b.yaml': service('serving.knative.dev/v1') })
    assert.deepEqual(clustersWith(rendered, 'shop/Service/web.yaml'), ['cluster1', 'cluster2'])
    assert.deepEqual(clustersWith(rendered, 'shop/Service.serving.knative.dev/web.yaml'), ['cluster1', 'cluster2'])
  })
})

describe('a slip of the pen never deletes', () => {
  const slips: readonly (readonly [string, string, (text: string) => string])[] = [
    ['in the kind of a workload', 'app.yaml', (text) => text.replace('FederatedConfigMap', 'FederatedConfgMap')],
    ['in the apiVersion of a workload', 'app.yaml', (text) => text.replace('kubefed.io', 'kubfed.io')],
    ['that takes the Federated from the kind', 'app.yaml', (text) => text.replace('FederatedConfigMap', 'ConfigMap')],
    ['in the name of a workload', 'app.yaml', (text) => text.replace('name: app', 'name: App_1')],
    ['that takes the name of a workload', 'app.yaml', (text) => text.replace('name: app', 'nmae: app')],
    ['in the namespace of a workload', 'app.yaml', (text) => text.replace('namespace: shop', 'namespace: Shop!')],
    ['in the kind of a cluster', 'c1.yaml', (text) => text.replace('KubeFedCluster', 'KubeFedClutser')],
    ['in the apiVersion of a cluster', 'c1.yaml', (text) => text.replace('kubefed.io', 'kubfed.io')],
    ['in the name of a cluster', 'c1.yaml', (text) => text.replace('cluster1', 'cluster/1')],
    [
      'in the kind of a FederatedNamespace',
      'ns.yaml',
      (text) => text.replace('FederatedNamespace', 'FederatedNamespac'),
    ],
    ['that takes the Federated from a FederatedNamespace', 'ns.yaml', (text) => text.replace('Federated', '')],
    ['in the field apiVersion of a workload', 'app.yaml', (text) => text.replace('apiVersion', 'apiVersoin')],
    ['in the field kind of a workload', 'app.yaml', (text) => text.replace('kind', 'kidn')],
    ['in the field apiVersion of a cluster', 'c1.yaml', (text) => text.replace('apiVersion', 'apiversion')],
    ['in the field kind of a cluster', 'c1.yaml', (text) => text.replace('kind', 'Kind')],
    ['in the field apiVersion of a preference', 'web-p.yaml', (text) => text.replace('apiVersion', 'apiVersoin')],
    ['in the field kind of a preference', 'web-p.yaml', (text) => text.replace('kind', 'kidn')],
    ['in the field apiVersion of a FederatedNamespace', 'ns.yaml', (text) => text.replace('apiVersion', 'apiVersoin')],
    ['in the field kind of a FederatedNamespace', 'ns.yaml', (text) => text.replace('kind', 'kidn')],
    ['in the apiVersion of a FederatedNamespace', 'ns.yaml', (text) => text.replace('kubefed.io', 'kubfed.io')],
    ['in the kind of a preference', 'web-p.yaml', (text) => text.replace('Preference', 'Prefrence')],
    ['in the apiVersion of a preference', 'web-p.yaml', (text) => text.replace('kubefed.io', 'kubfed.io')],
    ['in the name of a preference', 'web-p.yaml', (text) => text.replace('name: web', 'nmae: web')],
  ]
  for (const [where, path, slip] of slips) {
    it(`${where}: an error, and nothing changes`, async () => {
      const { previous, rendered } = await from({ [path]: slip(String(whole[path])) })
      assert.equal(rendered.exit, 1)
      assert.deepEqual(rendered.files, previous.files, rendered.lines.join('\n'))
    })
  }

  for (const path of ['app.yaml', 'web.yaml', 'web-p.yaml', 'c1.yaml', 'ns.yaml']) {
    it(`${path} was moved and cannot be parsed in its new place: nothing goes`, async () => {
      const { previous, rendered } = await from({ [`new/${path}`]: `${String(whole[path])}torn: [\n` }, [path])
      assert.deepEqual(lost(previous, rendered), [])
      assert.equal(rendered.exit, 1)
      assert.deepEqual(replicasOf(rendered, 'web'), replicasOf(previous, 'web'))
    })
  }

  it('what was deleted on purpose goes, also while another file is broken', async () => {
    const { previous, rendered } = await from({ 'app.yaml': torn }, ['other.yaml'])
    const gone = lost(previous, rendered)
    assert.deepEqual(clustersWith(rendered, 'else/ConfigMap/other.yaml'), [])
    assert.ok(
      gone.every((path) => /\/(else\/|Namespace\/else)/.test(path)),
      gone.join(),
    )
  })

  it('what was deleted on purpose goes, also while another document of its file is in error', async () => {
    const two = {
      ...whole,
      'app.yaml': `${app}---\n${federated('ConfigMap', 'app2', { template: {}, placement: everywhere })}`,
    }
    const { rendered } = await from({ 'app.yaml': app.replace('clusterSelector', 'clusterSelectr') }, [], two)
    assert.deepEqual(clustersWith(rendered, 'shop/ConfigMap/app.yaml'), ['cluster1', 'cluster2'])
    assert.deepEqual(clustersWith(rendered, 'shop/ConfigMap/app2.yaml'), [])
  })
})

describe('lost and removed clusters', () => {
  it('the folder of a lost cluster stays byte for byte, whatever the source says', async () => {
    const previous = await renderSources(whole)
    const after = { ...whole, 'app.yaml': app.replace('"1"', '"2"'), 'other.yaml': '' }
    const seen = { cluster1: { reachable: false }, cluster2: { reachable: true, workloads: {} } }
    const rendered = await renderSources(after, { previous, observations: { clusters: seen } })
    assert.deepEqual(folderOf(rendered, 'cluster1'), folderOf(previous, 'cluster1'))
    assert.deepEqual(clustersWith(rendered, 'else/ConfigMap/other.yaml'), ['cluster1'])
    assert.match(rendered.files?.get('clusters/cluster2/shop/ConfigMap/app.yaml') ?? '', /a: "2"/)
  })

  it('a cluster whose reachability is unknown is rendered like any other', async () => {
    const previous = await renderSources(whole)
    const after = { ...whole, 'app.yaml': app.replace('"1"', '"2"') }
    const observations = { clusters: { cluster1: { reachable: 'unknown' } } }
    const rendered = await renderSources(after, { previous, observations })
    assert.match(rendered.files?.get('clusters/cluster1/shop/ConfigMap/app.yaml') ?? '', /a: "2"/)
  })

  it('a cluster that leaves the inventory takes its folder and its record with it', async () => {
    const { rendered } = await from({}, ['c1.yaml'])
    assert.deepEqual(folderOf(rendered, 'cluster1'), {})
    assert.equal(rendered.files?.has('decisions/clusters/cluster1.yaml'), false)
  })

  it('a cluster that joins gets what is placed on it', async () => {
    const { rendered } = await from({ 'c4.yaml': clusters(['cluster4']) })
    assert.deepEqual(clustersWith(rendered, 'else/ConfigMap/other.yaml'), [
      'cluster1',
      'cluster2',
      'cluster3',
      'cluster4',
    ])
  })
})
