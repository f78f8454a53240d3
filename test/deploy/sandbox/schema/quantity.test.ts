import assert from 'node:assert/strict'
import fc from 'fast-check'
import { canonicalQuantity } from '../../../../deploy/sandbox/schema/quantity.ts'
import { quantity } from '../../../../repo-layout/quantity.ts'

const cases = [
  ['1000m', '1'],
  ['1500m', '1500m'],
  ['0.5', '500m'],
  ['1000', '1k'],
  ['1024Mi', '1Gi'],
  ['1.5Gi', '1536Mi'],
  ['64Mi', '64Mi'],
  ['1e3', '1e3'],
  ['0', '0'],
  ['100', '100'],
  ['-1000m', '-1'],
] as const

describe('sandbox quantities', () => {
  for (const [given, written] of cases) {
    it(`writes ${given} as ${written}`, () => assert.equal(canonicalQuantity(given), written))
  }

  it('leave alone what is none', () => {
    assert.equal(canonicalQuantity('many'), 'many')
  })

  it('mean the same before and after', () => {
    const amounts = fc.tuple(fc.nat(100_000), fc.constantFrom('', 'm', 'k', 'M', 'Ki', 'Mi', 'Gi'))
    fc.assert(
      fc.property(amounts, ([number, suffix]) => {
        const text = `${number}${suffix}`
        assert.ok(Math.abs(quantity(canonicalQuantity(text)) - quantity(text)) <= quantity(text) * 1e-12)
      }),
    )
  })
})
