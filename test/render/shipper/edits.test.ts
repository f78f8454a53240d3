import assert from 'node:assert/strict'
import { getIn, type Json } from '../../../repo-layout/json.ts'
import { fleet, type Sources } from '../helper.ts'
import { nginxCharts } from './fixtures.ts'
import { type Rehearsal, rehearse } from './rehearsal.ts'
import { applicationDocument, clusterDocument, type GivenApplication, releaseDocument, releasesOf } from './written.ts'

const web = (given: GivenApplication) => applicationDocument('web', given)

/** A fleet in which the second version stands at 50/50. */
async function half(given: GivenApplication = {}): Promise<Rehearsal> {
  const sources = { 'flotilla.yaml': fleet, 'clusters.yaml': clusterDocument({ name: 'c1' }), 'web.yaml': web(given) }
  const rehearsal = rehearse(sources, nginxCharts())
  await rehearsal.settle()
  await promote(rehearsal, 2)
  await edit(rehearsal, { 'web.yaml': web({ ...given, version: '0.0.2' }) })
  await promote(rehearsal, 1)
  return rehearsal
}

async function edit(rehearsal: Rehearsal, more: Readonly<Record<string, string | undefined>>) {
  const merged = Object.entries({ ...rehearsal.sources, ...more })
  rehearsal.sources = Object.fromEntries(merged.filter(([, text]) => text !== undefined)) as Sources
  return rehearsal.settle()
}

function promote(rehearsal: Rehearsal, step: number) {
  return edit(rehearsal, { 'release.yaml': releaseDocument(releasesOf(rehearsal).at(-1) ?? '', step) })
}

function workload(rehearsal: Rehearsal, release: string): Json | undefined {
  return rehearsal.file(`clusters/c1/default/Deployment.apps/${release}-nginx.yaml`)
}

describe('while a rollout is under way, an Application', () => {
  it('may move to another file: nothing but the names of files changes, and it goes on', async () => {
    const rehearsal = await half()
    const before = [...rehearsal.texts()].map(([path, text]) => [path, text.replace('web.yaml', 'apps/moved.yaml')])
    await edit(rehearsal, { 'web.yaml': undefined, 'apps/moved.yaml': web({ version: '0.0.2' }) })
    assert.deepEqual([...rehearsal.texts()].sort(), before.sort())
    await promote(rehearsal, 2)
    assert.equal(getIn(workload(rehearsal, releasesOf(rehearsal)[1] ?? ''), ['spec', 'replicas']), 10)
  })

  for (const [what, given] of [
    ['other labels', { labels: { team: 'b' } }],
    ['no labels', { labels: {} }],
    ['the label enable-helm-release-workaround', { labels: { team: 'a', 'enable-helm-release-workaround': 'true' } }],
    [
      'other annotations',
      { labels: { team: 'a' }, annotations: { 'example.com/note': 'x', 'flotilla.dev/soak': '1h' } },
    ],
    ['a lower revisionHistoryLimit', { labels: { team: 'a' }, revisionHistoryLimit: 1 }],
  ] as const) {
    it(`may get ${what}: what runs stays the same bytes, selectors too`, async () => {
      const rehearsal = await half({ labels: { team: 'a' } })
      const before = [...rehearsal.texts()].sort()
      assert.deepEqual(await edit(rehearsal, { 'web.yaml': web({ ...given, version: '0.0.2' }) }), [])
      assert.deepEqual([...rehearsal.texts()].sort(), before)
    })
  }

  it('gives its labels to the objects, pods and selectors of its next release, and to no older one', async () => {
    const rehearsal = await half({ labels: { team: 'a' } })
    await promote(rehearsal, 2)
    await edit(rehearsal, { 'web.yaml': web({ labels: { team: 'b' }, version: '0.0.3' }) })
    const teams = releasesOf(rehearsal).map((release) =>
      [['metadata'], ['spec', 'template', 'metadata']].map((at) =>
        getIn(workload(rehearsal, release), [...at, 'labels', 'team']),
      ),
    )
    assert.deepEqual(teams, [
      ['a', 'a'],
      ['a', 'a'],
      ['b', 'b'],
    ])
    const [, , third = ''] = releasesOf(rehearsal)
    assert.equal(getIn(workload(rehearsal, third), ['spec', 'selector', 'matchLabels', 'team']), 'b')
  })

  it('never gives its pods labels that decide about traffic', async () => {
    const labels = { 'shipper-traffic-status': 'enabled', 'shipper-lb': 'production', 'shipper-owned-by': 'me' }
    const rehearsal = await half({ labels })
    const [first = ''] = releasesOf(rehearsal)
    const own = getIn(workload(rehearsal, first), ['spec', 'template', 'metadata', 'labels'])
    assert.deepEqual(own, {
      app: 'nginx',
      'shipper-app': 'web',
      'shipper-release': first,
      'shipper-release-hash': first.split('-')[1],
      'shipper-owned-by': first,
    })
    assert.equal(getIn(workload(rehearsal, first), ['metadata', 'labels', 'shipper-lb']), undefined)
  })

  it('may keep fewer releases: those that serve stay, and the limit counts once they do not', async () => {
    const rehearsal = await half()
    await promote(rehearsal, 2)
    await edit(rehearsal, { 'web.yaml': web({ version: '0.0.3' }) })
    await promote(rehearsal, 1)
    const [, second = '', third = ''] = releasesOf(rehearsal)
    await edit(rehearsal, { 'web.yaml': web({ version: '0.0.3', revisionHistoryLimit: 1 }) })
    assert.deepEqual(releasesOf(rehearsal), [second, third])
    for (const release of [second, third]) assert.equal(getIn(workload(rehearsal, release), ['spec', 'replicas']), 5)
  })

  it('that gets another name or namespace is another one: the old one goes, and the new one begins at step 0', async () => {
    for (const moved of [
      applicationDocument('site', { version: '0.0.2' }),
      web({ namespace: 'shop', version: '0.0.2' }),
    ]) {
      const rehearsal = await half()
      const steps = (await edit(rehearsal, { 'web.yaml': moved, 'release.yaml': undefined })).flat()
      assert.ok(steps.includes('Remove web'), steps.join('\n'))
      const deployments = rehearsal.paths().filter((path) => path.includes('/Deployment.apps/'))
      assert.deepEqual(
        deployments.map((path) => getIn(rehearsal.file(path), ['spec', 'replicas'])),
        [1],
      )
    }
  })
})
