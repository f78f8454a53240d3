import assert from 'node:assert/strict'
import { createMemo } from '../../../render/memo.ts'
import { desiredReplicas } from '../../../render/shipper/capacity.ts'
import type { StrategyCondition } from '../../../render/shipper/conditions.ts'
import { copiesOf } from '../../../render/shipper/copies.ts'
import { environmentHash } from '../../../render/shipper/hash.ts'
import { formatRollout } from '../../../render/shipper/record.ts'
import { labels, type Rollout } from '../../../render/shipper/rollout.ts'
import { templateOf } from '../../../render/shipper/template.ts'
import { getIn, type Json, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import { applicationSchema } from '../../../repo-layout/schema/shipper.ts'
import { parseYaml } from '../../../repo-layout/yaml/parse.ts'
import cases from '../../cases/shipper-strategy.json' with { type: 'json' }
import { fleet, type Sources } from '../helper.ts'
import { nginxCharts } from './fixtures.ts'
import { type Facts, type Rehearsal, rehearse } from './rehearsal.ts'
import { applicationDocument, blockDocument, clusterDocument, releaseDocument } from './written.ts'

type Given = (typeof cases.patchCases)[number]['releases'][number]

const namespace = 'test-namespace'
const nothingAwaited = {
  waitingForInstallation: 'False',
  waitingForCapacity: 'False',
  waitingForTraffic: 'False',
  waitingForCommand: 'False',
} as const
const strategies: Readonly<Record<string, Json>> = cases.strategies

function document(given: Pick<Given, 'strategy'>): string {
  return applicationDocument('test-app', { namespace, strategy: { steps: strategies[given.strategy] ?? [] } })
}

/** A release in force as a case describes it: one Deployment and one Service, which it shares with the others. */
function rolloutOf(given: Given, generation: number): Rollout {
  const parsed = parseYaml(document(given))
  const environment = templateOf(applicationSchema.parse(parsed.type === 'documents' && parsed.documents[0]?.value))
  const hash = environmentHash(environment)
  const workload: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: given.name, namespace, labels: { [labels.app]: 'test-app', [labels.release]: given.name } },
    spec: {},
  }
  const service: KubeObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace },
    spec: { selector: { [labels.app]: 'test-app', [labels.traffic]: 'enabled' } },
  }
  return {
    namespace,
    application: 'test-app',
    name: given.name,
    generation,
    iteration: generation,
    hash,
    source: 'app.yaml',
    applicationLabels: {},
    environment,
    template: hash,
    digest: 'sha256:nginx-0.0.1',
    engine: 'helm v4.2.1',
    clusters: given.capacity.spec.map(({ name }) => name).sort(),
    targetStep: given.targetStep,
    achievedStep: given.achievedStep ?? undefined,
    achievedIn: new Map(),
    complete: given.achievedStep === ((strategies[given.strategy] as readonly Json[]).length ?? 0) - 1,
    retreating: false,
    failed: undefined,
    totalReplicas: new Map(given.capacity.spec.map((one) => [one.name, one.totalReplicaCount])),
    percent: new Map(given.capacity.spec.map(({ name, percent }) => [name, percent])),
    weight: new Map(given.traffic.spec.map(({ name, weight }) => [name, weight])),
    selectedIn: new Set(),
    conditions: given.strategyConditions as StrategyCondition[],
    state: nothingAwaited,
    manifests: [{ clusters: undefined, objects: [workload, service] }],
    workload: `Deployment.apps/${namespace}/${given.name}` as Rollout['workload'],
    service: `Service/${namespace}/web` as Rollout['service'],
  }
}

/** A fleet whose previous tree holds these releases, oldest first; clusters are as ready as the case says. */
async function upon(releases: readonly Given[], rules = 'Shipper', more = {}): Promise<Rehearsal> {
  const newest = releases.at(-1)
  assert.ok(newest)
  const names = [...new Set(releases.flatMap(({ capacity }) => capacity.spec.map(({ name }) => name)))]
  const sources = {
    'flotilla.yaml': `${fleet}spec: {rollouts: {rules: ${rules}}}\n`,
    'clusters.yaml': names.map((name) => clusterDocument({ name })).join('---\n'),
    'app.yaml': document(newest),
    'release.yaml': releaseDocument(newest.name, newest.targetStep, namespace),
    ...more,
  }
  const rehearsal = rehearse(sources, nginxCharts())
  const rollouts = releases.map(rolloutOf)
  const copies = copiesOf(rollouts, createMemo()).flatMap(({ byCluster }) => [...byCluster.values()])
  rehearsal.start(new Map([...copies, ...rollouts.flatMap(formatRollout)]))
  rehearsal.tell = (name, cluster) => factsOf(releases, name, cluster)
  return rehearsal
}

function factsOf(releases: readonly Given[], name: string, cluster: string): Facts | undefined {
  const given = releases.find((one) => one.name === name)
  const target = given?.capacity.spec.find((one) => one.name === cluster)
  if (!given || !target) return undefined
  const isReady = (of: { readonly ready: boolean; readonly message: string }) =>
    of.ready || !of.message.includes(cluster)
  const desired = desiredReplicas(target.totalReplicaCount, target.percent)
  return {
    installed: isReady(given.installation),
    availableReplicas: desired - (isReady(given.capacity) ? 0 : 1),
    trafficReady: isReady(given.traffic),
  }
}

