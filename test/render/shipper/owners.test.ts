import assert from 'node:assert/strict'
import { getIn, type Json } from '../../../repo-layout/json.ts'
import { federated, fleet, type Sources } from '../helper.ts'
import { nginxCharts } from './fixtures.ts'
import { type Rehearsal, rehearse } from './rehearsal.ts'
import { applicationDocument, blockDocument, clusterDocument, releaseDocument, releasesOf } from './written.ts'

const inBoth = { clusterRequirements: { regions: [{ name: 'local', replicas: 2 }] } }
const web = applicationDocument('web', inBoth)
const api = applicationDocument('api', inBoth)
const clusters = (...names: readonly string[]) => names.map((name) => clusterDocument({ name })).join('---\n')
const clusterRole = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'web' },
  rules: [],
}
const federatedService = federated(
  'Service',
  'nginx',
  { placement: { clusterSelector: {} }, template: { spec: { ports: [{ port: 80 }], selector: { app: 'other' } } } },
  { namespace: 'default' },
)

/** A fleet of two clusters in which the first version of `web` has everything. */
async function running(more: Sources = {}, charts = nginxCharts(() => [clusterRole])): Promise<Rehearsal> {
  const sources = { 'flotilla.yaml': fleet, 'clusters.yaml': clusters('c1', 'c2'), 'web.yaml': web, ...more }
  const rehearsal = rehearse(sources, charts)
  await rehearsal.settle()
  await edit(rehearsal, { 'release.yaml': releaseDocument(releasesOf(rehearsal)[0] ?? '', 2) })
  return rehearsal
}

async function edit(rehearsal: Rehearsal, more: Readonly<Record<string, string | undefined>>): Promise<void> {
  const merged = Object.entries({ ...rehearsal.sources, ...more })
  rehearsal.sources = Object.fromEntries(merged.filter(([, text]) => text !== undefined)) as Sources
  await rehearsal.settle()
}

function inClusters(rehearsal: Rehearsal): ReadonlyMap<string, Json> {
  const paths = rehearsal.paths().filter((path) => path.startsWith('clusters/'))
  return new Map(paths.map((path) => [path, rehearsal.file(path) ?? null]))
}

function owner(rehearsal: Rehearsal, path = 'clusters/c1/default/Service/nginx.yaml'): Json | undefined {
  return getIn(rehearsal.file(path), ['metadata', 'labels', 'shipper-app'])
}

describe('an object that an application has', () => {
  for (const name of ['api', 'zoo']) {
    it(`is not taken from it by a new application, be its name before or after: ${name}`, async () => {
      const rehearsal = await running()
      const before = inClusters(rehearsal)
      await edit(rehearsal, { 'new.yaml': applicationDocument(name, inBoth) })
      assert.deepEqual(inClusters(rehearsal), before)
      assert.match(rehearsal.said().join('\n'), /^new\.yaml:4:9: error: \S+nginx\.yaml is an object of something else/m)
    })
  }

  for (const [what, files] of [
    ['is in error', { 'web.yaml': web.replace('incumbent: 100', 'incumbent: 101') }],
    ['cannot be parsed', { 'web.yaml': `${web}\n  : [` }],
    ['is gone while a block is there', { 'web.yaml': undefined, 'block.yaml': blockDocument('default/freeze') }],
    ['is written twice', { 'again.yaml': web }],
  ] as const) {
    it(`stays its own while its document ${what}`, async () => {
      const rehearsal = await running()
      const before = inClusters(rehearsal)
      const annotations = { 'shipper.booking.com/rollout-block.override': 'default/freeze' }
      const isBlocked = Object.hasOwn(files, 'block.yaml')
      await edit(rehearsal, {
        ...files,
        'api.yaml': isBlocked ? applicationDocument('api', { ...inBoth, annotations }) : api,
      })
      assert.deepEqual(inClusters(rehearsal), before)
    })
  }

  for (const [what, is] of [
    ['cannot be read', (path: string) => path.endsWith('CapacityTarget.yaml')],
    ['are lost', (path: string) => path.startsWith('rollouts/')],
  ] as const) {
    it(`stays while the records of its releases ${what}, in every namespace and in none`, async () => {
      const rehearsal = await running()
      const before = inClusters(rehearsal)
      rehearsal.lose(is)
      await edit(rehearsal, { 'api.yaml': api })
      assert.deepEqual(inClusters(rehearsal), before)
      await edit(rehearsal, { 'web.yaml': undefined })
      if (what === 'are lost') return
      assert.deepEqual(inClusters(rehearsal), before, 'nor does its document say what it had')
      assert.match(
        rehearsal.said().join('\n'),
        /^flotilla\.yaml:1:1: error: the records in rollouts\/default\/web\/ cannot/m,
      )
    })
  }

  it('is not taken from it by a federated one that comes later, and its Application says so', async () => {
    const rehearsal = await running()
    const before = inClusters(rehearsal)
    await edit(rehearsal, { 'federated.yaml': federatedService })
    assert.deepEqual(inClusters(rehearsal), before)
    assert.match(
      rehearsal.said().join('\n'),
      /^web\.yaml:4:9: error: \S+ .* this application had it first and keeps it/m,
    )
    await edit(rehearsal, { 'web.yaml': web.replace('0.0.1', '0.0.2') })
    assert.equal(releasesOf(rehearsal).length, 2, 'its rollouts go on')
  })

  it('may be taken over in the commit in which it goes', async () => {
    const rehearsal = await running()
    await edit(rehearsal, { 'web.yaml': undefined, 'api.yaml': api })
    assert.deepEqual(
      [owner(rehearsal), owner(rehearsal, 'clusters/c1/_cluster/ClusterRole.rbac.authorization.k8s.io/web.yaml')],
      ['api', 'api'],
    )
    assert.ok(!rehearsal.said().some((line) => line.includes('error')), rehearsal.said().join('\n'))
  })
})

