import assert from 'node:assert/strict'
import { type Rendered, renderSources, type Sources } from '../render/helper.ts'

/** A fleet with one document of each kind, each in a file of its own, and what else stands in one file with others. */
const sources = {
  'flotilla.yaml': 'apiVersion: flotilla.dev/v1alpha1\nkind: Fleet\nmetadata: {name: prod}\nspec: {}\n',
  'clusters/own.yaml':
    'apiVersion: flotilla.dev/v1alpha1\nkind: Cluster\nmetadata: {name: own, labels: {env: prod}}\nspec: {deletionPolicy: Delete}\n',
  'clusters/kubefed.yaml':
    'apiVersion: core.kubefed.io/v1beta1\nkind: KubeFedCluster\nmetadata: {name: kubefed, labels: {env: prod}}\nspec: {}\n',
  'clusters/old.yaml':
    'apiVersion: core.federation.k8s.io/v1alpha1\nkind: FederatedCluster\nmetadata: {name: old, labels: {env: prod}}\nspec: {clusterRef: {name: old}, secretRef: {name: old}}\n',
  'clusters/old-registry.yaml':
    'apiVersion: clusterregistry.k8s.io/v1alpha1\nkind: Cluster\nmetadata: {name: old}\nspec: {kubernetesApiEndpoints: {serverEndpoints: [{serverAddress: "https://old"}]}}\n',
  'clusters/shipper.yaml':
    'apiVersion: shipper.booking.com/v1alpha1\nkind: Cluster\nmetadata: {name: shipper, labels: {env: prod}}\nspec: {region: eu, apiMaster: "https://shipper"}\n',
  'shop/namespace.yaml':
    'apiVersion: types.kubefed.io/v1beta1\nkind: FederatedNamespace\nmetadata: {name: shop, namespace: shop}\nspec: {placement: {clusters: [{name: own}, {name: kubefed}, {name: old}]}}\n',
  'shop/web.yaml':
    'apiVersion: types.kubefed.io/v1beta1\nkind: FederatedDeployment\nmetadata: {name: web, namespace: shop}\nspec:\n  template: {spec: {replicas: 1}}\n  placement: {clusterSelector: {matchLabels: {env: prod}}}\n  overrides: [{clusterName: own, clusterOverrides: [{path: /spec/paused, value: true}]}]\n',
  'shop/preference.yaml':
    'apiVersion: scheduling.kubefed.io/v1alpha1\nkind: ReplicaSchedulingPreference\nmetadata: {name: web, namespace: shop}\nspec: {targetKind: FederatedDeployment, totalReplicas: 9, clusters: {"*": {weight: 1}}}\n',
  'shop/config.yaml':
    'apiVersion: types.federation.k8s.io/v1alpha1\nkind: FederatedConfigMap\nmetadata: {name: config, namespace: shop}\nspec: {template: {data: {a: b}}, placement: {clusterNames: [own, kubefed]}}\n',
  'shop/queue.yaml':
    'apiVersion: types.kubefed.io/v1beta1\nkind: FederatedQueue\nmetadata: {name: queue, namespace: shop}\nspec: {template: {spec: {size: 1}}, placement: {clusters: [{name: own}]}}\n',
  'types/queue.yaml':
    'apiVersion: core.kubefed.io/v1beta1\nkind: FederatedTypeConfig\nmetadata: {name: queues.example.com}\nspec:\n  targetType: {group: example.com, version: v1, kind: Queue, pluralName: queues, scope: Namespaced}\n  federatedType: {group: types.kubefed.io, version: v1beta1, kind: FederatedQueue, pluralName: federatedqueues}\n  propagation: Enabled\n',
} satisfies Sources

