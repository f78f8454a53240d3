import assert from 'node:assert/strict'
import { achievedPercent, desiredReplicas, hasCapacity } from '../../../render/shipper/capacity.ts'
import cases from '../../cases/shipper-capacity.json' with { type: 'json' }

describe('capacity is counted as Shipper counts it', () => {
  for (const { source, total, percent, expected } of cases.desiredReplicas) {
    it(`${percent} % of ${total} are ${expected} (${source})`, () => {
      assert.equal(desiredReplicas(total, percent), expected)
      assert.ok(hasCapacity(total, percent, expected))
    })
  }

  for (const { total, available, expectedAchievedPercent } of cases.achievedPercent) {
    it(`${available} of ${total} are ${expectedAchievedPercent} %`, () => {
      assert.equal(achievedPercent(total, available), expectedAchievedPercent)
    })
  }

  it('is not achieved with more replicas than wanted, nor with an unknown number', () => {
    assert.equal(hasCapacity(10, 50, 6), false)
    assert.equal(hasCapacity(10, 50, 4), false)
    assert.equal(hasCapacity(10, 0, undefined), false)
  })

  it('of a release without replicas is 0 %', () => {
    assert.equal(achievedPercent(0, 0), 0)
  })
})
