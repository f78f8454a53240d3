import assert from 'node:assert/strict'
import { createPace } from '../../../reconciler/cycle/pace.ts'
import { testClock } from '../../clocks.ts'

describe('the pace of the cycle', () => {
  it('doubles the pause with each failure in a row, up to a minute, and forgets it after a success', () => {
    const clock = testClock()
    const pace = createPace(clock)
    assert.equal(pace.pause(), 0)
    const pauses = Array.from({ length: 8 }, () => {
      pace.failed()
      return pace.pause()
    })
    assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
    clock.pass(59_000)
    assert.equal(pace.pause(), 1000)

    pace.succeeded()
    assert.equal(pace.pause(), 0)
    pace.failed()
    assert.equal(pace.pause(), 1000)
  })
})
