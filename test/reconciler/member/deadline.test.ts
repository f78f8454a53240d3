import assert from 'node:assert/strict'
import { createDeadline } from '../../../reconciler/member/deadline.ts'
import type { MemberStatus, Sync } from '../../../reconciler/member/types.ts'
import { testClock } from '../../clocks.ts'

function status(sync: Sync, wantedCommit = 'c1'): Omit<MemberStatus, 'since'> {
  return {
    cluster: 'm',
    sync,
    message: '1/2 applied',
    appliedCommit: undefined,
    wantedCommit,
    applied: 1,
    total: 2,
    seenAt: undefined,
    kubernetesVersion: undefined,
    credentialExpiresAt: undefined,
    objects: [],
  }
}

describe('the timeout of a sync', () => {
  it('leaves a cluster progressing until the time is up, then calls it degraded and says why', () => {
    const clock = testClock()
    let woken = 0
    const deadline = createDeadline(clock, () => woken++)

    assert.equal(deadline(status('progressing'), '10m').sync, 'progressing')
    clock.pass(599_999)
    assert.deepEqual([deadline(status('progressing'), '10m').sync, woken], ['progressing', 0])
    clock.pass(1)
    const late = deadline(status('progressing'), '10m')
    assert.deepEqual([late.sync, woken], ['degraded', 1])
    assert.equal(late.message, 'not applied and healthy within 10m; 1/2 applied')
  })

  it('calls it synced as soon as it is, late or not', () => {
    const clock = testClock()
    const deadline = createDeadline(clock, () => undefined)
    deadline(status('progressing'), '1m')
    clock.pass(60_000)
    assert.equal(deadline(status('progressing'), '1m').sync, 'degraded')
    assert.equal(deadline(status('synced'), '1m').sync, 'synced')
    assert.equal(deadline(status('progressing'), '1m').sync, 'progressing')
  })

  for (const [what, next, timeout] of [
    ['another commit', status('progressing', 'c2'), '1m'],
    ['another timeout', status('progressing'), '2m'],
  ] as const) {
    it(`begins anew with ${what}, and wakes nobody for the one before`, () => {
      const clock = testClock()
      let woken = 0
      const deadline = createDeadline(clock, () => woken++)
      deadline(status('progressing'), '1m')
      clock.pass(59_000)
      deadline(next, timeout)
      clock.pass(30_000)
      assert.deepEqual([deadline(next, timeout).sync, woken], ['progressing', 0])
    })
  }

  it('judges no cluster that is in another state, or of which no settings are known', () => {
    const clock = testClock()
    const deadline = createDeadline(clock, () => assert.fail('nothing was to be waited for'))
    for (const [sync, timeout] of [
      ['drifted', '1m'],
      ['unreachable', '1m'],
      ['suspended', '1m'],
      ['progressing', undefined],
    ] as const) {
      const given = status(sync)
      assert.equal(deadline(given, timeout), given)
      clock.pass(120_000)
      assert.equal(deadline(given, timeout), given)
    }
  })
})
