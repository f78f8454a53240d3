import assert from 'node:assert/strict'
import { getIn, type Json } from '../../../repo-layout/json.ts'
import { fleet, type Sources } from '../helper.ts'
import { nginxCharts } from './fixtures.ts'
import { type Rehearsal, rehearse } from './rehearsal.ts'
import { applicationDocument, clusterDocument, type GivenCluster, releaseDocument, releasesOf } from './written.ts'

const inBoth = { clusterRequirements: { regions: [{ name: 'local', replicas: 2 }] } }
const web = (version: string, more = {}) => applicationDocument('web', { ...inBoth, version, ...more })
const inventory = (...given: readonly (string | GivenCluster)[]) =>
  given.map((one) => clusterDocument(typeof one === 'string' ? { name: one } : one)).join('---\n')

/** A fleet of two clusters in which the first version has everything, and the second one stands at a step. */
async function standing(step: number | undefined, more: Sources = {}): Promise<Rehearsal> {
  const sources = { 'flotilla.yaml': fleet, 'clusters.yaml': inventory('c1', 'c2'), 'web.yaml': web('0.0.1'), ...more }
  const rehearsal = rehearse(sources, nginxCharts())
  await rehearsal.settle()
  await promote(rehearsal, 2)
  if (step === undefined) return rehearsal
  await edit(rehearsal, { 'web.yaml': web('0.0.2') })
  await promote(rehearsal, step)
  return rehearsal
}

async function edit(rehearsal: Rehearsal, more: Sources): Promise<readonly (readonly string[])[]> {
  rehearsal.sources = { ...rehearsal.sources, ...more }
  return rehearsal.settle()
}

function promote(rehearsal: Rehearsal, step: number) {
  return edit(rehearsal, { 'release.yaml': releaseDocument(releasesOf(rehearsal).at(-1) ?? '', step) })
}

function lose(rehearsal: Rehearsal, ...clusters: readonly string[]) {
  rehearsal.lost = new Set(clusters)
  return rehearsal.settle()
}

/** Replicas of each version in a cluster, oldest first. */
function replicas(rehearsal: Rehearsal, cluster: string): readonly (Json | undefined)[] {
  return releasesOf(rehearsal).map((release) =>
    getIn(rehearsal.file(`clusters/${cluster}/default/Deployment.apps/${release}-nginx.yaml`), ['spec', 'replicas']),
  )
}

function bytes(rehearsal: Rehearsal, is: (path: string) => boolean): readonly (readonly [string, string])[] {
  return [...rehearsal.texts()].filter(([path]) => is(path)).sort()
}

