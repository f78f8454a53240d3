import assert from 'node:assert/strict'
import { blobOid } from '../../../repo-layout/generated/oid.ts'
import { fleet } from '../helper.ts'
import { nginxCharts } from './fixtures.ts'
import { type Rehearsal, rehearse } from './rehearsal.ts'
import { applicationDocument, clusterDocument, releaseDocument, releasesOf } from './written.ts'

/** A fleet of two clusters in which the second version stands at 50/50. */
async function half(namespace = 'default'): Promise<Rehearsal> {
  const web = (version: string) =>
    applicationDocument('web', {
      namespace,
      labels: { team: 'a' },
      clusterRequirements: { regions: [{ name: 'local', replicas: 2 }] },
      version,
    })
  const clusters = ['c1', 'c2'].map((name) => clusterDocument({ name })).join('---\n')
  const rehearsal = rehearse(
    { 'flotilla.yaml': fleet, 'clusters.yaml': clusters, 'web.yaml': web('0.0.1') },
    nginxCharts(),
  )
  const promote = async (step: number) => {
    const command = releaseDocument(releasesOf(rehearsal).at(-1) ?? '', step, namespace)
    rehearsal.sources = { ...rehearsal.sources, 'release.yaml': command }
    await rehearsal.settle()
  }
  await rehearsal.settle()
  await promote(2)
  rehearsal.sources = { ...rehearsal.sources, 'web.yaml': web('0.0.2') }
  await rehearsal.settle()
  await promote(1)
  return rehearsal
}

/** Goes on upon a generated tree that somebody has edited by hand. */
function editByHand(rehearsal: Rehearsal, change: (texts: Map<string, string>) => void): void {
  const texts = new Map(rehearsal.texts())
  change(texts)
  rehearsal.start(new Map([...texts].map(([path, text]) => [path, { oid: blobOid(Buffer.from(text)), text }])))
}

function inClusters(rehearsal: Rehearsal): readonly (readonly [string, string])[] {
  return [...rehearsal.texts()].filter(([path]) => path.startsWith('clusters/')).sort()
}

