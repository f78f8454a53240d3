import assert from 'node:assert/strict'
import { fleet, type Sources } from '../helper.ts'
import { nginxCharts } from './fixtures.ts'
import { type Rehearsal, rehearse } from './rehearsal.ts'
import { applicationDocument, blockDocument, clusterDocument, releaseDocument, releasesOf } from './written.ts'

const deadline = { 'flotilla.dev/step-deadline': '10m' }
const web = (version: string, more = {}) =>
  applicationDocument('web', {
    clusterRequirements: { regions: [{ name: 'local', replicas: 2 }] },
    annotations: deadline,
    version,
    ...more,
  })
const clusters = ['c1', 'c2'].map((name) => clusterDocument({ name })).join('---\n')
const freeze = { 'block.yaml': blockDocument('default/freeze') }

/** A fleet of two clusters in which the second version stands at 50/50. */
async function half(): Promise<Rehearsal> {
  const rehearsal = rehearse(
    { 'flotilla.yaml': fleet, 'clusters.yaml': clusters, 'web.yaml': web('0.0.1') },
    nginxCharts(),
  )
  await rehearsal.settle()
  await promote(rehearsal, 2)
  await edit(rehearsal, { 'web.yaml': web('0.0.2') })
  await promote(rehearsal, 1)
  return rehearsal
}

async function edit(rehearsal: Rehearsal, more: Sources): Promise<void> {
  rehearsal.sources = { ...rehearsal.sources, ...more }
  await rehearsal.settle()
}

async function promote(rehearsal: Rehearsal, step: number): Promise<void> {
  await edit(rehearsal, { 'release.yaml': releaseDocument(releasesOf(rehearsal).at(-1) ?? '', step) })
}

/** Some turns under a block: nothing but what is in a cluster that was away may change. */
async function staysUnder(rehearsal: Rehearsal, block: Sources = freeze): Promise<void> {
  const before = [...rehearsal.texts()].sort()
  rehearsal.sources = { ...rehearsal.sources, ...block }
  for (let i = 0; i < 3; i++) await rehearsal.turn()
  assert.deepEqual([...rehearsal.texts()].sort(), before)
}

async function lift(rehearsal: Rehearsal): Promise<void> {
  const { 'block.yaml': _lifted, ...others } = rehearsal.sources
  rehearsal.sources = others
  await rehearsal.settle()
}

describe('a RolloutBlock keeps as it is, and lets go on when it is gone,', () => {
  it('a step that was commanded', async () => {
    const rehearsal = await half()
    const [, contender = ''] = releasesOf(rehearsal)
    await staysUnder(rehearsal, { ...freeze, 'release.yaml': releaseDocument(contender, 2) })
    await lift(rehearsal)
    assert.deepEqual(replicas(rehearsal), [0, 10, 0, 10])
  })

  it('a release that is being given up', async () => {
    const rehearsal = await half()
    rehearsal.sources = { ...rehearsal.sources, 'web.yaml': web('0.0.1') }
    await rehearsal.turn()
    await staysUnder(rehearsal)
    await lift(rehearsal)
    assert.deepEqual(replicas(rehearsal), [10, 10])
  })

  it('a step that has failed', async () => {
    const rehearsal = await half()
    const [, contender = ''] = releasesOf(rehearsal)
    rehearsal.tell = (release) =>
      release === contender ? { installed: true, availableReplicas: 1, trafficReady: true } : undefined
    await rehearsal.settle()
    rehearsal.promotions = { [`default/${contender}`]: { step: 1, deadlinePassed: true } }
    await staysUnder(rehearsal)
    await lift(rehearsal)
    assert.deepEqual(releasesOf(rehearsal).length, 1, 'it is given up now')
  })

  it('a cluster that walks the rest', async () => {
    const rehearsal = await half()
    rehearsal.lost = new Set(['c2'])
    await promote(rehearsal, 2)
    rehearsal.lost = new Set()
    await rehearsal.turn()
    await staysUnder(rehearsal)
    await lift(rehearsal)
    assert.deepEqual(replicas(rehearsal), [0, 10, 0, 10])
  })

  it('an application whose document is moved, with all that it has', async () => {
    const rehearsal = await half()
    const { 'web.yaml': text = '', ...others } = rehearsal.sources
    rehearsal.sources = others
    await staysUnder(rehearsal, { ...freeze, 'moved.yaml': text })
    await lift(rehearsal)
    assert.deepEqual(replicas(rehearsal), [5, 5, 5, 5])
  })
})

describe('a RolloutBlock that cannot be read', () => {
  for (const [what, text] of [
    ['has no name', blockDocument('default/freeze').replace('  name: freeze\n', '')],
    ['has fields of the wrong kind', blockDocument('default/freeze').replace('message: stop', 'message: 5')],
    ['has a misspelt kind', blockDocument('default/freeze').replace('RolloutBlock', 'RolloutBlok')],
    ['has another group', blockDocument('default/freeze').replace('shipper.booking.com', 'shipper.example.com')],
    ['has no kind', blockDocument('default/freeze').replace(/kind: RolloutBlock\n/, '')],
    ['cannot be parsed', `${blockDocument('default/freeze')}\n : [`],
    ['is global and misspelt', blockDocument('rollout-blocks-global/freeze').replace('RolloutBlock', 'RoloutBlock')],
  ] as const) {
    it(`blocks all the same: one that ${what}`, async () => {
      const rehearsal = await half()
      await staysUnder(rehearsal, { 'block.yaml': text, 'web.yaml': web('0.0.3') })
      assert.match(rehearsal.said().join('\n'), /^web\.yaml:\S+ warning: .*(cannot be read).* stays as it is/m)
    })
  }

  it('blocks no other namespace', async () => {
    const rehearsal = await half()
    const text = blockDocument('elsewhere/freeze').replace('RolloutBlock', 'RolloutBlok')
    await edit(rehearsal, { 'block.yaml': text, 'web.yaml': web('0.0.3') })
    assert.equal(releasesOf(rehearsal).length, 2)
  })
})

describe('a cluster under a RolloutBlock', () => {
  it('that lost everything is filled again as it was', async () => {
    const rehearsal = await half()
    const before = [...rehearsal.texts()].sort()
    rehearsal.sources = { ...rehearsal.sources, ...freeze }
    rehearsal.tell = () => ({ installed: false, availableReplicas: 0, trafficReady: false })
    await rehearsal.turn()
    assert.deepEqual([...rehearsal.texts()].sort(), before, 'every object of it is in the tree')
    rehearsal.lose((path) => path.startsWith('clusters/c2/'))
    await rehearsal.turn()
    assert.deepEqual([...rehearsal.texts()].sort(), before, 'and comes back to it')
  })
})

function replicas(rehearsal: Rehearsal): readonly number[] {
  const texts = rehearsal.paths().filter((path) => path.includes('/Deployment.apps/'))
  const sorted = ['c1', 'c2'].flatMap((cluster) =>
    releasesOf(rehearsal).flatMap((release) =>
      texts.filter((path) => path.startsWith(`clusters/${cluster}/`) && path.includes(release)),
    ),
  )
  return sorted.map((path) => Number(/replicas: (\d+)/.exec(rehearsal.texts().get(path) ?? '')?.[1]))
}
