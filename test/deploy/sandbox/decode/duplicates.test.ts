import assert from 'node:assert/strict'
import fc from 'fast-check'
import { duplicateKeys } from '../../../../deploy/sandbox/decode/duplicates.ts'

describe('sandbox duplicate keys', () => {
  it('are found with their path', () => {
    const text = '{"spec": {"ports": [{"port": 1, "port": 2}], "a\\"b": "}", "spec": []}, "spec": null}'
    assert.deepEqual(duplicateKeys(text), ['spec.ports[0].port', 'spec'])
  })

  it('are none in what JSON.stringify writes, however it is indented', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        assert.deepEqual(duplicateKeys(JSON.stringify(value, null, indent)), [])
      }),
    )
  })
})