describe('an object that something else of the fleet has', () => {
  for (const [what, files] of [
    ['', {}],
    [
      ', also while its document is in error',
      { 'federated.yaml': federatedService.replace('placement:', 'placements:') },
    ],
    [', also while its file cannot be parsed', { 'federated.yaml': `${federatedService}\n  : [` }],
  ] as const) {
    it(`is not taken over by a new application${what}`, async () => {
      const sources = {
        'flotilla.yaml': fleet,
        'clusters.yaml': clusters('c1', 'c2'),
        'federated.yaml': federatedService,
      }
      const rehearsal = rehearse(sources, nginxCharts())
      await rehearsal.settle()
      const before = inClusters(rehearsal)
      await edit(rehearsal, { ...files, 'web.yaml': web })
      assert.deepEqual(inClusters(rehearsal), before)
      assert.match(rehearsal.said().join('\n'), /web\.yaml:4:9: error: .* something else/)
    })
  }

  it('is not taken over where its cluster is lost', async () => {
    const only = federatedService.replace('clusterSelector: {}', 'clusters: [{name: c2}]')
    const sources = { 'flotilla.yaml': fleet, 'clusters.yaml': clusters('c1', 'c2'), 'federated.yaml': only }
    const rehearsal = rehearse(sources, nginxCharts())
    await rehearsal.settle()
    rehearsal.lost = new Set(['c2'])
    await edit(rehearsal, { 'web.yaml': web })
    rehearsal.lost = new Set()
    await rehearsal.settle()
    assert.equal(owner(rehearsal, 'clusters/c2/default/Service/nginx.yaml'), undefined)
  })

  it('is no sign of an application whose records are lost, only because its name looks like it', async () => {
    const template = { spec: { template: { spec: { containers: [] } } } }
    const deployment = federated(
      'Deployment',
      'web-2024-11',
      { placement: { clusterSelector: {} }, template },
      { namespace: 'default' },
    )
    const rehearsal = rehearse(
      { 'flotilla.yaml': fleet, 'clusters.yaml': clusters('c1', 'c2'), 'd.yaml': deployment },
      nginxCharts(),
    )
    await rehearsal.settle()
    await edit(rehearsal, { 'web.yaml': web })
    assert.equal(releasesOf(rehearsal).length, 1, rehearsal.said().join('\n'))
  })
})

describe('a cluster that is taken out of the fleet', () => {
  it('has nothing of an application in the tree any more, and everything again when it is back', async () => {
    const rehearsal = await running()
    const before = inClusters(rehearsal)
    await edit(rehearsal, { 'clusters.yaml': clusters('c1') })
    assert.deepEqual(
      [...inClusters(rehearsal)],
      [...before].filter(([path]) => path.startsWith('clusters/c1/')),
    )
    await edit(rehearsal, { 'clusters.yaml': clusters('c1', 'c2') })
    assert.deepEqual(inClusters(rehearsal), before)
  })
})
