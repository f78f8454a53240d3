import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  inventoryName,
  parseEntries,
  parseHeader,
  shardOf,
  splitEntries,
  spreadEntries,
} from '../../../reconciler/member/shards.ts'

const entryOf = fc.record(
  {
    subject: fc.string({ minLength: 1 }).map((name) => `ConfigMap/ns/${name.replace(/[\n/]/g, '-')}`),
    state: fc.constantFrom('intent', 'created', 'adopted'),
    apiVersion: fc.constant('v1'),
    uid: fc.uuid(),
    oid: fc.constant('0'.repeat(40)),
    fingerprint: fc.string(),
  },
  { noNullPrototype: true },
)
const entries = fc.uniqueArray(entryOf, { selector: ({ subject }) => subject, maxLength: 60 })

describe('the shards of an inventory', () => {
  it('hold every entry once, where its hash says, and are read back as they were', () => {
    fc.assert(
      fc.property(entries, fc.constantFrom(1, 2, 8), (list, shards) => {
        const texts = splitEntries(list, shards)
        const back = texts.flatMap((text, index) => parseEntries(text).map((one) => ({ one, index })))
        for (const { one, index } of back) assert.equal(shardOf(one.subject, shards), index)
        const byName = (a: { subject: string }, b: { subject: string }) => (a.subject < b.subject ? -1 : 1)
        assert.deepEqual(back.map(({ one }) => one).sort(byName), [...list].sort(byName))
      }),
    )
  })

  it('grow so that none passes the limit, and never shrink', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const texts = spreadEntries(list, 1, 2000)
        assert.deepEqual(texts, splitEntries(list, texts.length))
        assert(texts.every((text) => Buffer.byteLength(text) <= 2000))
        assert.equal(spreadEntries([], texts.length).length, texts.length)
      }),
    )
  })

  it('are never read as empty when they cannot be read', () => {
    assert.throws(() => parseEntries('{"subject":'))
    assert.throws(() => parseEntries('{"subject":"x"}'))
    assert.throws(() => parseHeader('{}'))
    assert.deepEqual(parseEntries(''), [])
  })

  it('have names that Kubernetes takes, different for different fleets', () => {
    assert.equal(inventoryName('prod'), 'flotilla-prod')
    for (const name of ['Prod', 'a_b', 'a.', 'A'.repeat(63)])
      assert.match(`${inventoryName(name)}-0`, /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
    assert.notEqual(inventoryName('Prod'), inventoryName('PROD'))
  })
})
