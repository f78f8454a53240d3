import assert from 'node:assert/strict'
import { fleet, type Sources } from '../helper.ts'
import { nginxCharts } from './fixtures.ts'
import { type Rehearsal, rehearse } from './rehearsal.ts'
import { applicationDocument, clusterDocument, releaseDocument, releasesOf } from './written.ts'

const inBoth = { clusterRequirements: { regions: [{ name: 'local', replicas: 2 }] } }
const web = (version: string) => applicationDocument('web', { ...inBoth, version })

interface Way {
  readonly what: string
  /** Brings a fleet in which the first version has everything to where the way begins. */
  readonly prepare: (rehearsal: Rehearsal) => Promise<void>
  readonly sources: (rehearsal: Rehearsal) => Sources
}

const newest = (rehearsal: Rehearsal) => releasesOf(rehearsal).at(-1) ?? ''
const step = (rehearsal: Rehearsal, targetStep: number) => ({
  'release.yaml': releaseDocument(newest(rehearsal), targetStep),
})

async function edit(rehearsal: Rehearsal, more: Sources): Promise<void> {
  rehearsal.sources = { ...rehearsal.sources, ...more }
  await rehearsal.settle()
}

async function at(rehearsal: Rehearsal, targetStep: number): Promise<void> {
  await edit(rehearsal, { 'web.yaml': web('0.0.2') })
  await edit(rehearsal, step(rehearsal, targetStep))
}

const ways: readonly Way[] = [
  { what: 'to the first step', prepare: async () => {}, sources: () => ({ 'web.yaml': web('0.0.2') }) },
  { what: 'forward', prepare: (rehearsal) => at(rehearsal, 0), sources: (rehearsal) => step(rehearsal, 1) },
  { what: 'to the end', prepare: (rehearsal) => at(rehearsal, 1), sources: (rehearsal) => step(rehearsal, 2) },
  { what: 'back', prepare: (rehearsal) => at(rehearsal, 2), sources: (rehearsal) => step(rehearsal, 1) },
  { what: 'out of it again', prepare: (rehearsal) => at(rehearsal, 1), sources: () => ({ 'web.yaml': web('0.0.1') }) },
]

/** A fleet of two clusters that has gone a number of turns of a way. */
async function underWay({ prepare, sources }: Way, turns: number): Promise<Rehearsal> {
  const clusters = ['c1', 'c2'].map((name) => clusterDocument({ name })).join('---\n')
  const rehearsal = rehearse(
    { 'flotilla.yaml': fleet, 'clusters.yaml': clusters, 'web.yaml': web('0.0.1') },
    nginxCharts(),
  )
  await rehearsal.settle()
  await edit(rehearsal, step(rehearsal, 2))
  await prepare(rehearsal)
  rehearsal.sources = { ...rehearsal.sources, ...sources(rehearsal) }
  for (let turn = 0; turn < turns; turn++) await rehearsal.turn()
  return rehearsal
}

/** What moves in a cluster, turn by turn; what goes in the turn in which it is cut is not told of. */
async function movesIn(rehearsal: Rehearsal, cluster: string): Promise<readonly (readonly string[])[]> {
  const all: string[][] = []
  for (let turn = 0; turn < 8; turn++) {
    const { steps } = await rehearsal.turn()
    all.push(steps.filter((one) => one.startsWith('Move') && one.includes(cluster) && !one.includes(' to 0 %')))
  }
  return all
}

function inClusters(rehearsal: Rehearsal): readonly (readonly [string, string])[] {
  return [...rehearsal.texts()].filter(([path]) => path.startsWith('clusters/')).sort()
}

for (const way of ways) {
  describe(`a rollout on its way ${way.what}, after each of its turns,`, () => {
    // What is given back to the running version is given back in each cluster for itself.
    const isTogether = way.what !== 'out of it again'
    let whole: readonly (readonly string[])[] = []
    let end: ReturnType<typeof inClusters> = []
    before(async () => {
      const rehearsal = await underWay(way, 0)
      whole = await movesIn(rehearsal, 'c1')
      end = inClusters(rehearsal)
    })

    for (const [what, key] of [
      ['waits where nothing is known of the releases in one cluster', 'mute'],
      ['goes on without a cluster that is lost', 'lost'],
    ] as const) {
      it(what, async () => {
        for (const turns of [1, 2, 4]) {
          const rehearsal = await underWay(way, turns)
          rehearsal[key] = new Set(['c2'])
          const moves = (await movesIn(rehearsal, 'c1')).flat()
          const left = whole.slice(turns).flat()
          const expected = key === 'mute' && isTogether ? [] : left.map((one) => one.replace(', c2', ''))
          assert.deepEqual(moves, expected, `after turn ${turns}`)
          rehearsal[key] = new Set()
          await rehearsal.settle()
          assert.deepEqual(inClusters(rehearsal), end, 'it gets there once all is known')
        }
      })
    }
  })
}