describe('clusters of a release', () => {
  for (const [what, clusters] of [
    ['is in another region', [{ name: 'c2', region: 'elsewhere' }]],
    ['lost a capability', [{ name: 'c2', capabilities: [] }]],
    ['is unschedulable', [{ name: 'c2', unschedulable: true }]],
    ['weighs nothing beside a new one', [{ name: 'c2', weight: 0 }, 'c3']],
  ] as const) {
    it(`stay those that were chosen when one of them ${what}`, async () => {
      for (const step of [undefined, 1]) {
        const rehearsal = await standing(step)
        const before = bytes(rehearsal, (path) => !path.startsWith('decisions/'))
        await edit(rehearsal, { 'clusters.yaml': inventory('c1', ...clusters) })
        assert.deepEqual(
          bytes(rehearsal, (path) => !path.startsWith('decisions/')),
          before,
        )
      }
    })
  }

  it('follow one that is renamed and says so, in the middle of a rollout too, and it goes on there', async () => {
    for (const step of [undefined, 1]) {
      const rehearsal = await standing(step)
      const inOld = bytes(rehearsal, (path) => path.startsWith('clusters/c2/'))
      const renamed = inventory('c1', { name: 'd2', identity: 'c2' })
      await edit(rehearsal, { 'clusters.yaml': renamed })
      const inNew = bytes(rehearsal, (path) => path.startsWith('clusters/d2/'))
      assert.deepEqual(
        inNew.map(([path, text]) => [path.replace('/d2/', '/c2/'), text]),
        inOld,
      )
      assert.deepEqual(
        bytes(rehearsal, (path) => path.includes('/c2/')),
        [],
      )
      await edit(rehearsal, { 'web.yaml': web('0.0.2') })
      await promote(rehearsal, 2)
      assert.deepEqual(replicas(rehearsal, 'd2'), [0, 10])
    }
  })

  it('follow one that is renamed again, under the identity that it keeps', async () => {
    const rehearsal = await standing(1)
    const inOld = bytes(rehearsal, (path) => path.startsWith('clusters/c2/')).map(([, text]) => text)
    for (const name of ['d2', 'e2', 'c2']) {
      await edit(rehearsal, { 'clusters.yaml': inventory('c1', { name, identity: 'c2' }) })
      const inNew = bytes(rehearsal, (path) => path.startsWith(`clusters/${name}/`)).map(([, text]) => text)
      assert.deepEqual(inNew, inOld, name)
    }
  })

  it('do not follow an identity while the old name is there, cannot be read, or several claim it', async () => {
    const claims = { name: 'd2', identity: 'c2' }
    for (const clusters of [
      inventory('c1', 'c2', claims),
      `${inventory('c1', claims)}---\n${inventory('c2').replace('region: local', 'region: [local]')}`,
      inventory('c1', claims, { name: 'e2', identity: 'c2' }),
    ]) {
      const rehearsal = await standing(undefined)
      await edit(rehearsal, { 'clusters.yaml': clusters })
      assert.deepEqual(
        bytes(rehearsal, (path) => /^clusters\/[de]2\//.test(path)),
        [],
      )
    }
  })

  it('are at least one: where none are asked for nothing begins, and what runs goes on', async () => {
    const rehearsal = await standing(undefined)
    const before = bytes(rehearsal, (path) => path.startsWith('clusters/'))
    const none = { clusterRequirements: { regions: [{ name: 'local', replicas: 0 }] } }
    await edit(rehearsal, { 'web.yaml': web('0.0.2', none) })
    assert.deepEqual(
      bytes(rehearsal, (path) => path.startsWith('clusters/')),
      before,
    )
    assert.equal(releasesOf(rehearsal).length, 1)
    assert.match(rehearsal.said().join('\n'), /^web\.yaml:\d+:\d+: error: .*no cluster.* \[cluster-choice\]$/m)
  })
})

describe('a cluster that is away', () => {
  it('does not keep the next version from beginning elsewhere, once the half-rolled one is gone there', async () => {
    const rehearsal = await standing(1)
    await lose(rehearsal, 'c2')
    const inLost = bytes(rehearsal, (path) => path.startsWith('clusters/c2/'))
    const steps = (await edit(rehearsal, { 'web.yaml': web('0.0.3') })).flat()
    const [first, second, third] = releasesOf(rehearsal)
    assert.ok(third, 'it begins')
    assert.ok(
      steps.indexOf(`Move capacity of ${first} to 100 % in c1`) < steps.indexOf(`Begin ${third} in c1, c2`),
      steps.join('\n'),
    )
    await promote(rehearsal, 2)
    assert.deepEqual(replicas(rehearsal, 'c1'), [0, 0, 10])
    assert.deepEqual(
      bytes(rehearsal, (path) => path.startsWith('clusters/c2/')),
      inLost,
    )

    const back = (await lose(rehearsal)).flat()
    const restored = back.indexOf(`Move traffic of ${first} to weight 100 in c2`)
    const given = back.indexOf(`Move traffic of ${second} to weight 0 in c2`)
    const walks = back.indexOf(`Move capacity of ${third} to 1 % in c2`)
    assert.ok(restored >= 0 && restored < given && given < walks, back.join('\n'))
    assert.deepEqual(replicas(rehearsal, 'c2'), [0, 10])
  })

  it('does not make a version begin twice where its change is taken back and made again', async () => {
    const rehearsal = await standing(1)
    await lose(rehearsal, 'c2')
    await edit(rehearsal, { 'web.yaml': web('0.0.1') })
    assert.deepEqual(replicas(rehearsal, 'c1'), [10, 0])
    await edit(rehearsal, { 'web.yaml': web('0.0.2') })
    assert.equal(releasesOf(rehearsal).length, 2, 'it goes on with the one that is still there')
    await lose(rehearsal)
    for (const cluster of ['c1', 'c2']) assert.deepEqual(replicas(rehearsal, cluster), [5, 5])
  })

  const unreadable = inventory('c1', 'c2').replace('name: c2', 'name: c2\n  labels: 5')

  for (const [what, take] of [
    ['is lost', (rehearsal: Rehearsal) => lose(rehearsal, 'c2')],
    ['cannot be read', (rehearsal: Rehearsal) => edit(rehearsal, { 'clusters.yaml': unreadable })],
  ] as const) {
    it(`because it ${what} keeps the release that serves there, though it is given up or history has no room for it`, async () => {
      const rehearsal = await standing(1)
      const [, half = ''] = releasesOf(rehearsal)
      await take(rehearsal)
      const before = bytes(rehearsal, (path) => path.startsWith('clusters/c2/'))
      for (const version of ['0.0.1', '0.0.3']) {
        await edit(rehearsal, { 'web.yaml': web(version, { revisionHistoryLimit: 1 }) })
      }
      assert.deepEqual(
        bytes(rehearsal, (path) => path.startsWith('clusters/c2/')),
        before,
      )
      assert.ok(releasesOf(rehearsal).includes(half), 'it has a record as long as it serves somewhere')
      rehearsal.lost = new Set()
      rehearsal.sources = { ...rehearsal.sources, 'clusters.yaml': inventory('c1', 'c2') }
      let least = 10
      for (let i = 0; i < 20; i++) {
        await rehearsal.turn()
        least = Math.min(
          least,
          replicas(rehearsal, 'c2').reduce<number>((sum, one) => sum + Number(one ?? 0), 0),
        )
      }
      assert.equal(least, 10, 'not one pod is missing when it is back')
    })
  }

  for (const [what, take] of [
    ['is lost', (rehearsal: Rehearsal) => lose(rehearsal, 'c2')],
    ['cannot be read', (rehearsal: Rehearsal) => edit(rehearsal, { 'clusters.yaml': unreadable })],
  ] as const) {
    it(`because it ${what} may have what was given up meanwhile: its record stays that long, and goes then`, async () => {
      const rehearsal = await standing(undefined)
      rehearsal.tell = (release) => (release === releasesOf(rehearsal)[0] ? undefined : {})
      await edit(rehearsal, { 'web.yaml': web('0.0.2') })
      const [first, second = ''] = releasesOf(rehearsal)
      await take(rehearsal)
      await edit(rehearsal, { 'web.yaml': web('0.0.1') })
      assert.deepEqual(releasesOf(rehearsal), [first, second])
      rehearsal.tell = () => undefined
      rehearsal.lost = new Set()
      await edit(rehearsal, { 'clusters.yaml': inventory('c1', 'c2') })
      assert.deepEqual(releasesOf(rehearsal), [first])
      assert.ok(!rehearsal.paths().some((path) => path.includes(second)))
      await edit(rehearsal, { 'web.yaml': web('0.0.3') })
      assert.equal(releasesOf(rehearsal).length, 2, rehearsal.said().join('\n'))
    })
  }

  it('because its document cannot be read keeps a new version from being placed without it', async () => {
    const rehearsal = await standing(undefined, { 'clusters.yaml': inventory('c1', 'c2', { name: 'c3', weight: 1 }) })
    const other = inventory('c1', { name: 'c3', weight: 1 })
    await edit(rehearsal, { 'clusters.yaml': `${unreadable}---\n${other.split('---\n')[1]}`, 'web.yaml': web('0.0.2') })
    assert.equal(releasesOf(rehearsal).length, 1)
    assert.match(
      rehearsal.said().join('\n'),
      /^web\.yaml:\d+:\d+: error: c2, where this application runs, cannot be read/m,
    )
    await edit(rehearsal, { 'clusters.yaml': inventory('c1', 'c2', { name: 'c3', weight: 1 }) })
    assert.deepEqual(replicas(rehearsal, 'c2'), [10, 1])
  })

  it('does not keep an application from coming back that was removed by mistake, nor from going', async () => {
    const rehearsal = await standing(undefined)
    const before = bytes(rehearsal, (path) => !path.startsWith('decisions/'))
    const { 'web.yaml': text = '', ...others } = rehearsal.sources
    await lose(rehearsal, 'c2')
    rehearsal.sources = others
    assert.deepEqual((await rehearsal.settle()).flat(), ['Remove web'])
    assert.deepEqual(
      bytes(rehearsal, (path) => path.startsWith('clusters/c1/')),
      [],
    )
    await edit(rehearsal, { 'web.yaml': String(text) })
    await lose(rehearsal)
    assert.deepEqual(
      bytes(rehearsal, (path) => !path.startsWith('decisions/')),
      before,
    )
    rehearsal.sources = others
    await lose(rehearsal, 'c2')
    await lose(rehearsal)
    assert.deepEqual(rehearsal.paths(), ['decisions/clusters/c1.yaml', 'decisions/clusters/c2.yaml'])
  })

  it('because its document cannot be read is waited for where lost ones are', async () => {
    const waiting = `${fleet}spec: {rollouts: {lostClusters: Wait}}\n`
    const rehearsal = await standing(1, { 'flotilla.yaml': waiting })
    await edit(rehearsal, { 'clusters.yaml': inventory('c1', 'c2').replace('name: c2', 'name: c2\n  labels: 5') })
    await promote(rehearsal, 2)
    assert.deepEqual(replicas(rehearsal, 'c1'), [5, 10], 'the next move begins, and nothing is taken away')
  })

  it('keeps its share when it is suspended, and walks when it is not any more', async () => {
    const rehearsal = await standing(1)
    const own =
      'apiVersion: flotilla.dev/v1alpha1\nkind: Cluster\nmetadata: {name: c2}\nspec: {region: local, suspend: true}\n'
    const before = bytes(rehearsal, (path) => path.startsWith('clusters/c2/'))
    await edit(rehearsal, { 'clusters.yaml': `${inventory('c1')}---\n${own}` })
    await promote(rehearsal, 2)
    assert.deepEqual(
      bytes(rehearsal, (path) => path.startsWith('clusters/c2/')),
      before,
    )
    assert.deepEqual(replicas(rehearsal, 'c1'), [0, 10])
    await edit(rehearsal, { 'clusters.yaml': inventory('c1', 'c2') })
    assert.deepEqual(replicas(rehearsal, 'c2'), [0, 10])
  })
})

describe('a version for other clusters than the running one', () => {
  const there = { clusterRequirements: { regions: [{ name: 'there' }] } }
  const clusters = inventory('c1', 'c2', { name: 'c3', region: 'there' })

  it('takes over step by step: what runs elsewhere is cut only once the new one serves', async () => {
    const rehearsal = await standing(undefined, { 'clusters.yaml': clusters })
    const [first] = releasesOf(rehearsal)
    await edit(rehearsal, { 'web.yaml': web('0.0.2', there) })
    assert.deepEqual(
      [replicas(rehearsal, 'c1'), replicas(rehearsal, 'c3')],
      [
        [10, undefined],
        [undefined, 1],
      ],
    )
    rehearsal.tell = (release) =>
      release === first ? undefined : { installed: true, availableReplicas: 0, trafficReady: false }
    await promote(rehearsal, 2)
    assert.deepEqual(replicas(rehearsal, 'c1'), [10, undefined], 'its pods are not ready')
    rehearsal.tell = () => undefined
    await rehearsal.settle()
    assert.deepEqual(
      [replicas(rehearsal, 'c1'), replicas(rehearsal, 'c3')],
      [
        [0, undefined],
        [undefined, 10],
      ],
    )
    const service = rehearsal.file('clusters/c1/default/Service/nginx.yaml')
    assert.ok(service, 'shared objects stay with the old one, as long as that is in the history')
  })

  it('waits while all of its clusters are lost, and what runs goes on', async () => {
    const rehearsal = await standing(undefined, { 'clusters.yaml': clusters })
    await lose(rehearsal, 'c3')
    await edit(rehearsal, { 'web.yaml': web('0.0.2', there) })
    await promote(rehearsal, 2)
    assert.deepEqual(replicas(rehearsal, 'c1'), [10, undefined])
    await lose(rehearsal)
    assert.deepEqual(
      [replicas(rehearsal, 'c1'), replicas(rehearsal, 'c3')],
      [
        [0, undefined],
        [undefined, 10],
      ],
    )
  })

  it('begins though all clusters of the running one are gone', async () => {
    const rehearsal = await standing(undefined, { 'clusters.yaml': clusters })
    await edit(rehearsal, {
      'clusters.yaml': inventory({ name: 'c3', region: 'there' }),
      'web.yaml': web('0.0.2', there),
    })
    await promote(rehearsal, 2)
    assert.deepEqual(replicas(rehearsal, 'c3'), [undefined, 10])
  })
})
