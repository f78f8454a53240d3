import assert from 'node:assert/strict'
import { getIn, type KubeObject } from '../../../repo-layout/json.ts'
import { fleet, type Sources } from '../helper.ts'
import { type Rehearsal, rehearse, testCharts } from './rehearsal.ts'
import { applicationDocument, clusterDocument, releaseDocument, releasesOf } from './written.ts'

const inBoth = { clusterRequirements: { regions: [{ name: 'local', replicas: 2 }] } }
const web = (version: string) => applicationDocument('web', { ...inBoth, version })

/** A chart with one workload of 10 replicas and a ConfigMap that its releases share. */
function charts(kind: string, hasService: boolean) {
  return testCharts(({ release, version }): readonly KubeObject[] => [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared' }, data: { version } },
    {
      apiVersion: 'apps/v1',
      kind,
      metadata: { name: `${release}-db` },
      spec: {
        replicas: 10,
        selector: { matchLabels: { app: 'db' } },
        template: { metadata: { labels: { app: 'db' } } },
      },
    },
    ...(hasService
      ? [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'db' }, spec: { selector: { app: 'db' } } }]
      : []),
  ])
}

for (const [what, kind, hasService] of [
  ['a StatefulSet and a Service', 'StatefulSet', true],
  ['a StatefulSet and no Service', 'StatefulSet', false],
  ['a Deployment and no Service', 'Deployment', false],
] as const) {
  describe(`a chart with ${what}`, () => {
    const traffic = (moves: readonly string[]) => moves.filter((move) => hasService || !move.includes('traffic'))

    async function running(): Promise<Rehearsal> {
      const clusters = ['c1', 'c2'].map((name) => clusterDocument({ name })).join('---\n')
      const sources = { 'flotilla.yaml': fleet, 'clusters.yaml': clusters, 'web.yaml': web('0.0.1') }
      const rehearsal = rehearse(sources, charts(kind, hasService))
      await rehearsal.settle()
      await promote(rehearsal, 2)
      return rehearsal
    }

    async function edit(rehearsal: Rehearsal, more: Sources): Promise<readonly string[]> {
      rehearsal.sources = { ...rehearsal.sources, ...more }
      return (await rehearsal.settle()).flat()
    }

    function promote(rehearsal: Rehearsal, step: number) {
      return edit(rehearsal, { 'release.yaml': releaseDocument(releasesOf(rehearsal).at(-1) ?? '', step) })
    }

    function replicas(rehearsal: Rehearsal, cluster: string) {
      return releasesOf(rehearsal).map((release) =>
        getIn(rehearsal.file(`clusters/${cluster}/default/${kind}.apps/${release}-db.yaml`), ['spec', 'replicas']),
      )
    }

    const shared = (rehearsal: Rehearsal, cluster: string) =>
      getIn(rehearsal.file(`clusters/${cluster}/default/ConfigMap/shared.yaml`), ['data', 'version'])

    it('rolls out step by step, and what is shared is taken over at the first step that counts', async () => {
      const rehearsal = await running()
      const begins = await edit(rehearsal, { 'web.yaml': web('0.0.2') })
      const [first, second] = releasesOf(rehearsal)
      assert.deepEqual(begins, [
        `Begin ${second} in c1, c2`,
        `Move capacity of ${second} to 1 % in c1, c2`,
        `${second} has achieved step 0 (staging)`,
      ])
      assert.equal(shared(rehearsal, 'c1'), '0.0.1')
      const half = (await promote(rehearsal, 1)).filter((step) => step.startsWith('Move'))
      assert.deepEqual(
        half,
        traffic([
          `Move capacity of ${second} to 50 % in c1, c2`,
          `Move traffic of ${second} to weight 50 in c1, c2`,
          `Move traffic of ${first} to weight 50 in c1, c2`,
          `Move capacity of ${first} to 50 % in c1, c2`,
        ]),
      )
      assert.equal(shared(rehearsal, 'c1'), hasService ? '0.0.2' : '0.0.1')
      await promote(rehearsal, 2)
      assert.deepEqual(replicas(rehearsal, 'c2'), [0, 10])
      assert.equal(shared(rehearsal, 'c1'), '0.0.2')
    })

    it('is given up by a revert: the running version has everything back first', async () => {
      const rehearsal = await running()
      await edit(rehearsal, { 'web.yaml': web('0.0.2') })
      await promote(rehearsal, 1)
      const [first, second] = releasesOf(rehearsal)
      const back = (await edit(rehearsal, { 'web.yaml': web('0.0.1') })).filter((step) => /^(Move|Remove)/.test(step))
      assert.deepEqual(back, [
        ...traffic([
          `Move capacity of ${first} to 100 % in c1, c2`,
          `Move traffic of ${first} to weight 100 in c1, c2`,
          `Move traffic of ${second} to weight 0 in c1, c2`,
        ]),
        `Remove ${second}`,
      ])
      assert.equal(shared(rehearsal, 'c1'), '0.0.1')
    })

    it('keeps the running version while pods of the new one are not ready', async () => {
      const rehearsal = await running()
      await edit(rehearsal, { 'web.yaml': web('0.0.2') })
      const [, second] = releasesOf(rehearsal)
      rehearsal.tell = (release) =>
        release === second ? { installed: true, availableReplicas: 1, trafficReady: true } : undefined
      await promote(rehearsal, 2)
      assert.deepEqual(replicas(rehearsal, 'c1'), [10, 10])
    })

    it('leaves a cluster that is lost as it is, what is shared too, until it has walked that far', async () => {
      const rehearsal = await running()
      await edit(rehearsal, { 'web.yaml': web('0.0.2') })
      const [, second] = releasesOf(rehearsal)
      rehearsal.lost = new Set(['c2'])
      await promote(rehearsal, 2)
      rehearsal.lost = new Set()
      rehearsal.tell = (release, cluster) =>
        release === second && cluster === 'c2'
          ? { installed: true, availableReplicas: 1, trafficReady: true }
          : undefined
      await rehearsal.settle()
      assert.deepEqual(
        [replicas(rehearsal, 'c1'), replicas(rehearsal, 'c2')],
        [
          [0, 10],
          [10, 5],
        ],
      )
      assert.deepEqual(
        ['c1', 'c2'].map((cluster) => shared(rehearsal, cluster)),
        ['0.0.2', '0.0.1'],
      )
      rehearsal.tell = () => undefined
      await rehearsal.settle()
      assert.deepEqual(replicas(rehearsal, 'c2'), [0, 10])
      assert.equal(shared(rehearsal, 'c2'), '0.0.2')
    })
  })
}
