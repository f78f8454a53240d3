import assert from 'node:assert/strict'
import { sumOfFleet } from '../../../reconciler/report/aggregate.ts'
import { description } from '../../../reconciler/report/words.ts'
import type { RolloutStatus } from '../../../reconciler/server/types.ts'
import { fleetStatusSchema } from '../../../reconciler/server/wire.ts'
import { rolloutClosing, rolloutsForYou } from '../../../reconciler/views/rollout.ts'
import { fleetOf } from '../views/fleet.ts'

const rolledOut: RolloutStatus = {
  ...{ application: 'shop/web', release: 'web-1-0', incumbent: undefined, chart: 'web 1.0.0' },
  ...{ steps: ['staging', 'full on'], targetStep: 1, achievedStep: 1, complete: true, retreating: false },
  ...{ waitsFor: 'nothing', clusters: [] },
}
const reason =
  'eu-1: 1 of 1 pods not ready: web-2-0-x ImagePullBackOff: shop/web:9; step 0 (staging) does not stand within 15m'

describe('a release that failed and was given up', () => {
  const rollout = { ...rolledOut, failed: { release: 'web-2-0', reason } }

  it('is a failure of the commit, with step, cluster and reason, though all clusters are well again', () => {
    const { state, words } = sumOfFleet(fleetOf([], { rollouts: [rollout] }), [])
    assert.equal(state, 'failure')
    assert.ok(words.startsWith(`release web-2-0 failed: ${reason.replace('web-2-0', '…')}`), words)
    assert.equal(sumOfFleet(fleetOf([], { rollouts: [rolledOut] }), []).state, 'success')
  })

  it('leaves room for cluster, pod and cause where a forge cuts the description', () => {
    const release = 'super-server-71fd5980-0'
    const why = `eu-west-1: 1 of 1 pods not ready: ${release}-nginx-7c9d8f6b5d-x7k2p ImagePullBackOff: docker.io/shop/web:9`
    const failed = { release, reason: `${why}; step 0 (staging) does not stand within 15m` }
    const { words } = sumOfFleet(fleetOf([], { rollouts: [{ ...rolledOut, failed }] }), [])
    const cut = description(words)
    for (const part of [release, 'eu-west-1', '…-nginx-7c9d8f6b5d-x7k2p', 'ImagePullBackOff'])
      assert.ok(cut.includes(part), cut)
  })

  it('is what flotilla rollout ends with', () => {
    assert.equal(rolloutClosing(rollout), `shop/web: web-2-0 has failed: ${reason}.`)
    assert.deepEqual(
      rolloutsForYou({ rollouts: [rolledOut, rollout], clusters: [] }),
      [rolloutClosing(rollout)],
      'and what flotilla status says',
    )
    const failed = { ...rollout.failed, commit: '4f2a91c'.padEnd(40, '0') }
    const back = 'To take back what made it: flotilla rollback 4f2a91c'
    const told = { ...rollout, failed: { ...failed, since: '2026-11-24T14:00:00.000Z' } }
    assert.equal(rolloutClosing(told), `shop/web: web-2-0 has failed: ${reason}. ${back}`)
    // As it comes over the wire.
    const sent: unknown = JSON.parse(JSON.stringify(fleetOf([], { rollouts: [told] })))
    assert.deepEqual(fleetStatusSchema.parse(sent).rollouts?.[0]?.failed, told.failed)
  })
})
