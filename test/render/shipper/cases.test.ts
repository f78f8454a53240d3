import assert from 'node:assert/strict'
import { getIn, type JsonObject } from '../../../repo-layout/json.ts'
import choice from '../../cases/shipper-cluster-choice.json' with { type: 'json' }
import strategies from '../../cases/shipper-strategy.json' with { type: 'json' }
import { fleet } from '../helper.ts'
import { nginxCharts } from './fixtures.ts'
import { type Rehearsal, rehearse } from './rehearsal.ts'
import {
  applicationDocument,
  clusterDocument,
  type GivenApplication,
  type GivenCluster,
  releaseDocument,
  releasesOf,
  vanguardStrategy,
} from './written.ts'

const rulesOf = { Safe: fleet, Shipper: `${fleet}spec: {rollouts: {rules: Shipper}}\n` } as const
type Rules = keyof typeof rulesOf

/** A fleet whose inventory and application are as given, and rollouts by these rules. */
function begin(application: GivenApplication, clusters: readonly GivenCluster[], rules: Rules = 'Safe'): Rehearsal {
  const inventory = clusters.map(clusterDocument).join('---\n')
  const sources = { 'flotilla.yaml': rulesOf[rules], 'clusters.yaml': inventory }
  return rehearse({ ...sources, 'app.yaml': applicationDocument('test-application', application) }, nginxCharts())
}

describe("Shipper's own cases of the choice of clusters, rendered", () => {
  for (const one of choice.cases) {
    it(one.name, async () => {
      const { clusterRequirements } = one as unknown as { clusterRequirements: JsonObject }
      const rehearsal = begin({ clusterRequirements }, one.clusters)
      rehearsal.sources = {
        ...rehearsal.sources,
        'app.yaml': applicationDocument(one.application, { clusterRequirements }),
      }
      await rehearsal.turn()
      const deployments = rehearsal.paths().filter((path) => /^clusters\/.*\/Deployment\.apps\//.test(path))
      assert.deepEqual(
        deployments.map((path) => path.split('/')[1]),
        one.expectedClusters ?? [],
      )
      const [record] = rehearsal.paths().filter((path) => path.endsWith('/Release.yaml'))
      const frozen =
        record && getIn(rehearsal.file(record), ['metadata', 'annotations', 'shipper.booking.com/release.clusters'])
      assert.equal(frozen, one.expectedClusters?.join(','))
      if (one.expectedErrorReason) assert.match(rehearsal.said().join('\n'), new RegExp(one.expectedErrorReason))
      else assert.deepEqual(rehearsal.said(), [])
    })
  }
})

/** What happened to the targets of two releases from one tree to the next, in words of the cases. */
function targets(rehearsal: Rehearsal): ReadonlyMap<string, number> {
  const all = new Map<string, number>()
  for (const path of rehearsal.paths()) {
    const [, , , release = '', kind = ''] = path.split('/')
    const field = { 'CapacityTarget.yaml': 'percent', 'TrafficTarget.yaml': 'weight' }[kind]
    if (field === undefined) continue
    const value = getIn(rehearsal.file(path), ['spec', 'clusters', 0, field])
    all.set(`${kind.replace('.yaml', '')} ${release}`, Number(value))
  }
  return all
}

/** Turns until nothing changes; gives what changed in the targets, turn by turn. */
async function changes(rehearsal: Rehearsal): Promise<readonly string[]> {
  const all: string[] = []
  for (let still = 0; still < 3; ) {
    const before = targets(rehearsal)
    await rehearsal.turn()
    const changed = [...targets(rehearsal)].filter(([key, value]) => (before.get(key) ?? 0) !== value)
    all.push(...changed.map(([key, value]) => `${key} ${value}`))
    still = changed.length === 0 ? still + 1 : 0
  }
  return all
}

const minikube: readonly GivenCluster[] = [{ name: 'minikube' }]

describe("Shipper's walks through a strategy, rendered turn by turn", () => {
  for (const rules of ['Safe', 'Shipper'] as const) {
    for (const { name, events } of strategies.derivedWalks) {
      it(`${name}, by the rules ${rules}`, async () => {
        const rehearsal = begin({ strategy: vanguardStrategy }, minikube, rules)
        await rehearsal.turn()
        const [first = ''] = releasesOf(rehearsal)
        const hasIncumbent = events.some(({ release }) => release === 'test-incumbent')
        if (hasIncumbent) {
          rehearsal.sources = { ...rehearsal.sources, 'release.yaml': releaseDocument(first, 2) }
          await rehearsal.settle()
          rehearsal.sources = {
            ...rehearsal.sources,
            'app.yaml': applicationDocument('test-application', { version: '0.0.2' }),
          }
          await rehearsal.turn()
        }
        const contender = releasesOf(rehearsal).at(-1) ?? ''
        const groups = new Map<string, typeof events>()
        let round = 0
        for (const [i, event] of events.entries()) {
          if (i > 0 && events[i - 1]?.achievedStep !== undefined) round++
          const key = `${round} ${event.targetStep}`
          groups.set(key, [...(groups.get(key) ?? []), event])
        }
        for (const group of groups.values()) {
          const step = group[0]?.targetStep ?? 0
          rehearsal.sources = { ...rehearsal.sources, 'release.yaml': releaseDocument(contender, step) }
          const expected = group.flatMap(({ patch, release, value }) =>
            patch ? [`${patch} ${release === 'test-contender' ? contender : first} ${value}`] : [],
          )
          assert.deepEqual(await changes(rehearsal), expected)
          const record = rehearsal.file(`rollouts/default/test-application/${contender}/Release.yaml`)
          const [end] = group.filter(({ achievedStep }) => achievedStep !== undefined)
          assert.equal(getIn(record, ['status', 'achievedStep', 'step']), end?.achievedStep)
          if (end?.state) assert.deepEqual(getIn(record, ['status', 'strategy', 'state']), end.state)
        }
        assert.deepEqual(rehearsal.said(), [])
      })
    }
  }
})
