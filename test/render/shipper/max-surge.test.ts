import assert from 'node:assert/strict'
import { getIn, type Json } from '../../../repo-layout/json.ts'
import cases from '../../cases/shipper-virtual-strategy.json' with { type: 'json' }
import { fleet } from '../helper.ts'
import { nginxCharts } from './fixtures.ts'
import { type Rehearsal, rehearse } from './rehearsal.ts'
import {
  applicationDocument,
  clusterDocument,
  type GivenApplication,
  releaseDocument,
  releasesOf,
  vanguardStrategy,
} from './written.ts'

function surging(maxSurge: Json | undefined, version: string, more: GivenApplication = {}): string {
  const strategy = { ...vanguardStrategy, ...(maxSurge === undefined ? {} : { rollingUpdate: { maxSurge } }) }
  return applicationDocument('web', { strategy, version, ...more })
}

/** A fleet whose first version of 10 replicas is rolled out, and whose second has begun. */
async function begun(
  maxSurge: Json | undefined,
  clusters: readonly string[] = ['c1'],
  more: GivenApplication = {},
): Promise<Rehearsal> {
  const inventory = clusters.map((name) => clusterDocument({ name })).join('---\n')
  const sources = { 'flotilla.yaml': fleet, 'c.yaml': inventory }
  const rehearsal = rehearse({ ...sources, 'app.yaml': surging(maxSurge, '0.0.1', more) }, nginxCharts())
  await rehearsal.settle()
  const [first = ''] = releasesOf(rehearsal)
  rehearsal.sources = { ...rehearsal.sources, 'release.yaml': releaseDocument(first, 2) }
  await rehearsal.settle()
  rehearsal.sources = { ...rehearsal.sources, 'app.yaml': surging(maxSurge, '0.0.2', more) }
  await rehearsal.settle()
  return rehearsal
}

function replicas(rehearsal: Rehearsal, cluster: string): number {
  const paths = rehearsal.paths().filter((path) => path.startsWith(`clusters/${cluster}/default/Deployment.apps/`))
  return paths.reduce((sum, path) => sum + Number(getIn(rehearsal.file(path), ['spec', 'replicas'])), 0)
}

/** The most replicas of both releases in a cluster on the way of the newest to its last step. */
async function peak(rehearsal: Rehearsal): Promise<number> {
  return (await peaks(rehearsal, ['c1'])).c1 ?? 0
}

async function peaks(rehearsal: Rehearsal, clusters: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const contender = releasesOf(rehearsal).at(-1) ?? ''
  rehearsal.sources = { ...rehearsal.sources, 'release.yaml': releaseDocument(contender, 2) }
  const most = new Map<string, number>()
  for (let still = 0; still < 3; ) {
    const before = JSON.stringify(rehearsal.paths().map((path) => rehearsal.file(path)))
    await rehearsal.turn()
    for (const name of clusters) most.set(name, Math.max(most.get(name) ?? 0, replicas(rehearsal, name)))
    still = JSON.stringify(rehearsal.paths().map((path) => rehearsal.file(path))) === before ? still + 1 : 0
  }
  const record = rehearsal.file(`rollouts/default/web/${contender}/Release.yaml`)
  assert.equal(getIn(record, ['status', 'achievedStep', 'step']), 2)
  return Object.fromEntries(most)
}

const isNoSurge =
  /^app\.yaml:\d+:\d+: error: \S+maxSurge: expected a number of pods or a percentage .*, found "hello" \[schema\]/

describe('strategy.rollingUpdate.maxSurge of an Application', () => {
  for (const { rollingUpdate, replicaCount, expectedPercent, error } of cases.maxSurge) {
    if (error !== null) continue
    const maxSurge = rollingUpdate?.maxSurge
    it(`${maxSurge ?? 'nothing'} allows ${expectedPercent} percent more pods than ${replicaCount}`, async () => {
      const most = await peak(await begun(maxSurge))
      assert.ok(most <= replicaCount * (1 + expectedPercent / 100), `${most} replicas`)
      assert.ok(most > replicaCount)
    })
  }

  it('counts as it stands now, for a release that is under way too', async () => {
    const rehearsal = await begun(undefined)
    rehearsal.sources = { ...rehearsal.sources, 'app.yaml': surging(2, '0.0.2') }
    assert.ok((await peak(rehearsal)) <= 12)
    assert.equal(releasesOf(rehearsal).length, 2, 'no new release for it')
  })

  it('is an error where it is no number of pods, before anything begins', async () => {
    const sources = {
      'flotilla.yaml': fleet,
      'c.yaml': clusterDocument({ name: 'c1' }),
      'app.yaml': surging('hello', '0.0.1'),
    }
    const rehearsal = rehearse(sources, nginxCharts())
    await rehearsal.settle()
    assert.match(rehearsal.said().join('\n'), isNoSurge)
    assert.deepEqual(releasesOf(rehearsal), [])
  })

  it('leaves room by the replicas of each cluster, where these differ', async () => {
    const more = {
      clusterRequirements: { regions: [{ name: 'local', replicas: 3 }] },
      overrides: [
        { clusterName: 'c2', values: { replicaCount: 4 } },
        { clusterName: 'c3', values: { replicaCount: 1 } },
      ],
    }
    const clusters = ['c1', 'c2', 'c3']
    assert.deepEqual(await peaks(await begun(2, clusters, more), clusters), { c1: 12, c2: 6, c3: 2 })
    assert.deepEqual(await peaks(await begun('25%', clusters, more), clusters), { c1: 13, c2: 5, c3: 2 })
  })

  it('is an error where it is no number of pods, and everything stays', async () => {
    const rehearsal = await begun(undefined)
    const before = rehearsal.paths().map((path) => rehearsal.file(path))
    const contender = releasesOf(rehearsal).at(-1) ?? ''
    const sources = { 'app.yaml': surging('hello', '0.0.2'), 'release.yaml': releaseDocument(contender, 2) }
    rehearsal.sources = { ...rehearsal.sources, ...sources }
    await rehearsal.turn()
    await rehearsal.turn()
    assert.match(rehearsal.said().join('\n'), isNoSurge)
    const kinds = (file: unknown) => getIn(file as Json, ['kind']) !== 'Release'
    assert.deepEqual(
      rehearsal
        .paths()
        .map((path) => rehearsal.file(path))
        .filter(kinds),
      before.filter(kinds),
    )
  })
})
