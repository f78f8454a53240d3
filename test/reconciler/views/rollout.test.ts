import assert from 'node:assert/strict'
import type { ReleaseInCluster, RolloutStatus } from '../../../reconciler/server/types.ts'
import { fleetStatusView } from '../../../reconciler/views/fleet-status.ts'
import { rolloutClosing, rolloutView } from '../../../reconciler/views/rollout.ts'
import { plainScreen } from '../../../reconciler/views/screen.ts'
import { clusterOf, fleetOf, now } from './fleet.ts'
import { releaseInCluster, rolloutOf } from './rollout-example.ts'

const ready = { contender: { ...releaseInCluster, availableReplicas: 1 } }
const app = 'default/super-server'
const failed = { release: 'super-server-9c0d1e2f-0', reason: 'check errors: 0.2 is not < 0.01, 3 of 3 times' }
const soaksUntil = '2026-11-26T08:10:00.000Z'

/** What an application says of itself, whether its pods are ready, and whether it needs a person. */
const table: readonly (readonly [change: Partial<RolloutStatus>, isReady: boolean, text: string, isForYou: boolean])[] =
  [
    [
      { waitsFor: 'command', achievedStep: 0 },
      true,
      `${app} waits for your command at step 0 (staging): flotilla promote ${app}`,
      true,
    ],
    [
      { waitsFor: 'command', achievedStep: 0 },
      false,
      `${app} is not ready any more in c1 at step 0 (staging), where it waits for your command: flotilla abort ${app}`,
      true,
    ],
    [{ waitsFor: 'capacity' }, false, `${app} waits for capacity in c1, on the way to step 0 (staging).`, false],
    [{ waitsFor: 'capacity' }, true, `${app} is on the way to step 0 (staging).`, false],
    [{ waitsFor: 'soak', soaksUntil }, true, `${app} soaks at step 0 (staging) until 2026-11-26 08:10:00Z.`, false],
    [
      { waitsFor: 'check', check: { name: 'errors', problem: '' } },
      true,
      `${app} waits for check errors at step 0 (staging).`,
      false,
    ],
    [
      { waitsFor: 'check', check: { name: 'errors', problem: 'answered 503, not 200, 1 of 3 times' } },
      true,
      `${app} waits for check errors (answered 503, not 200, 1 of 3 times) at step 0 (staging).`,
      false,
    ],
    [
      { waitsFor: 'readiness', achievedStep: 0 },
      false,
      `${app} is not ready any more in c1 at step 0 (staging); it waits for that.`,
      false,
    ],
    [
      { waitsFor: 'nothing', failed, targetStep: 1, achievedStep: 1, complete: true },
      true,
      `${app}: ${failed.release} has failed: ${failed.reason}.`,
      true,
    ],
    [
      { waitsFor: 'nothing', targetStep: 1, achievedStep: 1, complete: true },
      true,
      `${app} is rolled out: super-server-71fd5980-0.`,
      false,
    ],
  ]

describe('the status of a fleet with rollouts', () => {
  for (const [change, isReady, text, isForYou] of table) {
    it(`${isForYou ? 'asks for you' : 'leaves you alone'} where ${text.replaceAll(app, 'it')}`, () => {
      const rollout = rolloutOf(isReady ? ready : {}, change)
      assert.equal(rolloutClosing(rollout), text)
      const status = fleetOf([clusterOf('c1', 'local')], { rollouts: [rollout] })
      const { body, closing } = fleetStatusView(status, { now }, plainScreen())
      assert.equal(body.includes(`Needs you: ${text}`), isForYou, body)
      assert.equal(closing, 'The one cluster is synced.')
    })
  }

  it('asks for you where pods fail for a cause that does not pass, with the pods, the cluster and the cause', () => {
    const of = (why: string) => {
      const message = `1 of 1 pods not ready: super-server-71fd5980-0-nginx-x ${why}`
      const clusters = ['c1', 'c2'].map((name) => ({
        ...{ cluster: name, achievedStep: undefined, incumbent: undefined },
        contender: { ...releaseInCluster, message },
      }))
      const status = fleetOf([clusterOf('c1', 'local')], { rollouts: [rolloutOf({}, { clusters })] })
      return fleetStatusView(status, { now }, plainScreen()).body
    }
    const told = of('ImagePullBackOff: nginx:nope')
    const line = `Needs you: ${app}: super-server-71fd5980-0 is kept back in c1 (and 1 more): 1 of 1 pods not ready: …-nginx-x ImagePullBackOff: nginx:nope`
    assert.ok(told.includes(line), told)
    assert.ok(!of('not started yet').includes('Needs you'), 'what only takes its time is no concern of yours')
  })
})

describe('the rollout of one application', () => {
  it('says how much of the capacity and the traffic is there while it is not all', () => {
    const contender = {
      ...releaseInCluster,
      percent: 50,
      replicas: 5,
      weight: 50,
      achievedPercent: 30,
      achievedWeight: 33,
    }
    const textOf = (more: Partial<ReleaseInCluster>) =>
      rolloutView(rolloutOf({ contender: { ...contender, ...more } }), plainScreen()).body
    assert.match(textOf({ availableReplicas: 3, trafficReady: false }), /3\/5 pods \(30 of 50 %\) +weight 33 of 50/)
    assert.match(textOf({ availableReplicas: 5, trafficReady: true }), /5\/5 pods \(50 %\) +weight 50/)
  })

  it('has room for pods and causes on a narrow terminal', () => {
    const message = '1 of 1 pods not ready: super-server-71fd5980-0-nginx-5d4f8c9b7-x7k2p ImagePullBackOff: nginx:nope'
    const { body } = rolloutView(rolloutOf({ contender: { ...releaseInCluster, message } }), plainScreen(80))
    assert.ok(body.endsWith(`\n  c1: ${message}\n`), body)
  })
})
