import assert from 'node:assert/strict'
import { overBudget } from '../../../reconciler/member/prune.ts'
import { afterVerdict, replicaMoves, summarize } from '../../../reconciler/plan/compose.ts'
import { selectClusters } from '../../../reconciler/plan/select.ts'
import type { ClusterPlan, PlanSummary } from '../../../reconciler/plan/types.ts'
import { going } from '../views/course-example.ts'
import { clusterPlan, planned, planOfClusters } from '../views/plan-example.ts'

const web = 'Deployment.apps/shop/web'

/** Replicas of one workload by cluster, before and after. */
type Counts = Readonly<Record<string, readonly [before: number, after: number]>>

const moveCases: readonly (readonly [what: string, counts: Counts, changed: readonly string[]])[] = [
  ['a workload that moves', { a: [3, 0], b: [0, 3] }, ['a', 'b']],
  ['one that is divided otherwise, and stays in a third cluster', { a: [3, 5], b: [5, 3], c: [1, 1] }, ['a', 'b']],
  ['one that grows', { a: [1, 4] }, ['a']],
  ['one that stays', { a: [3, 3], b: [2, 2] }, []],
  ['one that is new', { a: [0, 3] }, []],
  ['one that goes', { a: [3, 0], b: [2, 0] }, []],
]

describe('the moves of a plan', () => {
  for (const [what, counts, changed] of moveCases)
    it(`${changed.length > 0 ? 'tell of' : 'leave out'} ${what}`, () => {
      const byCluster = Object.entries(counts).map(
        ([cluster, [before, after]]) => [cluster, new Map([[web, { before, after }]])] as const,
      )
      const moves = replicaMoves(new Map(byCluster))
      assert.deepEqual(
        moves.flatMap(({ clusters }) => clusters.map(({ cluster }) => cluster)),
        changed,
      )
    })

  it('count every cluster, also those in which nothing changes', () => {
    const [move] = replicaMoves(
      new Map([
        ['b', new Map([[web, { before: 2, after: 5 }]])],
        ['a', new Map([[web, { before: 4, after: 4 }]])],
      ]),
    )
    assert.deepEqual([move?.before, move?.after], [6, 9])
  })
})

const nothing = { created: 0, configured: 0, pruned: 0, adopted: 0, leftAlone: 0, failed: 0, changes: false }

const summaries: readonly (readonly [what: string, clusters: readonly ClusterPlan[], summary: Partial<PlanSummary>])[] =
  [
    ['nothing', [clusterPlan('a', [])], { unchanged: 400, planned: 1, waiting: 0 }],
    ['a new object', [clusterPlan('a', [planned('x')])], { created: 1, changes: true }],
    [
      'an adopted one, once',
      [clusterPlan('a', [planned('x', { action: 'configured', how: 'adopted' })])],
      { adopted: 1, changes: true },
    ],
    ['one left alone', [clusterPlan('a', [planned('x', { action: 'skipped', how: 'left alone' })])], { leftAlone: 1 }],
    ['one that would fail', [clusterPlan('a', [planned('x', { action: 'failed' })])], { failed: 1 }],
    ['one held back', [clusterPlan('a', [planned('x', { action: 'skipped', how: 'held back' })])], {}],
    ['a suspended one', [clusterPlan('a', [planned('x', { action: 'skipped', how: 'suspended' })])], {}],
    [
      'a cluster that waits with changes',
      [clusterPlan('a', [], { state: 'waits', pending: '1 changed' })],
      { planned: 0, waiting: 1, changes: true },
    ],
    ['a cluster that waits without', [clusterPlan('a', [], { state: 'waits' })], { waiting: 1, changes: false }],
    ['a cluster that leaves', [clusterPlan('a', [], { state: 'leaves' })], { waiting: 1, changes: true }],
  ]

describe('the summary of a plan', () => {
  for (const [what, clusters, expected] of summaries)
    it(`counts ${what}`, () => {
      const summary = summarize(clusters, 0)
      for (const [name, value] of Object.entries({ ...nothing, ...expected }))
        assert.equal(summary[name as keyof PlanSummary], value, name)
    })
})

describe('a plan whose deletions were judged', () => {
  const objects = [planned('ConfigMap/shop/a', { action: 'pruned', source: '' }), planned('ConfigMap/shop/b')]

  it('keeps over budget what would be deleted, and nothing else', () => {
    const [a, b] = afterVerdict(objects, new Set(['ConfigMap/shop/a']), { verdict: 'over' })
    assert.deepEqual([a?.action, a?.how, a?.why], ['skipped', 'held back', overBudget])
    assert.equal(b, objects[1])
  })

  it('deletes within the budget', () => {
    assert.deepEqual(afterVerdict(objects, new Set(['ConfigMap/shop/a']), { verdict: 'within' }), objects)
  })
})

describe('a plan of some clusters', () => {
  const plan = planOfClusters([clusterPlan('eu-1', [planned('x')]), clusterPlan('us-1', [])])

  it('holds these alone, and counts them', () => {
    const { plan: chosen } = selectClusters(plan, ['us-*'])
    assert.deepEqual(
      chosen?.clusters.map(({ cluster }) => cluster),
      ['us-1'],
    )
    assert.deepEqual([chosen?.summary.created, chosen?.deletions], [0, plan.deletions])
  })

  it('tells of rollouts in these clusters alone, each whole', () => {
    const rolling = {
      ...plan,
      rollouts: [
        { ...going, clusters: ['eu-1', 'us-1'] },
        { ...going, clusters: ['eu-1'] },
      ],
    }
    const { plan: chosen } = selectClusters(rolling, ['us-*'])
    assert.deepEqual(chosen?.rollouts, [rolling.rollouts[0]])
    assert.deepEqual([chosen?.summary.rollouts, chosen?.summary.changes], [1, true])
  })

  it('is none where a name matches nothing', () => {
    assert.deepEqual(selectClusters(plan, ['eu-1', 'ap-*']), { plan: undefined, unmatched: ['ap-*'] })
  })
})
