import assert from 'node:assert/strict'
import type { Json, JsonObject } from '../../repo-layout/json.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'
import { clustersWith, documents, federated, fleet, renderFleet, valueIn } from './helper.ts'
import { readTable } from './tables.ts'

interface TemplateRow {
  readonly name: string
  readonly annotations?: JsonObject
  readonly spec: JsonObject
  readonly object?: JsonObject
  readonly says?: readonly string[]
}

interface KindRow {
  readonly name: string
  readonly apiVersion?: string
  readonly kind: string
  readonly named?: string
  readonly template?: JsonObject
  readonly with?: readonly Json[]
  readonly expect?: string
  readonly becomes?: string
  readonly says?: string
  readonly error?: string
}

const placement = { clusters: [{ name: 'cluster1' }] }
const apiVersion = 'types.kubefed.io/v1beta1'

describe('templates: what a copy holds', () => {
  for (const { name, annotations, spec, object = {}, says = [] } of readTable<TemplateRow>('template')) {
    it(name, async () => {
      const metadata = { name: 'web', namespace: 'shop', ...(annotations ? { annotations } : {}) }
      const document = { apiVersion, kind: 'FederatedConfigMap', metadata, spec: { ...spec, placement } }
      const rendered = await renderFleet({ 'w.yaml': stringifyYaml(document) })
      const { metadata: meta = {}, ...body } = object as { metadata?: { labels?: JsonObject } } & JsonObject
      assert.deepEqual(valueIn(rendered, 'clusters/cluster1/shop/ConfigMap/web.yaml'), {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'web', namespace: 'shop', ...meta, labels: { ...meta.labels, 'flotilla.dev/fleet': 'prod' } },
        ...body,
      })
      assert.equal(rendered.lines.length, says.length, rendered.lines.join('\n'))
      for (const [i, text] of says.entries()) assert.ok(rendered.lines[i]?.includes(text), rendered.lines[i])
    })
  }

  it('retainReplicas has no effect on Services and ServiceAccounts, as in kubefed', async () => {
    for (const kind of ['Service', 'ServiceAccount']) {
      const rendered = await renderFleet({ 'w.yaml': federated(kind, 'web', { placement, retainReplicas: true }) })
      const path = `clusters/cluster1/shop/${kind}/web.yaml`
      assert.deepEqual(valueIn(rendered, path, ['metadata', 'name']), 'web')
      assert.equal(valueIn(rendered, path, ['metadata', 'annotations']), undefined)
    }
  })

  it('an object without a namespace is in default, and default is not made', async () => {
    const document = { apiVersion, kind: 'FederatedConfigMap', metadata: { name: 'web' }, spec: { placement } }
    const rendered = await renderFleet({ 'w.yaml': stringifyYaml(document) })
    const paths = [...(rendered.files?.keys() ?? [])].filter((path) => path.startsWith('clusters/'))
    assert.deepEqual(paths, ['clusters/cluster1/default/ConfigMap/web.yaml'])
  })

  it('clusters whose copies are equal get equal bytes', async () => {
    const spec = {
      template: { data: { a: 'b' } },
      placement: { clusterSelector: {} },
      overrides: [{ clusterName: 'cluster2', clusterOverrides: [{ path: '/data/a', value: 'c' }] }],
    }
    const { output } = await renderFleet({ 'w.yaml': federated('ConfigMap', 'web', spec) })
    const oids = ['cluster1', 'cluster2', 'cluster3'].map(
      (name) => output?.files.get(`clusters/${name}/shop/ConfigMap/web.yaml`)?.oid,
    )
    assert.equal(oids[0], oids[2])
    assert.notEqual(oids[0], oids[1])
  })
})