/** Slips of the pen that leave a document in error: what they do to its text. */
const slips: Readonly<Record<string, (text: string) => string | Uint8Array>> = {
  'is no YAML': (text) => `${text}a: [\n`,
  'is no UTF-8': (text) => Buffer.concat([Buffer.from(text), Buffer.from([0xff])]),
  'has a key twice': (text) => `${text}kind: Other\n`,
  'has no apiVersion': (text) => text.replace(/^apiVersion: .*\n/, ''),
  'has no kind': (text) => text.replace(/^kind: .*\n/m, ''),
  'has an empty kind': (text) => text.replace(/^kind: .*\n/m, 'kind:\n'),
  'has a slip in its kind': (text) => text.replace(/^kind: (.*)\n/m, 'kind: $1s\n'),
  'has its kind in another case': (text) =>
    text.replace(/^kind: (.*)\n/m, (_, kind) => `kind: ${kind.toLowerCase()}\n`),
  'has a slip in its group': (text) => text.replace(/^apiVersion: (.)/, 'apiVersion: $1x'),
  'has another group': (text) => text.replace(/^apiVersion: .*\//, 'apiVersion: example.com/'),
  'has no group': (text) => text.replace(/^apiVersion: .*\//, 'apiVersion: '),
  'has no metadata': (text) => text.replace(/^metadata: .*\n/m, ''),
  'has no name': (text) => text.replace(/name: [a-z.]+/, 'nam: x'),
  'has a number for a name': (text) => text.replace(/(metadata: \{name: )[a-z.]+/, '$15'),
  'has a text for a spec': (text) => text.replace(/^spec:(.|\n)*/m, 'spec: text\n'),
}

const errorsOf = ({ lines }: Rendered) => lines.filter((line) => line.includes(': error: '))

const workFiles = Object.keys(sources).filter((one) => one !== 'flotilla.yaml') as (keyof typeof sources)[]

/** Two ways to write the same fleet: a file for each document, and one file for all but the Fleet. */
const layouts: Readonly<Record<string, (texts: Readonly<Record<string, string | Uint8Array>>) => Sources>> = {
  'in files of their own': (texts) => texts,
  'in one file': ({ 'flotilla.yaml': fleet = '', ...rest }) => ({
    'flotilla.yaml': fleet,
    'all.yaml': Buffer.concat(Object.values(rest).flatMap((text) => [Buffer.from(text), Buffer.from('---\n')])),
  }),
}

for (const [layout, arrange] of Object.entries(layouts)) {
  describe(`a slip of the pen never moves anything: documents ${layout}`, () => {
    let previous: Rendered
    before(async () => {
      previous = await renderSources(arrange(sources))
      assert.deepEqual(
        previous.lines.filter((line) => !line.includes('[preference-lost]')),
        [],
      )
      assert.equal([...(previous.files?.keys() ?? [])].filter((path) => path.startsWith('clusters/')).length, 9)
    })

    for (const path of workFiles) {
      for (const [what, slip] of Object.entries(slips)) {
        it(`${path} ${what}: an error, and the generated tree stays as it is`, async () => {
          const broken = slip(sources[path])
          assert.notEqual(String(broken), sources[path], 'the slip does nothing')
          const rendered = await renderSources(arrange({ ...sources, [path]: broken }), { previous })
          assert.ok(errorsOf(rendered).length > 0, rendered.lines.join('\n'))
          assert.ok(rendered.files)
          const all = new Set([...rendered.files.keys(), ...(previous.files?.keys() ?? [])])
          const differing = [...all].filter((file) => rendered.files?.get(file) !== previous.files?.get(file))
          assert.deepEqual(differing, [])
        })
      }
    }
  })
}

describe('a file that turns into a link out of the tree', () => {
  for (const path of workFiles) {
    it(`${path}: an error, and the generated tree stays as it is`, async () => {
      const previous = await renderSources(sources)
      const rendered = await renderSources({ ...sources, [path]: { link: '/etc/hostname' } }, { previous })
      assert.ok(errorsOf(rendered).some((line) => line.startsWith(path) && line.endsWith('[file-symlink]')))
      assert.deepEqual(rendered.files, previous.files)
    })
  }
})

describe('a slip of the pen in the Fleet', () => {
  for (const [what, slip] of Object.entries(slips)) {
    it(`${what}: an error, and nothing is rendered`, async () => {
      const rendered = await renderSources({ ...sources, 'flotilla.yaml': slip(sources['flotilla.yaml']) })
      assert.equal(rendered.exit, 2)
      assert.ok(errorsOf(rendered).length > 0)
    })
  }
})
