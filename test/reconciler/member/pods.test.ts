import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { nodesOf } from '../../../reconciler/member/nodes.ts'
import { analyzePods } from '../../../reconciler/member/pods.ts'
import { quantity } from '../../../repo-layout/quantity.ts'

interface AnalyzeCase {
  readonly suite: string
  readonly name: string
  readonly pods: readonly string[]
  readonly expected: {
    readonly total: number
    readonly runningAndReady: number
    readonly unschedulable: number
    readonly recheck: boolean
  }
}

const file = new URL('../../cases/kubefed-other.json', import.meta.url)
const cases = (JSON.parse(readFileSync(file, 'utf8')) as AnalyzeCase[]).filter(({ suite }) => suite === 'TestAnalyze')
const now = Date.parse('2026-01-01T00:10:00Z')
const scheduled = (reason: string, lastTransitionTime: string) => [
  { type: 'PodScheduled', status: 'False', reason, lastTransitionTime },
]

describe('pod analysis', () => {
  for (const { name, pods, expected } of cases) {
    it(`kubefed: ${name}`, () => {
      const { total, runningPods, unschedulablePods, lookAgain } = analyzePods(
        pods.map((phase) => ({ status: { phase } })),
        now,
      )
      assert.deepEqual(
        { total, runningAndReady: runningPods, unschedulable: unschedulablePods, recheck: lookAgain },
        expected,
      )
    })
  }

  const table: readonly (readonly [string, object, number, number, boolean])[] = [
    ['running without conditions', { phase: 'Running' }, 0, 0, false],
    [
      'running, Ready whatever it says',
      { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] },
      1,
      0,
      false,
    ],
    [
      'unschedulable for long',
      { phase: 'Pending', conditions: scheduled('Unschedulable', '2026-01-01T00:08:59Z') },
      0,
      1,
      false,
    ],
    [
      'unschedulable for exactly a minute',
      { phase: 'Pending', conditions: scheduled('Unschedulable', '2026-01-01T00:09:00Z') },
      0,
      0,
      true,
    ],
    [
      'unschedulable for a moment',
      { phase: 'Pending', conditions: scheduled('Unschedulable', '2026-01-01T00:09:30Z') },
      0,
      0,
      true,
    ],
    [
      'not scheduled for another reason',
      { phase: 'Pending', conditions: scheduled('SchedulerError', '2026-01-01T00:00:00Z') },
      0,
      0,
      false,
    ],
    ['a time that cannot be read', { phase: 'Pending', conditions: scheduled('Unschedulable', 'soon') }, 0, 0, true],
  ]
  for (const [name, status, running, unschedulable, again] of table) {
    it(name, () => {
      const found = analyzePods([{ status: status as never }], now)
      assert.deepEqual(found, { total: 1, runningPods: running, unschedulablePods: unschedulable, lookAgain: again })
    })
  }
})

describe('nodes', () => {
  for (const [text, value] of [
    ['500m', 0.5],
    ['8Gi', 8 * 2 ** 30],
    ['2', 2],
    ['1e3', 1000],
    ['1k', 1000],
    ['x', 0],
  ] as const)
    it(`reads ${text}`, () => assert.equal(quantity(text), value))

  it('sums what pods ask for, the greatest init container at least', () => {
    const node = {
      metadata: { name: 'n', labels: { a: 'b' } },
      spec: { unschedulable: true },
      status: { allocatable: { cpu: '4' }, conditions: [{ type: 'Ready', status: 'True' }] },
    }
    const ask = (cpu: string, memory: string) => ({ resources: { requests: { cpu, memory } } })
    const pod = {
      spec: { nodeName: 'n', containers: [ask('100m', '1Ki'), ask('200m', '1Ki')], initContainers: [ask('1', '1')] },
    }
    const [facts] = nodesOf([node], [pod, { spec: {} }])
    assert.deepEqual(facts?.requested, { cpu: '1000m', memory: '2048', pods: '1' })
    assert.deepEqual(facts?.taints, [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }])
    assert.equal(facts?.ready, true)
  })
})