describe('our annotations with a value that means nothing', () => {
  const before = federated('ConfigMap', 'web', { template: { data: { a: 'old' } }, placement })
  const wrong: readonly (readonly [key: string, value: string, write: string])[] = [
    ['suspend', 'yes', '"true" or "false"'],
    ['prune', 'False', '"true" or "false"'],
    ['recreate', '', '"true" or "false"'],
    ['drift', 'heal', 'Heal or Report'],
    ['adopt', 'always', 'Never, IfNoDiff or Always'],
    ['ignore-differences', 'spec.replicas', 'JSON pointers separated by commas, such as /spec/replicas'],
  ]
  for (const [key, value, write] of wrong) {
    const notes = { [`flotilla.dev/${key}`]: value }
    const around = stringifyYaml({
      apiVersion,
      kind: 'FederatedConfigMap',
      metadata: { name: 'web', namespace: 'shop', annotations: notes },
      spec: { template: { data: { a: 'new' } }, placement },
    })
    const inside = { template: { metadata: { annotations: notes }, data: { a: 'new' } }, placement }
    for (const [where, text] of [
      ['on the federated object', around],
      ['in its template', federated('ConfigMap', 'web', inside)],
    ] as const)
      it(`${key} ${where} is an error at its place, and the copies stay as they are`, async () => {
        const previous = await renderFleet({ 'w.yaml': before })
        const rendered = await renderFleet({ 'w.yaml': text }, { previous })
        assert.deepEqual(rendered.files, previous.files)
        const said = `flotilla.dev/${key}: ${JSON.stringify(value)} means nothing; write ${write}`
        assert.deepEqual(
          rendered.messages.map((message) => [message.severity, message.code, message.text]),
          [['error', 'annotation', `${said}; its copies stay as they are`]],
        )
        const line = text.split('\n')[(rendered.messages[0]?.line ?? 0) - 1]
        assert.match(line ?? '', new RegExp(`flotilla.dev/${key}`))
      })
  }

  it('an override that writes one fails for its cluster alone', async () => {
    const clusterOverrides = [{ op: 'add', path: '/metadata/annotations', value: { 'flotilla.dev/suspend': 'on' } }]
    const overrides = [{ clusterName: 'cluster1', clusterOverrides }]
    const spec = { template: { data: { a: 'new' } }, placement: { clusterSelector: {} }, overrides }
    const rendered = await renderFleet({ 'w.yaml': federated('ConfigMap', 'web', spec) })
    assert.deepEqual(clustersWith(rendered, 'shop/ConfigMap/web.yaml'), ['cluster2', 'cluster3'])
    assert.match(rendered.lines.join('\n'), /cluster1: flotilla.dev\/suspend: "on" means nothing.*\[override-failed\]/)
  })
})

describe('kinds: which object a federated document stands for', () => {
  for (const row of readTable<KindRow>('kind')) {
    it(row.name, async () => {
      const metadata = { name: row.named ?? 'web', namespace: 'shop' }
      const spec = { placement, ...(row.template ? { template: row.template } : {}) }
      const document = { apiVersion: row.apiVersion ?? apiVersion, kind: row.kind, metadata, spec }
      const more = row.with ? { 'more.yaml': documents(row.with) } : {}
      const rendered = await renderFleet({ 'w.yaml': stringifyYaml(document), ...more })
      const said = rendered.lines.join('\n')
      assert.equal(rendered.exit, row.error === undefined ? 0 : 1, said)
      assert.ok(said.includes(row.error ?? row.says ?? ''), said)
      if (row.error === undefined && row.says === undefined) assert.equal(said, '')
      if (row.expect === undefined) return
      assert.equal(valueIn(rendered, `clusters/cluster1/${row.expect}`, ['apiVersion']), row.becomes)
      const namespace = valueIn(rendered, `clusters/cluster1/${row.expect}`, ['metadata', 'namespace'])
      assert.equal(namespace, row.expect.startsWith('_cluster') ? undefined : 'shop')
    })
  }

  it('a type whose propagation is disabled leaves its copies as they are, and says so', async () => {
    const type = (propagation: string) =>
      documents([
        {
          apiVersion: 'core.kubefed.io/v1beta1',
          kind: 'FederatedTypeConfig',
          metadata: { name: 'configmaps' },
          spec: {
            federatedType: { group: 'types.kubefed.io', version: 'v1beta1', kind: 'FederatedConfigMap' },
            targetType: { version: 'v1', kind: 'ConfigMap', scope: 'Namespaced' },
            propagation,
          },
        },
      ])
    const web = (a: string) => federated('ConfigMap', 'web', { template: { data: { a } }, placement })
    const previous = await renderFleet({ 'w.yaml': web('old'), 't.yaml': type('Enabled') })
    const rendered = await renderFleet({ 'w.yaml': web('new'), 't.yaml': type('Disabled') }, { previous })
    assert.deepEqual(rendered.files, previous.files)
    assert.match(rendered.lines[0] ?? '', /warning: propagation of FederatedConfigMap is disabled/)
  })
})

