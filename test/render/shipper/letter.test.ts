import assert from 'node:assert/strict'
import { patched } from '../../../render/shipper/advance.ts'
import { type ConditionType, type StrategyCondition, strategyState } from '../../../render/shipper/conditions.ts'
import type { Step } from '../../../render/shipper/environment.ts'
import { pipelineOf } from '../../../render/shipper/letter.ts'
import type { ExecuteOptions, FactsOf, ReleaseState } from '../../../render/shipper/state.ts'
import { execute } from '../../../render/shipper/strategy.ts'
import cases from '../../cases/shipper-strategy.json' with { type: 'json' }
import { allDone, complete, release, step, vanguard } from './chain.ts'

type Given = (typeof cases.patchCases)[number]['releases'][number]

const letter: ExecuteOptions = { letter: true, hasTraffic: true, namespace: 'test-namespace', surge: () => undefined }

const strategies: Readonly<Record<string, readonly Step[]>> = cases.strategies

function stateOf(given: Given): ReleaseState {
  return release(given.name, {
    steps: strategies[given.strategy] ?? [],
    targetStep: given.targetStep,
    achievedStep: given.achievedStep ?? undefined,
    complete: given.achievedStep === (strategies[given.strategy]?.length ?? 0) - 1,
    totalReplicas: new Map(given.capacity.spec.map((one) => [one.name, one.totalReplicaCount])),
    clusters: given.capacity.spec.map(({ name }) => name),
    percent: new Map(given.capacity.spec.map(({ name, percent }) => [name, percent])),
    weight: new Map(given.traffic.spec.map(({ name, weight }) => [name, weight])),
    conditions: given.strategyConditions as StrategyCondition[],
  })
}

/** Facts that make Shipper's targets as ready as the case says: the message names the clusters that are not. */
function factsOf(releases: readonly Given[]): FactsOf {
  const done = allDone(releases.map(stateOf))
  return (name, cluster) => {
    const given = releases.find((one) => one.name === name)
    const facts = done(name, cluster)
    if (!given || !facts) return undefined
    const isReady = (target: { readonly ready: boolean; readonly message: string }) =>
      target.ready || !target.message.includes(cluster)
    return {
      installed: isReady(given.installation),
      availableReplicas: (facts.availableReplicas ?? 0) - (isReady(given.capacity) ? 0 : 1),
      trafficReady: isReady(given.traffic),
    }
  }
}

describe('the letter of Shipper: its own cases of a step', () => {
  for (const { source, sync, releases, expected } of cases.patchCases as readonly (typeof cases.patchCases)[number][]) {
    it(source, () => {
      const chain = releases.map(stateOf)
      const clusters = [...new Set(chain.flatMap((one) => one.clusters))]
      const done = execute(chain, clusters, factsOf(releases), letter)
      const progress = done.progress.find((one) => one.release === sync)
      assert.ok(progress)
      assert.equal(progress.isAchieved, expected.complete)
      assert.deepEqual(progress.conditions, expected.strategyConditions)
      assert.deepEqual(progress.state, expected.state)
      if (expected.achievedStep !== undefined) assert.equal(progress.achievedStep, expected.achievedStep)
      const targets = done.patches.map(({ type, release: name, value, clusters: of }) => {
        const totals = chain.find((one) => one.name === name)?.totalReplicas
        return type === 'capacity'
          ? {
              kind: 'CapacityTarget',
              name,
              spec: {
                clusters: of.map((cluster) => ({
                  name: cluster,
                  percent: value,
                  totalReplicaCount: totals?.get(cluster),
                })),
              },
            }
          : { kind: 'TrafficTarget', name, spec: { clusters: of.map((cluster) => ({ name: cluster, weight: value })) } }
      })
      assert.deepEqual(targets, expected.targetPatches)
    })
  }

  for (const { source, sync, expectedCondition, ...one } of cases.errorAndBlockCases) {
    // What is blocked is not executed at all: see the cases of rollout blocks.
    if (expectedCondition.type === 'Blocked') continue
    it(source, () => {
      const steps = vanguard.slice(0, one.strategySteps ?? 3)
      const incumbent = complete('test-incumbent', { targetStep: one.incumbentTargetStep ?? 2 })
      const contender = release('test-contender', { steps, targetStep: one.targetStep ?? one.contenderTargetStep ?? 0 })
      const chain = [incumbent, contender]
      const { progress } = execute(chain, ['c1'], allDone(chain), letter)
      const { problem } = progress.find((other) => other.release.endsWith(sync ?? '')) ?? {}
      assert.deepEqual(problem, { reason: expectedCondition.reason, message: expectedCondition.message })
    })
  }

  for (const { name, hasPrev, succ, isSteppingBackwards, expectedPipeline } of cases.pipelineOrder) {
    it(`order: ${name}`, () => {
      const successor = succ ? release('succ', { targetStep: succ.targetStep }) : undefined
      const place = { previous: hasPrev ? complete('prev') : undefined, current: release('curr'), successor }
      const [first = step('', [0, 0], [0, 0])] = vanguard
      const items = pipelineOf(place, first, isSteppingBackwards).map(({ type }) =>
        type === 'installation' ? 'install' : type,
      )
      assert.deepEqual(successor ? items : [...items, 'state'], expectedPipeline)
    })
  }

  it('order with a release before: contender first forwards, incumbent first backwards', () => {
    const place = { previous: complete('prev'), current: release('curr'), successor: undefined }
    const [first = step('', [0, 0], [0, 0])] = vanguard
    const order = (isBackward: boolean) =>
      pipelineOf(place, first, isBackward).map(({ type, release: { name } }) => `${type}(${name})`)
    const forward = ['capacity(curr)', 'traffic(curr)', 'traffic(prev)', 'capacity(prev)']
    const backward = ['capacity(prev)', 'traffic(prev)', 'traffic(curr)', 'capacity(curr)']
    assert.deepEqual(order(false), ['installation(curr)', ...forward])
    assert.deepEqual(order(true), ['installation(curr)', ...backward])
  })

  for (const { source, conditions, expected, ...at } of cases.strategyState) {
    it(source, () => {
      const full = conditions.map(({ type, status, step: of }) => {
        return { type: type as ConditionType, status: status as 'True', step: of, reason: '', message: '' }
      })
      assert.deepEqual(strategyState(full, at), expected)
    })
  }

  for (const { name, events } of cases.derivedWalks) {
    it(`walk: ${name}`, () => {
      let chain = [...(name.startsWith('first release') ? [] : [complete('test-incumbent')]), release('test-contender')]
      for (const event of events) {
        chain = chain.map((one) => (one.name === 'test-contender' ? { ...one, targetStep: event.targetStep } : one))
        const { patches, progress } = execute(chain, ['c1'], allDone(chain), letter)
        const head = progress.at(-1)
        assert.ok(head)
        if ('patch' in event) {
          const type = event.patch === 'CapacityTarget' ? 'capacity' : 'traffic'
          assert.deepEqual(patches, [{ type, release: event.release, value: event.value, clusters: ['c1'] }])
        } else {
          assert.deepEqual(patches, [])
          assert.equal(head.achievedStep, event.achievedStep)
          assert.deepEqual(head.state, event.state)
        }
        chain = patched(chain, patches).map((one) =>
          one.name === head.release
            ? { ...one, achievedStep: head.achievedStep, complete: head.complete, conditions: head.conditions }
            : one,
        )
      }
    })
  }
})
