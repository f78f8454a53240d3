import assert from 'node:assert/strict'
import { applyOperation, type MutableJson, PatchError } from '../../render/kubefed/json-patch.ts'
import type { Json } from '../../repo-layout/json.ts'
import table from '../cases/json-patch.json' with { type: 'json' }

const rows = table.rows as unknown as readonly (readonly [
  op: 'add' | 'remove' | 'replace',
  path: string,
  after: Json,
])[]

describe('json-patch: one operation does what the library does that kubefed uses', () => {
  for (const [op, path, after] of rows) {
    it(`${op} ${path} ${after === null ? 'fails' : 'applies'}`, () => {
      const object = structuredClone(table.before) as unknown as MutableJson
      const apply = () => applyOperation(object, op === 'remove' ? { op, path } : { op, path, value: { n: 1 } })
      if (after === null) assert.throws(apply, PatchError)
      else {
        apply()
        assert.deepEqual(object, after)
      }
    })
  }
})
