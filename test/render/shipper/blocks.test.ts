import assert from 'node:assert/strict'
import { blockedBy, blockMessage, parseOverrides } from '../../../render/shipper/blocks.ts'
import cases from '../../cases/shipper-release.json' with { type: 'json' }
import strategyCases from '../../cases/shipper-strategy.json' with { type: 'json' }

const list = (text: string | null | undefined) => (text ? text.split(',') : [])

describe("rollout blocks, by Shipper's own cases", () => {
  for (const one of cases.rolloutBlocks) {
    it(one.name, () => {
      const { blocks, unknownOverrides } = blockedBy('frontend', list(one.existing), parseOverrides(one.overrides))
      if (one.fn === 'blocks') assert.deepEqual(blocks, list(one.expectedEffective))
      else assert.deepEqual(unknownOverrides, list(one.expectedUnknownOverrides))
    })
  }

  for (const { source, existingBlocks, override, expectedCondition } of strategyCases.errorAndBlockCases) {
    if (expectedCondition.type !== 'Blocked') continue
    it(source, () => {
      const blocked = blockedBy('test-namespace', existingBlocks ?? [], parseOverrides(override))
      assert.equal(blockMessage(blocked), expectedCondition.message)
    })
  }
})

describe('rollout blocks', () => {
  const existing = ['shop/freeze', 'other/freeze', 'rollout-blocks-global/holiday']

  it('count in their own namespace, the global ones everywhere', () => {
    assert.deepEqual(blockedBy('shop', existing, []).blocks, ['rollout-blocks-global/holiday', 'shop/freeze'])
    assert.deepEqual(blockedBy('web', existing, []).blocks, ['rollout-blocks-global/holiday'])
    assert.deepEqual(blockedBy('web', ['other/freeze'], []), { blocks: [], unknownOverrides: [] })
  })

  it('are overridden one by one, and an override of none blocks', () => {
    const overrides = parseOverrides(' shop/freeze,rollout-blocks-global/holiday,,shop/freeze, shop/gone')
    assert.deepEqual(overrides, ['rollout-blocks-global/holiday', 'shop/freeze', 'shop/gone'])
    const blocked = blockedBy('shop', existing, overrides)
    assert.deepEqual(blocked, { blocks: [], unknownOverrides: ['shop/gone'] })
    assert.equal(blockMessage(blocked), 'rollout block with name "shop/gone" does not exist')
    assert.equal(blockMessage(blockedBy('shop', existing, overrides.slice(0, 2))), undefined)
    assert.deepEqual(parseOverrides(undefined), [])
  })
})
