import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  difference,
  type FieldSet,
  intersection,
  isEmpty,
  members,
  setOf,
  union,
  without,
} from '../../../../deploy/sandbox/apply/field-set.ts'
import { fromFieldsV1, printPath, toFieldsV1 } from '../../../../deploy/sandbox/apply/fields-v1.ts'

const element = fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'v:1')
const path = fc.array(element, { minLength: 1, maxLength: 3 })
const sets = fc.array(path, { maxLength: 8 }).map((paths) => setOf(...paths))
const names = (set: FieldSet) => [...members(set)].map((one) => one.join('/'))

describe('sandbox field sets', () => {
  it('unite, intersect and differ as the sets of their members do', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        const [x, y] = [new Set(names(a)), new Set(names(b))]
        assert.deepEqual(new Set(names(union(a, b))), new Set([...x, ...y]))
        assert.deepEqual(
          names(intersection(a, b)),
          names(a).filter((one) => y.has(one)),
        )
        assert.deepEqual(
          names(difference(a, b)),
          names(a).filter((one) => !y.has(one)),
        )
      }),
    )
  })

  it('leave out what lies below a member where they are told to', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        const gone = names(b)
        const kept = names(a).filter((one) => !gone.some((prefix) => one === prefix || one.startsWith(`${prefix}/`)))
        assert.deepEqual(names(without(a, b)), kept)
      }),
    )
  })

  it('come back from fieldsV1 as they were written', () => {
    fc.assert(
      fc.property(sets, (set) => {
        assert.deepEqual(names(fromFieldsV1(toFieldsV1(set))), names(set))
      }),
    )
  })

  it('hold nothing where nothing is left', () => {
    fc.assert(fc.property(sets, (set) => assert.ok(isEmpty(difference(set, set)))))
  })

  it('print a path as conflicts do', () => {
    const path = ['f:spec', 'f:ports', 'k:{"port":80,"protocol":"TCP"}', 'f:name']
    assert.equal(printPath(path), '.spec.ports[port=80,protocol="TCP"].name')
    assert.equal(printPath(['f:tags', 'v:"x"']), '.tags[="x"]')
  })
})
