import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { ChartRequest } from '../../../render/charts.ts'
import { mergeValues } from '../../../render/shipper/values.ts'
import { getIn, type Json, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import { fleet } from '../helper.ts'
import {
  document,
  edge,
  inventory,
  inventoryOf,
  labelsOf,
  names,
  objectIn,
  objectsOf,
  priority,
  records,
  telling,
  valuesIn,
  workload,
  world,
} from './overrides.ts'
import { rehearse, testCharts } from './rehearsal.ts'
import { releaseDocument, releasesOf } from './written.ts'

describe('values of one cluster', () => {
  const cases: readonly Readonly<Record<'values' | 'over' | 'merged', JsonObject> & { name: string }>[] = [
    {
      name: 'are merged, object by object',
      values: { a: { b: 1 } },
      over: { a: { c: 2 } },
      merged: { a: { b: 1, c: 2 } },
    },
    { name: 'replace lists', values: { a: [1, 2] }, over: { a: [3] }, merged: { a: [3] } },
    { name: 'take a key out by null', values: { a: 1, b: 2 }, over: { a: null }, merged: { a: null, b: 2 } },
    { name: 'take an object out by null', values: { a: { b: 1 } }, over: { a: null }, merged: { a: null } },
    { name: 'replace a text by an object', values: { a: 'x' }, over: { a: { b: 1 } }, merged: { a: { b: 1 } } },
    { name: 'replace an object by a text', values: { a: { b: 1 } }, over: { a: 'x' }, merged: { a: 'x' } },
    { name: 'come back after a null', values: { a: null }, over: { a: { b: 1 } }, merged: { a: { b: 1 } } },
    { name: 'know no inherited keys', values: {}, over: { constructor: { a: 1 } }, merged: { constructor: { a: 1 } } },
  ]
  for (const { name, values, over, merged } of cases) {
    it(name, () => assert.deepEqual(mergeValues(values, over), merged))
  }
})

describe('overrides of an Application', () => {
  const replicas = { replicaCount: 4 }
  const cases: readonly { readonly name: string; readonly overrides: Json; readonly expected: Json }[] = [
    {
      name: 'concern the cluster they name',
      overrides: [{ clusterName: 'c2', values: { replicaCount: 10 } }],
      expected: { c1: replicas, c2: { replicaCount: 10 }, c3: replicas },
    },
    {
      name: 'concern the clusters that a selector matches',
      overrides: [{ ...edge, values: { cache: { size: 1 } } }],
      expected: { c1: { ...replicas, cache: { size: 1 } }, c2: replicas, c3: replicas },
    },
    {
      name: 'concern all clusters with an empty selector',
      overrides: [{ clusterSelector: {}, values: { a: 1 } }],
      expected: { c1: { ...replicas, a: 1 }, c2: { ...replicas, a: 1 }, c3: { ...replicas, a: 1 } },
    },
    {
      name: 'apply in order, and the later one wins, whichever names its cluster',
      overrides: [
        { clusterName: 'c1', values: { a: 1, b: 1 } },
        { ...edge, values: { a: 2 } },
        { clusterName: 'c1', values: { c: 3 } },
      ],
      expected: { c1: { ...replicas, a: 2, b: 1, c: 3 }, c2: replicas, c3: replicas },
    },
    {
      name: 'take a value out for the chart too, as Helm does',
      overrides: [{ clusterName: 'c3', values: { replicaCount: null } }],
      expected: { c1: replicas, c2: replicas, c3: { replicaCount: null } },
    },
  ]
  for (const { name, overrides, expected } of cases) {
    it(name, async () => {
      const { rehearsal } = world({ overrides })
      await rehearsal.settle()
      assert.deepEqual(rehearsal.said(), [])
      assert.deepEqual(valuesIn(rehearsal), expected)
    })
  }

  it('change objects of the chart by name, by kind, and several at once, before labels are put on', async () => {
    const { rehearsal } = world({
      overrides: [
        { clusterName: 'c1', target: { ...workload, name: 'web-web' }, clusterOverrides: priority },
        {
          clusterName: 'c2',
          target: { kind: 'ConfigMap' },
          clusterOverrides: [{ op: 'add', path: '/data/more', value: 'x' }],
        },
        {
          clusterName: 'c2',
          target: { group: '', kind: 'Service', name: 'web' },
          clusterOverrides: [{ path: 'spec.selector', value: { app: 'other' } }],
        },
        {
          clusterName: 'c3',
          target: workload,
          clusterOverrides: [
            { path: '/spec/selector/matchLabels', value: { app: 'mine' } },
            { path: '/spec/template/metadata/labels', value: { app: 'mine' } },
            { op: 'remove', path: '/spec/replicas' },
          ],
        },
      ],
    })
    await rehearsal.settle()
    assert.deepEqual(rehearsal.said(), [])
    const at = (cluster: string, path: string, ...steps: readonly string[]) =>
      getIn(objectIn(rehearsal, cluster, path), steps)
    const deployment = 'Deployment.apps/RELEASE-web'
    assert.deepEqual(
      names.map((name) => at(name, deployment, 'spec', 'template', 'spec', 'priorityClassName')),
      ['high', undefined, undefined],
    )
    assert.deepEqual(
      names.map((name) => [at(name, 'ConfigMap/same', 'data', 'more'), at(name, 'ConfigMap/values', 'data', 'more')]),
      [
        [undefined, undefined],
        ['x', 'x'],
        [undefined, undefined],
      ],
    )
    assert.deepEqual(at('c2', 'Service/web', 'spec', 'selector'), {
      app: 'other',
      'shipper-app': 'web',
      'shipper-traffic-status': 'enabled',
    })
    assert.equal(at('c3', deployment, 'spec', 'selector', 'matchLabels', 'app'), 'mine')
    assert.equal(at('c3', deployment, 'spec', 'selector', 'matchLabels', 'shipper-release'), 'RELEASE')
    assert.equal(at('c3', deployment, 'spec', 'template', 'metadata', 'labels', 'shipper-release'), 'RELEASE')
    const [release = ''] = releasesOf(rehearsal)
    const capacity = rehearsal.file(`rollouts/default/web/${release}/CapacityTarget.yaml`)
    assert.deepEqual(
      names.map((_, i) => getIn(capacity, ['spec', 'clusters', i, 'totalReplicaCount'])),
      [4, 4, 1],
    )
  })

  it('render the chart once for each of the values, under one name, and never again', async () => {
    const { rehearsal, rendered } = world({
      overrides: [
        { clusterName: 'c1', values: { a: 1 } },
        { clusterName: 'c2', values: { a: 1 } },
        { clusterName: 'c3', target: workload, clusterOverrides: priority },
      ],
    })
    await rehearsal.turn()
    assert.deepEqual(
      rendered.map(({ values }) => values),
      [{ replicaCount: 4, a: 1 }, { replicaCount: 4 }],
    )
    assert.deepEqual([...new Set(rendered.map(({ releaseName }) => releaseName))], releasesOf(rehearsal))
    await rehearsal.settle()
    assert.equal(rendered.length, 2)
  })

  it('ask for all renderings at once, and begin with all of them', async () => {
    const given = { overrides: [{ clusterName: 'c1', values: { a: 1 } }] }
    const charts = testCharts(telling)
    const known = new Set<string>()
    const keyOf = ({ values }: ChartRequest) => JSON.stringify(values)
    const sources = { 'flotilla.yaml': fleet, 'clusters.yaml': inventory, 'app.yaml': document(given) }
    const rehearsal = rehearse(sources, {
      ...charts,
      render: (request) => (known.has(keyOf(request)) ? charts.render(request) : undefined),
    })
    const { needs } = await rehearsal.turn()
    const requests = needs.flatMap((need) => (need.type === 'render' ? [need.request] : []))
    assert.equal(requests.length, 2)
    for (const request of requests) {
      assert.deepEqual(releasesOf(rehearsal), [])
      known.add(keyOf(request))
      await rehearsal.turn()
    }
    assert.equal(releasesOf(rehearsal).length, 1)
  })

  it('may have objects in some clusters only', async () => {
    const { rehearsal } = world({ overrides: [{ ...edge, values: { ingress: true } }] })
    await rehearsal.settle()
    const path = 'Ingress.networking.k8s.io/RELEASE-public'
    assert.deepEqual(
      names.map((name) => objectIn(rehearsal, name, path) !== undefined),
      [true, false, false],
    )
  })
})

describe('records of a release with overrides', () => {
  const overrides = [
    { clusterName: 'c1', values: { replicaCount: 10 } },
    {
      clusterName: 'c2',
      target: { kind: 'ConfigMap', name: 'values' },
      clusterOverrides: [{ path: 'data.a', value: 'b' }],
    },
  ]

  it('hold each object once, with the clusters that have it', async () => {
    const { rehearsal } = world({ overrides })
    await rehearsal.settle()
    const [release = ''] = releasesOf(rehearsal)
    const folder = `rollouts/default/web/${release}/`
    const manifests = records(rehearsal).filter((path) => path.startsWith(`${folder}Manifest`))
    assert.deepEqual(
      manifests.map((path) => {
        const record = rehearsal.file(path)
        const items = getIn(record, ['items']) as readonly KubeObject[]
        const clusters = getIn(record, ['metadata', 'annotations', 'flotilla.dev/clusters'])
        return [path.slice(folder.length), clusters, items.map(({ kind, metadata }) => `${kind}/${metadata.name}`)]
      }),
      [
        ['Manifest-1.yaml', 'c1', ['ConfigMap/values', `Deployment/${release}-web`]],
        ['Manifest-2.yaml', 'c2', ['ConfigMap/values']],
        ['Manifest-3.yaml', 'c2,c3', [`Deployment/${release}-web`]],
        ['Manifest-4.yaml', 'c3', ['ConfigMap/values']],
        ['Manifest.yaml', undefined, ['Service/web', 'ConfigMap/same']],
      ],
    )
    const recorded = getIn(rehearsal.file(`${folder}Release.yaml`), ['spec', 'environment', 'overrides'])
    assert.deepEqual(recorded, overrides)
  })

  it('stay as they are when labels of clusters change, and the next release goes by the new ones', async () => {
    const { rehearsal } = world({ overrides: [{ ...edge, values: { replicaCount: 10 } }] })
    await rehearsal.settle()
    const before = rehearsal.texts()
    const labels = { ...labelsOf, c1: {}, c3: { tier: 'edge' } }
    rehearsal.sources = { ...rehearsal.sources, 'clusters.yaml': inventoryOf(labels) }
    await rehearsal.settle()
    const own = (texts: ReadonlyMap<string, string>) =>
      [...texts].filter(([path]) => !path.startsWith('decisions/')).sort()
    assert.deepEqual(own(rehearsal.texts()), own(before))
    const given = { overrides: [{ ...edge, values: { replicaCount: 12 } }] }
    const [first = ''] = releasesOf(rehearsal)
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': document(given), 'r.yaml': releaseDocument(first, 2) }
    await rehearsal.settle()
    const second = releasesOf(rehearsal).at(-1) ?? ''
    assert.notEqual(second, first)
    const capacity = rehearsal.file(`rollouts/default/web/${second}/CapacityTarget.yaml`)
    assert.deepEqual(
      names.map((_, i) => getIn(capacity, ['spec', 'clusters', i, 'totalReplicaCount'])),
      [4, 4, 12],
    )
  })

  for (const lost of ['Manifest.yaml', 'Manifest-1.yaml', 'Manifest-4.yaml']) {
    it(`hold the application as it is where ${lost} is lost`, async () => {
      const { rehearsal } = world({ overrides })
      await rehearsal.settle()
      rehearsal.lose((path) => path.endsWith(`/${lost}`))
      const before = rehearsal.texts()
      await rehearsal.turn()
      assert.match(
        rehearsal.said().join('\n'),
        /^app\.yaml:\d+:\d+: error: the records of this application in .* cannot be read; it stays as it is \[previous\]$/,
      )
      assert.deepEqual([...rehearsal.texts()].sort(), [...before].sort())
    })
  }

  it('are the same bytes as ever without overrides, also with an empty list, and under the same name', async () => {
    const plain = world({})
    await plain.rehearsal.settle()
    for (const overrides of [[], null]) {
      const { rehearsal } = world({ overrides })
      await rehearsal.settle()
      assert.deepEqual([...rehearsal.texts()].sort(), [...plain.rehearsal.texts()].sort())
    }
    const names = records(plain.rehearsal).map((path) => path.split('/').at(-1))
    assert.deepEqual(names, [
      'CapacityTarget.yaml',
      'InstallationTarget.yaml',
      'Manifest.yaml',
      'Release.yaml',
      'TrafficTarget.yaml',
    ])
    assert.doesNotMatch([...plain.rehearsal.texts().values()].join('\n'), /overrides|flotilla\.dev\/manifests/)
  })
})

describe('a change of overrides', () => {
  it('is a new release that walks the steps, and its revert is an abort', async () => {
    const { rehearsal } = world({})
    await rehearsal.settle()
    const [first = ''] = releasesOf(rehearsal)
    rehearsal.sources = { ...rehearsal.sources, 'r.yaml': releaseDocument(first, 2) }
    await rehearsal.settle()
    const one = rehearsal.sources['app.yaml'] ?? ''
    rehearsal.sources = {
      ...rehearsal.sources,
      'app.yaml': document({ overrides: [{ clusterName: 'c1', values: { a: 1 } }] }),
    }
    await rehearsal.settle()
    const [, second = ''] = releasesOf(rehearsal)
    const record = rehearsal.file(`rollouts/default/web/${second}/Release.yaml`)
    assert.deepEqual(getIn(record, ['status', 'achievedStep']), { step: 0, name: 'staging' })
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': one }
    await rehearsal.settle()
    assert.deepEqual(releasesOf(rehearsal), [first])
  })
})

describe('whatever overrides there are', () => {
  const scalar = fc.constantFrom<Json>(1, 2, 'x', true, null, [1], [])
  const values: fc.Arbitrary<JsonObject> = fc.letrec<{ object: JsonObject; value: Json }>((tie) => ({
    object: fc.dictionary(fc.constantFrom('a', 'b', 'replicaCount'), tie('value'), { maxKeys: 3 }),
    value: fc.oneof({ weight: 3, arbitrary: scalar }, { weight: 1, arbitrary: tie('object') }),
  })).object
  const where = fc.constantFrom<JsonObject>(
    ...names.map((clusterName) => ({ clusterName })),
    edge,
    { clusterSelector: {} },
    { clusterSelector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] } },
    { clusterSelector: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['edge'] }] } },
  )
  const matches = (entry: JsonObject, cluster: string): boolean => {
    if (entry.clusterName !== undefined) return entry.clusterName === cluster
    const { tier } = labelsOf[cluster] ?? {}
    if (entry.clusterSelector === edge.clusterSelector) return tier === 'edge'
    const operator = getIn(entry, ['clusterSelector', 'matchExpressions', 0, 'operator'])
    return operator === undefined || (operator === 'Exists' ? tier !== undefined : tier !== 'edge')
  }

  it('each cluster has what its own values alone would give', async () => {
    await fc.assert(
      fc.asyncProperty(values, fc.array(fc.tuple(where, values), { maxLength: 4 }), async (base, entries) => {
        const overrides = entries.map(([entry, own]) => ({ ...entry, values: own }))
        const { rehearsal } = world({ values: base, overrides })
        await rehearsal.turn()
        for (const name of names) {
          const own = entries.filter(([entry]) => matches(entry, name)).map(([, one]) => one)
          const alone = world({ values: own.reduce(mergeValues, base) })
          await alone.rehearsal.turn()
          assert.deepEqual(objectsOf(rehearsal, name), objectsOf(alone.rehearsal, name))
        }
      }),
      { numRuns: 40 },
    )
  })
})
