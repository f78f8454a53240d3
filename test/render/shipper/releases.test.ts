import assert from 'node:assert/strict'
import { getIn, type JsonObject } from '../../../repo-layout/json.ts'
import { fleet, type Sources } from '../helper.ts'
import { nginxCharts } from './fixtures.ts'
import { type Rehearsal, rehearse } from './rehearsal.ts'
import { applicationDocument, blockDocument, clusterDocument, releasesOf } from './written.ts'

const full: JsonObject = {
  steps: [{ name: 'full on', capacity: { incumbent: 0, contender: 100 }, traffic: { incumbent: 0, contender: 100 } }],
}

function begin(more: Sources = {}): Rehearsal {
  const sources = { 'flotilla.yaml': fleet, 'clusters.yaml': clusterDocument({ name: 'c1' }) }
  return rehearse({ ...sources, 'app.yaml': applicationDocument('web', { strategy: full }), ...more }, nginxCharts())
}

/** Rolls out this version to its end. */
async function edit(rehearsal: Rehearsal, version: string, more: { readonly revisionHistoryLimit?: number } = {}) {
  const app = applicationDocument('web', { strategy: full, version, ...more })
  rehearsal.sources = { ...rehearsal.sources, 'app.yaml': app }
  await rehearsal.settle()
}

function notesOf(rehearsal: Rehearsal, release: string): readonly unknown[] {
  const record = rehearsal.file(`rollouts/default/web/${release}/Release.yaml`)
  return ['release.generation', 'release.template.iteration'].map((note) =>
    getIn(record, ['metadata', 'annotations', `shipper.booking.com/${note}`]),
  )
}

describe('releases of an application', () => {
  it('count their generation, and their iteration among those of one template', async () => {
    const rehearsal = begin()
    await rehearsal.settle()
    await edit(rehearsal, '0.0.2')
    await edit(rehearsal, '0.0.1')
    const [first = '', second = '', third = ''] = releasesOf(rehearsal)
    assert.match(first, /^web-[0-9a-f]{1,8}-0$/)
    assert.equal(third, first.replace(/-0$/, '-1'))
    assert.deepEqual(
      [first, second, third].map((name) => notesOf(rehearsal, name)),
      [
        ['0', '0'],
        ['1', '0'],
        ['2', '1'],
      ],
    )
  })

  it('are kept as many as revisionHistoryLimit says, beside the newest', async () => {
    const rehearsal = begin()
    await rehearsal.settle()
    const [first = ''] = releasesOf(rehearsal)
    await edit(rehearsal, '0.0.2', { revisionHistoryLimit: 1 })
    assert.equal(releasesOf(rehearsal).length, 2)
    await edit(rehearsal, '0.0.3', { revisionHistoryLimit: 1 })
    assert.equal(releasesOf(rehearsal).length, 2)
    assert.ok(!rehearsal.paths().some((path) => path.includes(first)), 'nothing is left of it in any cluster')
  })

  it('of several applications go each its own way', async () => {
    const rehearsal = begin({
      'other.yaml': applicationDocument('api', { namespace: 'shop', strategy: full, values: { replicaCount: 2 } }),
      'third.yaml': applicationDocument('web', { namespace: 'shop', clusterRequirements: { regions: [] } }),
    })
    await rehearsal.settle()
    const deployments = rehearsal.paths().filter((path) => path.includes('/Deployment.apps/'))
    assert.deepEqual(
      deployments.map((path) => [path.split('/')[2], getIn(rehearsal.file(path), ['spec', 'replicas'])]),
      [
        ['default', 10],
        ['shop', 2],
      ],
    )
    assert.match(
      rehearsal.said().join('\n'),
      /^third\.yaml:\d+:\d+: error: .*\(NoRegionsSpecified\) \[cluster-choice\]$/,
    )
  })

  it('take the version of a chart as text, quoted or not', async () => {
    const quoted = begin()
    const text = applicationDocument('web', { strategy: full })
    const plain = begin({ 'app.yaml': text.replace(/version: .*/, "version: '0.0.1'") })
    await quoted.settle()
    await plain.settle()
    assert.deepEqual(releasesOf(plain), releasesOf(quoted))
  })

  it('say which clusters would be missing even before a chart can be found', async () => {
    const rehearsal = begin({
      'app.yaml': applicationDocument('web', { version: '9.9.9', clusterRequirements: { regions: [{ name: 'x' }] } }),
    })
    await rehearsal.turn()
    assert.match(rehearsal.said().join('\n'), /NotEnoughClustersInRegion/)
  })
})

