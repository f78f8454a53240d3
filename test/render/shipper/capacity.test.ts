import assert from 'node:assert/strict'
import { desiredReplicas, hasCapacity } from '../../../render/shipper/capacity.ts'
import cases from '../../cases/shipper-capacity.json' with { type: 'json' }

describe('capacity is counted as Shipper counts it', () => {
  for (const { source, total, percent, expected } of cases.desiredReplicas) {
    it(`${percent} % of ${total} are ${expected} (${source})`, () => {
      assert.equal(desiredReplicas(total, percent), expected)
      assert.ok(hasCapacity(total, percent, expected))
    })
  }

  it('is not achieved with more replicas than wanted, nor with an unknown number', () => {
    assert.equal(hasCapacity(10, 50, 6), false)
    assert.equal(hasCapacity(10, 50, 4), false)
    assert.equal(hasCapacity(10, 0, undefined), false)
  })
})
