import assert from 'node:assert/strict'
import fc from 'fast-check'
import { compare } from '../../../../deploy/sandbox/apply/compare.ts'
import { isEmpty, members } from '../../../../deploy/sandbox/apply/field-set.ts'
import { merge } from '../../../../deploy/sandbox/apply/merge.ts'
import { removeItems } from '../../../../deploy/sandbox/apply/remove.ts'
import { toFieldSet } from '../../../../deploy/sandbox/apply/to-set.ts'
import { schemaOf } from '../../../../deploy/sandbox/schema/schema.ts'
import { isJsonArray, type Json, jsonEqual } from '../../../../repo-layout/json.ts'

const schema = schemaOf(
  {
    type: 'object',
    properties: {
      size: { type: 'integer' },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
      whole: { type: 'array', items: { type: 'string' } },
      tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
      items: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: { type: 'object', properties: { name: { type: 'string' }, value: { type: 'string' } } },
      },
    },
  },
  false,
)

const word = fc.constantFrom('a', 'b', 'c')
const item = fc.record({ name: word, value: word }, { requiredKeys: ['name'] })
const objects = fc.record(
  {
    size: fc.integer({ min: 0, max: 3 }),
    labels: fc.dictionary(word, word, { maxKeys: 3 }),
    whole: fc.array(word, { maxLength: 3 }),
    tags: fc.uniqueArray(word, { maxLength: 3 }),
    items: fc.uniqueArray(item, { maxLength: 3, selector: ({ name }) => name }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Json>

describe('sandbox merge', () => {
  it('changes nothing where an object is applied onto itself', () => {
    fc.assert(fc.property(objects, (object) => assert.ok(jsonEqual(merge(schema, object, object), object))))
  })

  it('settles at once: applying the same again changes nothing more', () => {
    fc.assert(
      fc.property(objects, objects, (live, applied) => {
        const once = merge(schema, live, applied) ?? null
        assert.ok(jsonEqual(merge(schema, once, applied), once))
      }),
    )
  })

  it('brings every field that was applied to its value', () => {
    fc.assert(
      fc.property(objects, objects, (live, applied) => {
        const merged = merge(schema, live, applied) ?? null
        const differing = compare(schema, applied, merged)
        assert.ok(isEmpty(differing.modified), JSON.stringify(merged))
        assert.ok(isEmpty(differing.removed), JSON.stringify(merged))
      }),
    )
  })

  it('keeps what only the live object has', () => {
    fc.assert(
      fc.property(objects, objects, (live, applied) => {
        const merged = merge(schema, live, applied) ?? null
        const lost = [...members(compare(schema, live, merged).removed)]
        assert.deepEqual(lost, [])
      }),
    )
  })

  it('keeps the order in which items were applied', () => {
    fc.assert(
      fc.property(fc.uniqueArray(word), fc.uniqueArray(word), (live, applied) => {
        const merged = merge(schema, { tags: live }, { tags: applied })
        const tags = (merged as { tags?: Json }).tags
        const kept = (isJsonArray(tags) ? tags : []).filter((tag) => applied.some((one) => one === tag))
        assert.deepEqual(kept, applied)
      }),
    )
  })

  it('leaves no value where every field is taken out', () => {
    fc.assert(
      fc.property(objects, (object) => {
        const rest = removeItems(schema, object, toFieldSet(schema, object))
        const text = JSON.stringify(rest).replaceAll(/"\w+":/g, '')
        assert.match(text, /^(null|\{((null|\[\]|\{\}),?)*\})$/)
      }),
    )
  })
})
