import assert from 'node:assert/strict'
import fc from 'fast-check'
import { extras, fieldDrift, holder } from '../../../reconciler/member/drift.ts'
import { canonical, fingerprint } from '../../../reconciler/member/fingerprint.ts'
import type { Json, JsonObject } from '../../../repo-layout/json.ts'
import { entry, live } from './pure.ts'

const owned = {
  'f:spec': {
    'f:replicas': {},
    'f:template': {
      'f:containers': {
        'k:{"name":"a"}': { '.': {}, 'f:image': {}, 'f:resources': {}, 'f:name': {} },
        'k:{"name":"b"}': { '.': {}, 'f:name': {} },
      },
      'f:args': {},
    },
  },
}
const spec = (change: JsonObject = {}, template: JsonObject = {}) => ({
  spec: {
    replicas: 2,
    template: { containers: [{ name: 'a', image: 'i', resources: {} }, { name: 'b' }], args: ['x', 'y'], ...template },
    ...change,
  },
})
const wanted = spec()
const ours = entry('flotilla', owned)
const of = (object: JsonObject, ...entries: JsonObject[]) =>
  fingerprint(live(object, ...(entries.length > 0 ? entries : [ours])), wanted, 'key')

describe('the fingerprint of what we own', () => {
  const base = of(spec())

  const same: readonly (readonly [string, string | undefined])[] = [
    ['a status', of({ ...spec(), status: { replicas: 1 } })],
    ['a field beside ours', of(spec({ paused: true }))],
    [
      'what fills a wanted {}',
      of(spec({}, { containers: [{ name: 'a', image: 'i', resources: { limits: { cpu: '1' } } }, { name: 'b' }] })),
    ],
    [
      'an added item',
      of(spec({}, { containers: [{ name: 'side' }, { name: 'a', image: 'i', resources: {} }, { name: 'b' }] })),
    ],
    [
      "another manager's entry",
      of(spec(), entry('kubectl', { 'f:spec': { 'f:paused': {} } }, { operation: 'Update' }), ours),
    ],
    ['a time', of(spec(), { ...ours, time: '2026-01-01T00:00:00Z' })],
  ]
  for (const [what, value] of same) it(`is not moved by ${what}`, () => assert.equal(value, base))

  const { 'f:replicas': _taken, ...less } = owned['f:spec']
  const other: readonly (readonly [string, string | undefined])[] = [
    ['another value', of(spec({ replicas: 3 }))],
    ['a missing value', of(spec({ replicas: undefined }))],
    ['an atomic list', of(spec({}, { args: ['y', 'x'] }))],
    ['reordered items', of(spec({}, { containers: [{ name: 'b' }, { name: 'a', image: 'i', resources: {} }] }))],
    ['a removed item', of(spec({}, { containers: [{ name: 'a', image: 'i', resources: {} }] }))],
    ['a path taken from us', of(spec(), entry('flotilla', { 'f:spec': less }))],
    ['another apiVersion', of(spec(), { ...ours, apiVersion: 'apps/v2' })],
    ['no entry of ours', of(spec(), entry('flotilla', owned, { operation: 'Update' }))],
  ]
  for (const [what, value] of other) it(`is moved by ${what}`, () => assert.notEqual(value, base))

  it('keys the fingerprint of a Secret, and no other', () => {
    const secret = live({ kind: 'Secret', data: { k: 'eA==' } }, entry('flotilla', { 'f:data': { 'f:k': {} } }))
    assert.notEqual(fingerprint(secret, {}, 'one'), fingerprint(secret, {}, 'two'))
    assert.equal(fingerprint(live(spec(), ours), wanted, 'one'), fingerprint(live(spec(), ours), wanted, 'two'))
  })

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse())
        assert.equal(canonical(value as Json), canonical(turned as Json))
      }),
    )
  })
})

describe('drift of fields', () => {
  const kubectl = entry('kubectl', { 'f:spec': { 'f:replicas': {} } }, { operation: 'Update', subresource: 'scale' })
  const drift = (before: JsonObject, after: JsonObject, ...entries: JsonObject[]) =>
    fieldDrift(live(before, ...entries), live(after, ours), wanted).map(({ path, live: is, wanted: was, manager }) => [
      path,
      is,
      was,
      manager,
    ])

  it('names who holds the path now, with the subresource', () => {
    assert.deepEqual(drift(spec({ replicas: 5 }), spec(), kubectl, entry('flotilla', { 'f:spec': less })), [
      ['/spec/replicas', 5, 2, 'kubectl (scale)'],
    ])
  })

  const { 'f:replicas': _taken, ...less } = owned['f:spec']

  it('says that a remover is unknown, and tells an item once', () => {
    assert.deepEqual(drift(spec({}, { containers: [{ name: 'b' }] }), spec(), entry('flotilla', { 'f:spec': less })), [
      ['/spec/template/containers[name=a]', undefined, { name: 'a', image: 'i', resources: {} }, 'flotilla'],
    ])
    assert.equal(holder(live(spec()), ['f:spec', 'f:replicas'], undefined), 'unknown (removed)')
    assert.equal(holder(live(spec()), ['f:spec', 'f:replicas'], 3), 'unknown')
  })

  it('tells a new order with both orders', () => {
    const before = spec({}, { containers: [{ name: 'b' }, { name: 'a', image: 'i', resources: {} }] })
    assert.deepEqual(drift(before, spec(), ours), [
      ['/spec/template/containers', ['name=b', 'name=a'], ['name=a', 'name=b'], 'unknown (reordered)'],
    ])
  })

  it('finds nothing where only others added something', () => {
    const filled = spec(
      { paused: true },
      { containers: [{ name: 'side' }, { name: 'a', image: 'i', resources: { limits: {} } }, { name: 'b' }] },
    )
    assert.deepEqual(drift(filled, spec(), ours), [])
  })

  it('never shows a value of a Secret', () => {
    const secret = (k: string) => live({ kind: 'Secret', data: { k } }, entry('flotilla', { 'f:data': { 'f:k': {} } }))
    const [field] = fieldDrift(secret('b2xk'), secret('bmV3'), {})
    assert.deepEqual(field, { path: '/data/k', live: '(masked)', wanted: '(masked)', manager: 'flotilla' })
  })

  it('shows what others added beside ours as extras, without the bookkeeping of controllers', () => {
    const injected = {
      'f:spec': { 'f:template': { 'f:containers': { 'k:{"name":"side"}': { '.': {}, 'f:image': {} } } } },
      'f:status': { 'f:x': {} },
    }
    const object = live(
      spec(),
      ours,
      entry('injector', injected, { operation: 'Update' }),
      entry('kube-controller-manager', { 'f:spec': { 'f:y': {} } }),
    )
    assert.deepEqual(extras(object), ['/spec/template/containers[name=side]'])
  })
})