function targetsOf(rehearsal: Rehearsal): ReadonlyMap<string, Json> {
  const paths = rehearsal.paths().filter((path) => /\/(Capacity|Traffic)Target\.yaml$/.test(path))
  return new Map(
    paths.map((path) => {
      const file = rehearsal.file(path) as JsonObject
      return [`${file.kind} ${getIn(file, ['metadata', 'name'])}`, file.spec ?? null]
    }),
  )
}

function status(rehearsal: Rehearsal, release: string): Json | undefined {
  return rehearsal.file(`rollouts/${namespace}/test-app/${release}/Release.yaml`)?.status
}

/** Conditions as Shipper writes them: what is empty is left out of the record. */
function written(conditions: readonly StrategyCondition[]): readonly Json[] {
  return conditions.map(({ reason, message, ...others }) => ({
    ...others,
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
  }))
}

describe("Shipper's own cases of one move, rendered upon their records", () => {
  for (const { source, sync, releases, expected } of cases.patchCases as readonly (typeof cases.patchCases)[number][]) {
    it(source, async () => {
      const rehearsal = await upon(releases)
      const before = targetsOf(rehearsal)
      await rehearsal.turn()
      const changed = [...targetsOf(rehearsal)].filter(([key, spec]) => {
        return JSON.stringify(before.get(key)) !== JSON.stringify(spec)
      })
      const own = changed.filter(([key]) => sync === releases.at(-1)?.name || key.endsWith(` ${sync}`))
      assert.deepEqual(
        own,
        (expected.targetPatches as readonly { kind: string; name: string; spec: Json }[]).map((one) => [
          `${one.kind} ${one.name}`,
          one.spec,
        ]),
      )
      assert.deepEqual(
        getIn(status(rehearsal, sync), ['strategy', 'conditions']),
        written(expected.strategyConditions as StrategyCondition[]),
      )
      assert.deepEqual(getIn(status(rehearsal, sync), ['strategy', 'state']), expected.state)
      if (expected.achievedStep !== undefined) {
        assert.equal(getIn(status(rehearsal, sync), ['achievedStep', 'step']), expected.achievedStep)
      }
    })
  }
})

describe("Shipper's own cases of errors and blocks, rendered upon their records", () => {
  const [given] = cases.patchCases.filter(({ source }) => source.endsWith('TestContenderCapacityShouldIncrease'))
  const [traffic] = cases.patchCases.filter(({ source }) => source.endsWith('TestIncumbentTrafficShouldDecrease'))
  const releases = (given?.releases ?? []) as readonly Given[]
  const [incumbent, contender] = releases as [Given, Given]
  const staged = { ...contender.capacity, spec: [{ name: 'minikube', percent: 1, totalReplicaCount: 10 }] }

  /** Renders some turns of clusters that are as ready as the case says; no target and no replica moves. */
  async function unmoved(chain: readonly Given[], rules: string, more: Sources = {}): Promise<Rehearsal> {
    const rehearsal = await upon(chain, rules, more)
    const before = [targetsOf(rehearsal), replicasOf(rehearsal)]
    for (let i = 0; i < 3; i++) await rehearsal.turn()
    assert.deepEqual([targetsOf(rehearsal), replicasOf(rehearsal)], before)
    return rehearsal
  }

  for (const rules of ['Shipper', 'Safe']) {
    it(`TestApplicationExposesStrategyFailureIndexOutOfBounds, by the rules ${rules}`, async () => {
      const release = { 'release.yaml': releaseDocument(contender.name, 3, namespace) }
      const rehearsal = await unmoved([incumbent, { ...contender, targetStep: 0, capacity: staged }], rules, release)
      const words = /^release\.yaml:\d+:\d+: error: no step 3 in strategy for Release "test-namespace\/test-contender"/
      assert.match(rehearsal.said().join('\n'), words)
    })

    for (const one of [traffic, given]) {
      it(`a RolloutBlock stops ${one?.source.split(' ').at(-1)}, by the rules ${rules}`, async () => {
        const block = { 'block.yaml': blockDocument('test-namespace/test-rollout-block') }
        const rehearsal = await unmoved((one?.releases ?? []) as readonly Given[], rules, block)
        const words = /rollout block\(s\) with name\(s\) "test-namespace\/test-rollout-block" exist/
        assert.match(rehearsal.said().join('\n'), words)
      })
    }
  }

  it('TestControllerDetectInconsistentTargetStep: to the letter, an older release must be at its last step', async () => {
    const chain = [
      { ...incumbent, targetStep: 1 },
      { ...contender, targetStep: 2, achievedStep: 2, capacity: incumbent.capacity, traffic: incumbent.traffic },
    ]
    const rehearsal = await upon(chain, 'Shipper')
    await rehearsal.turn()
    const words =
      /Release test-namespace\/test-incumbent target step is inconsistent: unexpected value 1 \(expected: 2\)/
    assert.match(rehearsal.said().join('\n'), words)
  })
})

function replicasOf(rehearsal: Rehearsal): readonly (Json | undefined)[] {
  const paths = rehearsal.paths().filter((path) => path.includes('/Deployment.apps/'))
  return paths.map((path) => getIn(rehearsal.file(path), ['spec', 'replicas']))
}
