import assert from 'node:assert/strict'
import type { Json } from '../../../repo-layout/json.ts'
import { document, edge, priority, workload, world } from './overrides.ts'
import type { Rehearsal } from './rehearsal.ts'
import { releaseDocument, releasesOf } from './written.ts'

describe('overrides that cannot be used', () => {
  const target = { kind: 'ConfigMap', name: 'same' }
  const cases: readonly {
    readonly name: string
    readonly overrides: Json
    readonly said: RegExp
    readonly places?: number
  }[] = [
    {
      name: 'a selector that cannot be evaluated',
      overrides: [{ clusterSelector: { matchExpressions: [{ key: 'tier', operator: 'In' }] }, values: {} }],
      said: /^app\.yaml:\d+:\d+: error: the operator In needs at least one value; this application stays as it is \[selector\]$/,
    },
    {
      name: 'an operator that there is not',
      overrides: [{ clusterSelector: { matchExpressions: [{ key: 'tier', operator: 'in' }] }, values: {} }],
      said: /error: spec\.template\.overrides\[0\]\.clusterSelector\.matchExpressions\[0\]\.operator: expected "In" or .*did you mean "In"/,
    },
    {
      name: 'no clusters',
      overrides: [{ values: { a: 1 } }],
      said: /error: spec\.template\.overrides\[0\]: expected exactly one of clusterName, clusterSelector \[schema\]/,
    },
    {
      name: 'clusters said twice',
      overrides: [{ clusterName: 'c1', ...edge, values: { a: 1 } }],
      said: /error: spec\.template\.overrides\[0\]: expected exactly one of clusterName, clusterSelector \[schema\]/,
    },
    {
      name: 'nothing that would be other',
      overrides: [{ clusterName: 'c1' }],
      said: /error: spec\.template\.overrides\[0\]: expected values, or target and clusterOverrides \[schema\]/,
    },
    {
      name: 'changes of no object',
      overrides: [{ clusterName: 'c1', clusterOverrides: priority }],
      said: /error: spec\.template\.overrides\[0\]: expected target and clusterOverrides together \[schema\]/,
    },
    {
      name: 'an object without a change',
      overrides: [{ clusterName: 'c1', target, clusterOverrides: [] }],
      said: /error: spec\.template\.overrides\[0\]\.clusterOverrides: must hold at least 1 entries \[schema\]/,
    },
    {
      name: 'a field with a slip',
      overrides: [{ clusterName: 'c1', value: { a: 1 }, values: {} }],
      said: /error: spec\.template\.overrides\[0\]\.value is not a field of this kind; did you mean "values"\?/,
    },
    {
      name: 'a protected path',
      overrides: [{ clusterName: 'c1', target, clusterOverrides: [{ path: '/metadata/name', value: 'x' }] }],
      said: /error: the path "\/metadata\/name" cannot be overridden; this application stays as it is \[override-protected\]$/,
    },
    {
      name: 'a path twice',
      overrides: [
        {
          clusterName: 'c1',
          target,
          clusterOverrides: [
            { path: '/data/a', value: 'x' },
            { path: '/data/a', value: 'y' },
          ],
        },
      ],
      places: 2,
      said: /error: the path "\/data\/a" appears more than once for cluster "c1"; this application stays as it is \[override-duplicate\]/,
    },
    {
      name: 'a path that leads nowhere',
      overrides: [{ ...edge, target, clusterOverrides: [{ op: 'remove', path: '/data/none' }] }],
      said: /^app\.yaml:\d+:\d+: error: in c1: ConfigMap\/same: there is no \/data\/none to remove \[override-failed\]$/,
    },
    {
      name: 'a change of what an object is',
      overrides: [{ clusterName: 'c1', target, clusterOverrides: [{ path: '/metadata', value: { name: 'x' } }] }],
      said: /error: in c1: ConfigMap\/same: overrides must not change kind, name or namespace, nor take the apiVersion \[override-failed\]$/,
    },
    {
      name: 'a label that is no text',
      overrides: [{ clusterName: 'c1', target, clusterOverrides: [{ path: '/metadata/labels', value: { a: 1 } }] }],
      said: /error: in c1: ConfigMap\/same: metadata\.labels: "a" is 1; quote it, API servers take only text \[override-failed\]$/,
    },
    {
      name: 'a target that the chart does not render',
      overrides: [{ clusterSelector: {}, target: { ...workload, name: 'api' }, clusterOverrides: priority }],
      said: /error: in c1, c2, c3: the chart renders no Deployment\.apps "api"; it renders Service "web", ConfigMap "same", ConfigMap "values", Deployment\.apps "web-web" \[override-failed\]$/,
    },
    {
      name: 'a target of another group',
      overrides: [{ clusterName: 'c1', target: { group: '', kind: 'Deployment' }, clusterOverrides: priority }],
      said: /error: in c1: the chart renders no Deployment; it renders .*Deployment\.apps "web-web" \[override-failed\]$/,
    },
    {
      name: 'another workload in one cluster',
      overrides: [{ clusterName: 'c2', values: { stateful: true } }],
      said: /error: the workload must be the same in all clusters of a release, but it is Deployment\.apps\/default\/web-[0-9a-f]+-0-web in c1, c3 and StatefulSet\.apps\/default\/web-[0-9a-f]+-0-web in c2 \(BrokenChartSpec\) \[chart\]$/,
    },
    {
      name: 'another Service in one cluster',
      overrides: [{ clusterName: 'c1', values: { service: 'other' } }],
      said: /error: the Service that carries the traffic must be the same in all clusters of a release, but it is Service\/default\/other in c1 and Service\/default\/web in c2, c3 \(BrokenChartSpec\) \[chart\]$/,
    },
    {
      name: 'a chart that is not fit in one cluster',
      overrides: [
        { clusterName: 'c1', target: workload, clusterOverrides: [{ path: '/apiVersion', value: 'apps/v2' }] },
      ],
      said: /error: in c1: chart nginx 0\.0\.1: Deployment "web-[0-9a-f]+-0-web" is of apps\/v2; write apiVersion: apps\/v1 \(BrokenChartSpec\) \[chart\]$/,
    },
  ]
  for (const { name, overrides, said, places = 1 } of cases) {
    it(`begin no release, and nothing changes: ${name}`, async () => {
      const { rehearsal } = world({})
      await rehearsal.settle()
      const before = rehearsal.texts()
      rehearsal.sources = { ...rehearsal.sources, 'app.yaml': document({ overrides }) }
      await rehearsal.settle()
      const errors = rehearsal.said().filter((line) => line.includes(': error: '))
      assert.equal(errors.length, places, errors.join('\n'))
      for (const error of errors) assert.match(error, said)
      assert.deepEqual([...rehearsal.texts()].sort(), [...before].sort())
    })
  }

  it('take nothing from a version that is half-way, until they are mended', async () => {
    const { rehearsal } = world({})
    await rehearsal.settle()
    const [first = ''] = releasesOf(rehearsal)
    const change = async (sources: Rehearsal['sources']) => {
      rehearsal.sources = { ...rehearsal.sources, ...sources }
      await rehearsal.settle()
    }
    await change({ 'r.yaml': releaseDocument(first, 2) })
    await change({ 'app.yaml': document({ version: '0.0.2' }) })
    const [, second = ''] = releasesOf(rehearsal)
    await change({ 'r.yaml': releaseDocument(second, 1) })
    const before = rehearsal.texts()
    const broken = { clusterName: 'c1', target: { kind: 'Job' }, clusterOverrides: priority }
    await change({ 'app.yaml': document({ version: '0.0.3', overrides: [broken] }) })
    assert.match(
      rehearsal.said().join('\n'),
      /error: in c1: the chart renders no Job; it renders .* \[override-failed\]/,
    )
    assert.deepEqual([...rehearsal.texts()].sort(), [...before].sort())
    await change({ 'app.yaml': document({ version: '0.0.3', overrides: [{ ...broken, target: workload }] }) })
    assert.equal(releasesOf(rehearsal).length, 2)
    assert.ok(!releasesOf(rehearsal).includes(second))
  })

  it('warn of a cluster that is in no inventory', async () => {
    const { rehearsal } = world({ overrides: [{ clusterName: 'c11', values: { a: 1 } }] })
    await rehearsal.settle()
    assert.deepEqual(rehearsal.said(), [
      'app.yaml:41:22: warning: the cluster "c11" is in no inventory; did you mean "c1"? [cluster-unknown]',
    ])
    assert.equal(releasesOf(rehearsal).length, 1)
  })
})
