import assert from 'node:assert/strict'
import { median, percentile } from './stats.ts'

describe('statistics of the benchmark', () => {
  it('takes the middle value, or the mean of the middle two', () => {
    assert.equal(median([9, 1, 5]), 5)
    assert.equal(median([9, 1, 5, 3]), 4)
    assert.equal(median([2]), 2)
    assert.throws(() => median([]), /no values/)
  })

  it('takes the nearest rank as a percentile', () => {
    const values = Array.from({ length: 200 }, (_, i) => 200 - i)
    assert.equal(percentile(values, 50), 100)
    assert.equal(percentile(values, 99), 198)
    assert.equal(percentile(values, 100), 200)
    assert.equal(percentile([7], 1), 7)
    assert.throws(() => percentile([], 50), /no values/)
  })
})