describe('the records of releases', () => {
  const edits: readonly (readonly [what: string, file: string, change: (text: string) => string])[] = [
    ['no generation', 'Release', (text) => text.replace(/.*release\.generation: .*\n/, '')],
    ['a generation that is no number', 'Release', (text) => text.replace(/(release\.generation: )"1"/, "$1'1x'")],
    ['the generation of another one', 'Release', (text) => text.replace(/(release\.generation: )"1"/, "$1'0'")],
    ['no iteration', 'Release', (text) => text.replace(/.*template\.iteration: .*\n/, '')],
    ['no clusters', 'Release', (text) => text.replace(/.*release\.clusters: .*\n/, '')],
    ['an empty list of clusters', 'Release', (text) => text.replace(/(release\.clusters: ).*\n/, "$1''\n")],
    ['a cluster without capacity', 'CapacityTarget', (text) => text.replace(/ {4}- name: c2\n.*\n.*\n/, '')],
    ['a cluster without traffic', 'TrafficTarget', (text) => text.replace(/ {4}- name: c2\n.*\n/, '')],
    ['no template', 'Release', (text) => text.replace(/.*template-hash: .*\n/, '')],
    ['no digest', 'Release', (text) => text.replace(/.*chart-digest: .*\n/, '')],
    ['no hash', 'Release', (text) => text.replace(/.*shipper-release-hash: .*\n/, '')],
    ['the name of another application', 'Release', (text) => text.replace(/shipper-app: web/, 'shipper-app: wab')],
    ['another name', 'Release', (text) => text.replace(/( {2}name: web-\w+)-0/, '$1-7')],
    ['another namespace', 'Release', (text) => text.replace('namespace: default', 'namespace: shop')],
    ['no conditions', 'Release', (text) => text.replace(/ {2}conditions: .*\n/, '')],
    ['a target step before the first', 'Release', (text) => text.replace(/targetStep: 1/, 'targetStep: -1')],
    ['no workload among its objects', 'Manifest', (text) => text.replace(/name: (web-\w+-0)-nginx/, 'name: $1-other')],
    [
      'a note of a newer version',
      'Release',
      (text) => text.replace('  annotations:\n', '  annotations:\n    flotilla.dev/canary: "5"\n'),
    ],
    [
      'a note of a newer version on its objects',
      'Manifest',
      (text) => text.replace('  annotations:\n', '  annotations:\n    flotilla.dev/canary: "5"\n'),
    ],
    ['text that is no YAML', 'TrafficTarget', (text) => `${text}  : [`],
    ['nothing in it', 'CapacityTarget', () => ''],
  ]
  for (const [what, file, change] of edits) {
    it(`stay, with all objects, where one of them has ${what}`, async () => {
      const rehearsal = await half()
      const path = `rollouts/default/web/${releasesOf(rehearsal).at(-1)}/${file}.yaml`
      editByHand(rehearsal, (texts) => {
        const text = texts.get(path) ?? ''
        assert.notEqual(change(text), text)
        texts.set(path, change(text))
      })
      const before = [...rehearsal.texts()].sort()
      for (let i = 0; i < 3; i++) await rehearsal.turn()
      assert.deepEqual([...rehearsal.texts()].sort(), before)
      assert.match(
        rehearsal.said().join('\n'),
        /^web\.yaml:4:9: error: the records of this application in rollouts\/default\/web\/ cannot/m,
      )
    })
  }

  it('are found, and stay, in a namespace whose name a disk does not hold as it is', async () => {
    const rehearsal = await half('Shop')
    assert.equal(releasesOf(rehearsal).length, 2)
    const path = `rollouts/%53hop/web/${releasesOf(rehearsal).at(-1)}/TrafficTarget.yaml`
    editByHand(rehearsal, (texts) => texts.set(path, ''))
    const before = [...rehearsal.texts()].sort()
    assert.ok(before.some(([one]) => one.startsWith('clusters/c1/%53hop/Deployment.apps/web-')))
    for (let i = 0; i < 2; i++) await rehearsal.turn()
    assert.deepEqual([...rehearsal.texts()].sort(), before)
  })

  it('stay where a newer version has made one more', async () => {
    const rehearsal = await half()
    const path = `rollouts/default/web/${releasesOf(rehearsal).at(-1)}/AnalysisTarget.yaml`
    editByHand(rehearsal, (texts) => texts.set(path, 'kind: AnalysisTarget\n'))
    const before = [...rehearsal.texts()].sort()
    await rehearsal.turn()
    assert.deepEqual([...rehearsal.texts()].sort(), before)
  })

  for (const file of ['Release', 'CapacityTarget', 'TrafficTarget', 'Manifest']) {
    it(`are missed where ${file} is gone, and nothing changes`, async () => {
      const rehearsal = await half()
      const before = inClusters(rehearsal)
      const [first] = releasesOf(rehearsal)
      editByHand(rehearsal, (texts) => texts.delete(`rollouts/default/web/${first}/${file}.yaml`))
      await rehearsal.settle()
      assert.deepEqual(inClusters(rehearsal), before)
    })
  }

  it('are written again as they were where what they say can be told from the others', async () => {
    const rehearsal = await half()
    const before = [...rehearsal.texts()].sort()
    editByHand(rehearsal, (texts) => {
      for (const path of texts.keys()) if (path.endsWith('InstallationTarget.yaml')) texts.delete(path)
    })
    await rehearsal.settle()
    assert.deepEqual([...rehearsal.texts()].sort(), before)
  })

  it('take over what was restored from an older commit, and the rollout goes on from there', async () => {
    const rehearsal = await half()
    const before = new Map(rehearsal.texts())
    const [, contender = ''] = releasesOf(rehearsal)
    rehearsal.sources = { ...rehearsal.sources, 'release.yaml': releaseDocument(contender, 2) }
    editByHand(rehearsal, (texts) => texts.set(`rollouts/default/web/${contender}/Release.yaml`, ''))
    await rehearsal.settle()
    editByHand(rehearsal, (texts) => {
      for (const [path, text] of before) texts.set(path, text)
    })
    const moves = (await rehearsal.settle()).flat()
    assert.ok(moves.includes(`${contender} has achieved step 2 (full on)`), moves.join('\n'))
  })
})