describe('two FederatedTypeConfigs of one kind', () => {
  it('are errors at both places, and what is of that kind stays', async () => {
    const type = (version: string) =>
      documents([
        {
          apiVersion: 'core.kubefed.io/v1beta1',
          kind: 'FederatedTypeConfig',
          metadata: { name: 'queues.example.com' },
          spec: {
            federatedType: { group: 'types.kubefed.io', version: 'v1beta1', kind: 'FederatedQueue' },
            targetType: { group: 'example.com', version, kind: 'Queue', scope: 'Namespaced' },
          },
        },
      ])
    const sources = { 't.yaml': type('v1'), 'w.yaml': federated('Queue', 'web', { template: {}, placement }) }
    const previous = await renderFleet(sources)
    assert.deepEqual(clustersWith(previous, 'shop/Queue.example.com/web.yaml'), ['cluster1'])
    const rendered = await renderFleet({ ...sources, 'u.yaml': type('v2') }, { previous })
    assert.deepEqual(rendered.files, previous.files)
    assert.deepEqual(
      rendered.messages.map(({ path, code }) => [path, code]),
      [
        ['t.yaml', 'duplicate'],
        ['u.yaml', 'duplicate'],
      ],
    )
  })
})

describe('Secrets in clear', () => {
  const strict = `${fleet}spec: {secrets: {allowPlaintext: false}}\n`
  const inTemplate = { template: { stringData: { password: 'hunter2' } }, placement }
  const inOverride = (path: string, value: Json) => ({
    template: {},
    placement,
    overrides: [{ clusterName: 'cluster1', clusterOverrides: [{ op: 'add', path, value }] }],
  })
  const ways: Readonly<Record<string, Json>> = {
    'in the template': inTemplate,
    'in an override': inOverride('/data', { password: 'aHVudGVyMg==' }),
    'in an override of one key': inOverride('/stringData/password', 'hunter2'),
    'in a dotted override': inOverride('stringData.password', 'hunter2'),
  }
  for (const [way, spec] of Object.entries(ways)) {
    it(`${way} are a warning`, async () => {
      const rendered = await renderFleet({ 'w.yaml': federated('Secret', 'web', spec) })
      const said = rendered.messages.filter(({ code }) => code === 'secret-plaintext')
      assert.deepEqual(
        said.map(({ severity }) => severity),
        ['warning'],
      )
    })

    it(`${way} are an error that holds the Secret where the Fleet does not allow them`, async () => {
      const rendered = await renderFleet({ 'flotilla.yaml': strict, 'w.yaml': federated('Secret', 'web', spec) })
      assert.deepEqual(clustersWith(rendered, 'shop/Secret/web.yaml'), [])
      assert.equal(rendered.exit, 1)
    })
  }

  it('a Secret without content is no news', async () => {
    const rendered = await renderFleet({ 'w.yaml': federated('Secret', 'web', { template: { data: {} }, placement }) })
    assert.deepEqual(rendered.lines, [])
  })
})
