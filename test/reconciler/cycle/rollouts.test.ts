import assert from 'node:assert/strict'
import { rolloutStatuses } from '../../../reconciler/cycle/rollouts.ts'
import type { PromotionWait } from '../../../reconciler/promotion/promotions.ts'
import type { RolloutStatus } from '../../../reconciler/server/types.ts'
import type { Rollout } from '../../../render/shipper/rollout.ts'
import { release } from '../promotion/release.ts'

const no = 'False' as const
const command = {
  ...{ waitingForInstallation: no, waitingForCapacity: no, waitingForTraffic: no },
  waitingForCommand: 'True' as const,
}
const stands: Partial<Rollout> = { targetStep: 0, achievedStep: 0, state: command }

const table: readonly (readonly [
  what: string,
  change: Partial<Rollout>,
  wait: PromotionWait | undefined,
  told: Partial<RolloutStatus>,
])[] = [
  ['stands at its step', stands, undefined, { waitsFor: 'command' }],
  ['was told to go on a moment ago', { ...stands, targetStep: 1 }, undefined, { waitsFor: 'nothing' }],
  ['is about to go on by itself', stands, { type: 'nothing' }, { waitsFor: 'nothing' }],
  [
    'soaks',
    stands,
    { type: 'soak', until: Date.UTC(2026, 10, 26, 8, 10) },
    { waitsFor: 'soak', soaksUntil: '2026-11-26T08:10:00.000Z' },
  ],
  [
    'waits for its check',
    stands,
    { type: 'check', name: 'errors', problem: '' },
    { waitsFor: 'check', check: { name: 'errors', problem: '' } },
  ],
  ['is not ready any more', stands, { type: 'readiness' }, { waitsFor: 'readiness' }],
  [
    'waits for pods on the way',
    { ...stands, state: { ...command, waitingForCapacity: 'True' } },
    { type: 'nothing' },
    { waitsFor: 'capacity' },
  ],
  ['is given up while it soaks', { ...stands, retreating: true }, undefined, { waitsFor: 'incumbent' }],
]

describe('what is told of a release that', () => {
  for (const [what, change, wait, told] of table)
    it(what, () => {
      const waits = new Map(wait ? [['shop/web-1-0', wait]] : [])
      const [status] = rolloutStatuses([[{ ...release, ...change }]], { clusters: {} }, waits, [])
      const { waitsFor, soaksUntil, check } = status ?? {}
      assert.deepEqual({ waitsFor, soaksUntil, check }, { soaksUntil: undefined, check: undefined, ...told })
    })

  it('is half there: by the percentage of its replicas, the weight that its endpoints amount to, and what it comes after', () => {
    const incumbent = { ...release, name: 'web-0-0', generation: release.generation - 1, complete: true }
    const totalReplicas = new Map(release.clusters.map((cluster) => [cluster, 10]))
    const [cluster = ''] = release.clusters
    const seen = { availableReplicas: 3, achievedWeight: 33 }
    const observations = { clusters: { [cluster]: { reachable: true, releases: { 'shop/web-1-0': seen } } } } as const
    const chain = [incumbent, { ...release, ...stands, totalReplicas }]
    const [status] = rolloutStatuses([chain], observations, new Map(), [])
    const { achievedPercent, achievedWeight } = status?.clusters[0]?.contender ?? {}
    assert.deepEqual([achievedPercent, achievedWeight, status?.incumbent], [30, 33, 'web-0-0'])
    assert.deepEqual(status?.rollingOut, { status: 'True', message: 'Transitioning from "web-0-0" to "web-1-0"' })
  })
})