describe('a RolloutBlock', () => {
  const cases = [
    { block: 'default/freeze', override: undefined, moves: false },
    { block: 'rollout-blocks-global/dns-outage', override: undefined, moves: false },
    { block: 'elsewhere/freeze', override: undefined, moves: true },
    { block: 'default/freeze', override: 'default/freeze', moves: true },
    { block: 'default/freeze', override: 'default/other', moves: false },
    { block: 'elsewhere/freeze', override: 'default/other', moves: false },
  ]
  for (const { block, override, moves } of cases) {
    it(`${block} ${moves ? 'lets' : 'keeps'} an application with override ${override ?? 'none'} ${moves ? 'go' : 'as it is'}`, async () => {
      const annotations = override === undefined ? {} : { 'shipper.booking.com/rollout-block.override': override }
      const rehearsal = begin({ 'block.yaml': blockDocument(block) })
      rehearsal.sources = {
        ...rehearsal.sources,
        'app.yaml': applicationDocument('web', { strategy: full, annotations }),
      }
      await rehearsal.settle()
      assert.equal(releasesOf(rehearsal).length, moves ? 1 : 0)
      if (!moves) assert.match(rehearsal.said().join('\n'), /rollout block/)
    })
  }

  it('keeps a rollout that is under way where it is, and lets it go on when it is gone', async () => {
    const rehearsal = begin()
    await rehearsal.turn()
    const block = { 'block.yaml': blockDocument('default/freeze') }
    const { sources } = rehearsal
    const before = rehearsal.paths().map((path) => rehearsal.file(path))
    rehearsal.sources = { ...sources, ...block }
    for (let i = 0; i < 3; i++) await rehearsal.turn()
    assert.deepEqual(
      rehearsal.paths().map((path) => rehearsal.file(path)),
      before,
    )
    rehearsal.sources = sources
    await rehearsal.settle()
    const [path = ''] = rehearsal.paths().filter((one) => one.includes('/Deployment.apps/'))
    assert.equal(getIn(rehearsal.file(path), ['spec', 'replicas']), 10)
  })
})

describe('a release that is where it was told to be', () => {
  for (const [what, facts] of [
    ['whose clusters say nothing any more', {}],
    ['some of whose pods restart', { installed: true, availableReplicas: 7, trafficReady: false }],
  ] as const) {
    it(`stays the same bytes: one ${what}`, async () => {
      const rehearsal = begin()
      await rehearsal.settle()
      const before = rehearsal.paths().map((path) => rehearsal.file(path))
      rehearsal.tell = () => facts
      await rehearsal.turn()
      assert.deepEqual(
        rehearsal.paths().map((path) => rehearsal.file(path)),
        before,
      )
    })
  }

  it('is said to wait for the same, also while its clusters say nothing', async () => {
    const rehearsal = begin()
    await rehearsal.turn()
    rehearsal.tell = () => ({ installed: true, availableReplicas: 9, trafficReady: true })
    await rehearsal.settle()
    const before = rehearsal.paths().map((path) => rehearsal.file(path))
    rehearsal.silent = true
    await rehearsal.turn()
    assert.deepEqual(
      rehearsal.paths().map((path) => rehearsal.file(path)),
      before,
    )
  })
})

describe('facts that are not there', () => {
  it('hold a rollout, each of them, until they are', async () => {
    const rehearsal = begin()
    await rehearsal.turn()
    const replicas = () => {
      const [path = ''] = rehearsal.paths().filter((one) => one.includes('/Deployment.apps/'))
      return getIn(rehearsal.file(path), ['spec', 'replicas'])
    }
    const weight = () => {
      const [path = ''] = rehearsal.paths().filter((one) => one.endsWith('/TrafficTarget.yaml'))
      return getIn(rehearsal.file(path), ['spec', 'clusters', 0, 'weight'])
    }
    const told = async (facts: ReturnType<Rehearsal['tell']>) => {
      rehearsal.tell = () => facts
      await rehearsal.settle()
      return [replicas(), weight()]
    }
    assert.deepEqual(await told({}), [0, 0])
    assert.deepEqual(await told({ availableReplicas: 10 }), [0, 0])
    assert.deepEqual(await told({ installed: true }), [10, 0])
    assert.deepEqual(await told({ installed: true, availableReplicas: 9 }), [10, 0])
    assert.deepEqual(await told({ installed: true, availableReplicas: 10 }), [10, 100])
    const [release = ''] = releasesOf(rehearsal)
    const achieved = () =>
      getIn(rehearsal.file(`rollouts/default/web/${release}/Release.yaml`), ['status', 'achievedStep'])
    assert.equal(achieved(), undefined)
    await told({ installed: true, availableReplicas: 10, trafficReady: true })
    assert.deepEqual(achieved(), { step: 0, name: 'full on' })
  })

  it('on traffic are not asked for where the chart has no Service', async () => {
    const charts = nginxCharts()
    const rehearsal = rehearse(begin().sources, {
      ...charts,
      render: (request) => {
        const rendering = charts.render(request)
        if (rendering?.type !== 'rendered') return rendering
        return { ...rendering, objects: rendering.objects.filter(({ kind }) => kind !== 'Service') }
      },
    })
    rehearsal.tell = () => ({ installed: true, availableReplicas: 10 })
    await rehearsal.settle()
    const [release = ''] = releasesOf(rehearsal)
    const record = rehearsal.file(`rollouts/default/web/${release}/Release.yaml`)
    assert.deepEqual(getIn(record, ['status', 'achievedStep', 'step']), 0)
  })
})
