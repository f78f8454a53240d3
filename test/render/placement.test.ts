import assert from 'node:assert/strict'
import type { Json } from '../../repo-layout/json.ts'
import { stringifyYaml } from '../../repo-layout/yaml/stringify.ts'
import { clusters, clustersWith, federated, fleet, renderFleet, renderSources } from './helper.ts'
import { readTable } from './tables.ts'

interface PlacementRow {
  readonly name: string
  readonly apiVersion?: string
  readonly spec?: Json
  readonly expect: readonly string[] | 'held'
  readonly says?: string
}

interface SelectorRow {
  readonly name: string
  readonly selector: Json
  readonly expect?: readonly string[]
  readonly error?: string
}

const path = 'shop/ConfigMap/web.yaml'
const before = {
  'w.yaml': federated('ConfigMap', 'web', { template: {}, placement: { clusters: [{ name: 'cluster3' }] } }),
}

describe('placement: which clusters get a federated object', () => {
  for (const { name, apiVersion = 'types.kubefed.io/v1beta1', spec, expect, says } of readTable<PlacementRow>(
    'placement',
  )) {
    it(name, async () => {
      const metadata = { name: 'web', namespace: 'shop' }
      const document = { apiVersion, kind: 'FederatedConfigMap', metadata, ...(spec === undefined ? {} : { spec }) }
      const previous = await renderFleet(before)
      const rendered = await renderFleet({ 'w.yaml': stringifyYaml(document) }, { previous })
      assert.deepEqual(
        clustersWith(rendered, path),
        expect === 'held' ? ['cluster3'] : expect,
        rendered.lines.join('\n'),
      )
      assert.equal(rendered.exit, expect === 'held' ? 1 : 0)
      if (says !== undefined) assert.ok(rendered.lines.join('\n').includes(says), rendered.lines.join('\n'))
    })
  }
})

describe('cluster selectors: as Kubernetes evaluates a label selector', () => {
  const inventory = clusters(['a', 'b', 'c', 'd'], {
    a: { env: 'prod', tier: 'edge' },
    b: { env: 'test' },
    c: { env: '' },
  })
  const render = (spec: Json) =>
    renderSources({ 'flotilla.yaml': fleet, 'clusters.yaml': inventory, 'w.yaml': federated('ConfigMap', 'web', spec) })

  for (const { name, selector, expect, error } of readTable<SelectorRow>('selector')) {
    it(name, async () => {
      const rendered = await render({ template: {}, placement: { clusterSelector: selector } })
      assert.deepEqual(clustersWith(rendered, path), expect ?? [])
      assert.equal(rendered.exit, error === undefined ? 0 : 1, rendered.lines.join('\n'))
      if (error !== undefined) assert.ok(rendered.lines.join('\n').includes(error), rendered.lines.join('\n'))
    })
  }

  it('override selectors are evaluated alike', async () => {
    const clusterOverrides = [{ op: 'add', path: '/data', value: { edge: 'yes' } }]
    for (const { selector, expect, error } of readTable<SelectorRow>('selector')) {
      const overrides = [{ clusterSelector: selector, clusterOverrides }]
      const rendered = await render({ template: {}, placement: { clusterSelector: {} }, overrides })
      const files = [...(rendered.files ?? [])].filter(([file]) => file.endsWith(path))
      const changed = files.filter(([, text]) => text.includes('edge')).map(([file]) => file.split('/')[1])
      assert.deepEqual(changed, expect ?? [])
      assert.equal(files.length, error === undefined ? 4 : 0)
    }
  })
})
