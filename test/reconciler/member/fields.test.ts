import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  childrenInOrder,
  covers,
  follow,
  followWanted,
  formatPath,
  mergeFields,
  parseStep,
  subtractFields,
} from '../../../reconciler/member/fields.ts'
import type { JsonObject } from '../../../repo-layout/json.ts'

const { entries } = Object

describe('fieldsV1', () => {
  const steps: readonly (readonly [string, ReturnType<typeof parseStep>])[] = [
    ['f:spec', { type: 'field', name: 'spec' }],
    ['f:app.kubernetes.io/name', { type: 'field', name: 'app.kubernetes.io/name' }],
    ['k:{"name":"web"}', { type: 'key', key: { name: 'web' } }],
    ['k:{"containerPort":80,"protocol":"TCP"}', { type: 'key', key: { containerPort: 80, protocol: 'TCP' } }],
    ['v:"a"', { type: 'value', value: 'a' }],
    ['v:8', { type: 'value', value: 8 }],
    ['i:3', { type: 'index', index: 3 }],
    ['.', undefined],
    ['k:[1]', undefined],
    ['k:{', undefined],
    ['i:x', undefined],
    ['z:later', undefined],
  ]
  for (const [text, step] of steps) {
    it(`reads ${text}`, () => assert.deepEqual(parseStep(text), step))
  }

  it('finds a list item by all parts of its key, and a manifest item that leaves a defaulted part out', () => {
    const key = { type: 'key', key: { containerPort: 80, protocol: 'TCP' } } as const
    const both = [
      { containerPort: 80, protocol: 'UDP' },
      { containerPort: 80, protocol: 'TCP', name: 'yes' },
    ]
    assert.equal((follow(key, both) as JsonObject).name, 'yes')
    assert.equal(follow(key, [{ containerPort: 80 }]), undefined)
    assert.deepEqual(followWanted(key, [{ containerPort: 80 }]), { containerPort: 80 })
    assert.equal(followWanted(key, [{ containerPort: 80, protocol: 'UDP' }]), undefined)
    assert.equal(followWanted(key, [{}]), undefined)
  })

  it('gives keyed items in the order of the live list', () => {
    const node = { '.': {}, 'k:{"name":"a"}': {}, 'k:{"name":"b"}': {}, 'k:{"name":"gone"}': {} }
    const order = childrenInOrder(node, [{ name: 'x' }, { name: 'b' }, { name: 'a' }]).map(([text]) => text)
    assert.deepEqual(order, ['k:{"name":"b"}', 'k:{"name":"a"}', 'k:{"name":"gone"}'])
  })

  it('writes paths as people read them', () => {
    assert.equal(
      formatPath(['f:spec', 'f:containers', 'k:{"name":"web"}', 'f:ports', 'k:{"containerPort":80,"protocol":"TCP"}']),
      '/spec/containers[name=web]/ports[containerPort=80,protocol=TCP]',
    )
    assert.equal(formatPath(['f:finalizers', 'v:"x"']), '/finalizers["x"]')
  })

  it('covers what it names and what lies below a leaf, not what lies beside', () => {
    const fields = { 'f:spec': { 'f:args': {}, 'f:ports': { 'k:{"port":1}': { '.': {}, 'f:port': {} } } } }
    assert(covers(fields, ['f:spec', 'f:args']))
    assert(covers(fields, ['f:spec', 'f:args', 'i:0']))
    assert(covers(fields, ['f:spec', 'f:ports', 'k:{"port":1}']))
    assert(!covers(fields, ['f:spec', 'f:image']))
    assert(!covers(fields, ['f:metadata']))
  })

  const names = fc.constantFrom('f:a', 'f:b', 'f:c', 'k:{"name":"x"}', '.')
  const { set } = fc.letrec<{ set: JsonObject }>((tie) => ({
    set: fc.dictionary(names, fc.oneof({ depthSize: 'small', withCrossShrink: true }, fc.constant({}), tie('set')), {
      maxKeys: 3,
    }),
  }))
  const leavesOf = (node: JsonObject, path: string[] = []): string[] =>
    entries(node).flatMap(([text, child]) => {
      const below = leavesOf(child as JsonObject, [...path, text])
      return text === '.' ? [] : below.length > 0 ? below : [[...path, text].join(' ')]
    })

  it('loses nothing in a union', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        const union = mergeFields(a, b)
        for (const leaf of [...leavesOf(a), ...leavesOf(b)]) assert(covers(union, leaf.split(' ')), leaf)
      }),
    )
  })

  it('leaves nothing of itself after subtracting itself, and never more than there was', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        assert.equal(subtractFields(a, a), undefined)
        const rest = subtractFields(a, b)
        for (const leaf of leavesOf(rest ?? {})) assert(covers(a, leaf.split(' ')), leaf)
      }),
    )
  })
})
