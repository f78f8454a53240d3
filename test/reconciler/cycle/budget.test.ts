import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type BudgetQuestion, type Deletion, digestOf, judgeDeletions } from '../../../reconciler/cycle/budget.ts'

const budget = { maxDeletedObjects: 20, maxDeletedPercent: 10, maxDeletedNamespaces: 0, maxRemovedClusters: 1 }
const some = (count: number, kind = 'ConfigMap', cluster = 'a'): readonly Deletion[] =>
  Array.from({ length: count }, (_, i) => ({ cluster, subject: `${kind}/ns/o-${i}`, uid: `${kind}-${i}`, takes: 0 }))
const namespaces = (count: number) => some(count).map((one, i) => ({ ...one, subject: `Namespace/n-${i}` }))
const question = { spent: [], total: 1000, budget, emptied: false, unplaced: new Set(''), allowed: new Set('') }

describe('the budget of deletions', () => {
  const cases: readonly (readonly [title: string, more: Partial<BudgetQuestion>, reasons: string | undefined])[] = [
    [
      'no deletion at all, whatever the budget',
      { deletions: [], budget: { ...budget, maxDeletedObjects: 0 } },
      undefined,
    ],
    ['as many objects as it says', { deletions: some(20) }, undefined],
    ['one more', { deletions: some(21) }, 'more than 20 objects'],
    ['a large share of few objects', { deletions: some(10), total: 10 }, undefined],
    ['a large share from the 11th on', { deletions: some(11), total: 100 }, 'more than 10 %'],
    ['exactly its share', { deletions: some(15), total: 150 }, undefined],
    ['a namespace', { deletions: namespaces(1) }, 'more than 0 namespaces'],
    [
      'namespaces that it allows',
      { deletions: namespaces(2), budget: { ...budget, maxDeletedNamespaces: 2 } },
      undefined,
    ],
    [
      'several reasons at once',
      { deletions: [...some(20), ...namespaces(1)], total: 100 },
      'more than 20 objects, more than 10 %, more than 0 namespaces',
    ],
    [
      'what the same commit deleted before',
      { deletions: some(1, 'Secret'), spent: some(20) },
      'more than 20 objects, with the 20 already deleted',
    ],
    [
      'a namespace with more in it than the budget allows',
      {
        deletions: namespaces(1).map((one) => ({ ...one, takes: 25 })),
        budget: { ...budget, maxDeletedNamespaces: 1 },
      },
      'more than 20 objects',
    ],
    ['the last object of a fleet', { deletions: some(1), emptied: true }, 'nothing of the fleet would be left'],
    [
      'a workload whose selector matches nothing',
      { deletions: [...some(2), ...some(1, 'Secret')], unplaced: new Set(['ConfigMap/ns/o-1', 'Secret/ns/o-9']) },
      'the placement of ConfigMap/ns/o-1 selects no cluster',
    ],
    ['a fleet of which nothing is known', { deletions: some(11), total: 0 }, undefined],
  ]
  for (const [title, more, reasons] of cases)
    it(`${reasons === undefined ? 'allows' : 'holds back'} ${title}`, () => {
      const verdict = judgeDeletions({ ...question, deletions: [], ...more })
      assert.equal(verdict.type, reasons === undefined ? 'within' : 'over')
      if (verdict.type === 'over') assert.ok(verdict.text.includes(`not deleted: ${reasons};`), verdict.text)
    })

  it('says how many objects in how many clusters, and with what trailer they go', () => {
    const deletions = [...some(15), ...some(15, 'Secret', 'b')]
    const verdict = judgeDeletions({ ...question, deletions })
    assert.deepEqual(verdict, {
      type: 'over',
      digest: digestOf(deletions),
      text: `30 objects in 2 clusters are not deleted: more than 20 objects; to allow it, push a commit with the trailer Flotilla-Allow-Delete: ${digestOf(deletions)}`,
    })
    const one = judgeDeletions({ ...question, deletions: namespaces(1) })
    assert.match(one.type === 'over' ? one.text : '', /^1 object in 1 cluster is not deleted: /)
    const full = judgeDeletions({ ...question, deletions: namespaces(1).map((space) => ({ ...space, takes: 3 })) })
    assert.match(full.type === 'over' ? full.text : '', /^1 object in 1 cluster, and 3 more with it, is not deleted: /)
  })

  it('is lifted for exactly the set that a digest names', () => {
    const allowed = new Set([digestOf(some(30))])
    assert.equal(judgeDeletions({ ...question, deletions: some(30), allowed }).type, 'within')
    assert.equal(judgeDeletions({ ...question, deletions: some(31), allowed }).type, 'over')
    assert.equal(judgeDeletions({ ...question, deletions: some(29), allowed }).type, 'over')
  })
})

const deletion = fc.record({
  cluster: fc.constantFrom('a', 'b', 'a/b'),
  subject: fc.constantFrom('ConfigMap/x', 'b/ConfigMap/x', 'Secret/ns/y'),
  uid: fc.constantFrom('1', '2'),
})

describe('the digest of a set of deletions', () => {
  it('does not depend on their order, and is another for another set', () => {
    fc.assert(
      fc.property(fc.array(deletion, { minLength: 1 }), fc.nat(), (deletions, seed) => {
        const turned = [...deletions.slice(seed % deletions.length), ...deletions.slice(0, seed % deletions.length)]
        assert.equal(digestOf(turned), digestOf(deletions))
        assert.notEqual(
          digestOf([...deletions, { cluster: 'c', subject: 'ConfigMap/x', uid: '1' }]),
          digestOf(deletions),
        )
        assert.match(digestOf(deletions), /^[0-9a-f]{12}$/)
      }),
      { seed: 7 },
    )
  })

  it('is another for an object that was created anew, so that an old trailer does not allow its deletion', () => {
    const one = { cluster: 'a', subject: 'ConfigMap/x' }
    assert.notEqual(digestOf([{ ...one, uid: '1' }]), digestOf([{ ...one, uid: '2' }]))
  })

  it('tells a cluster from a namespace of the same name', () => {
    const one = digestOf([{ cluster: 'a/b', subject: 'ConfigMap/x', uid: '1' }])
    const other = digestOf([{ cluster: 'a', subject: 'b/ConfigMap/x', uid: '1' }])
    assert.notEqual(one, other)
  })
})
