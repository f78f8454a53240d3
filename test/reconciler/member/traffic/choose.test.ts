import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Candidate, choosePods } from '../../../../reconciler/member/traffic/choose.ts'

const candidate: fc.Arbitrary<Omit<Candidate, 'name'>> = fc.record({
  createdAt: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z', '2026-01-02T00:00:00Z'),
  status: fc.constantFrom('enabled', 'disabled', undefined),
  isReady: fc.boolean(),
})
const pods = fc.array(candidate, { maxLength: 12 }).map((list) => list.map((one, i) => ({ ...one, name: `p${i}` })))
const wanted = fc.integer({ min: 0, max: 14 })

/** The pods as they are once they were labelled so. */
function labelled(list: readonly Candidate[], chosen: readonly Candidate[]): readonly Candidate[] {
  const names = new Set(chosen.map(({ name }) => name))
  return list.map((one) => ({ ...one, status: names.has(one.name) ? 'enabled' : 'disabled' }))
}

const namesOf = (list: readonly Candidate[]) => list.map(({ name }) => name).sort()

describe('the pods that get traffic', () => {
  it('are as many as are wanted, or all', () => {
    fc.assert(
      fc.property(pods, wanted, (list, n) => {
        assert.equal(choosePods(list, n).length, Math.min(n, list.length))
      }),
    )
  })

  it('are ready ones for as long as there are any', () => {
    fc.assert(
      fc.property(pods, wanted, (list, n) => {
        const ready = list.filter(({ isReady }) => isReady).length
        assert.equal(choosePods(list, n).filter(({ isReady }) => isReady).length, Math.min(n, ready))
      }),
    )
  })

  it('are the same in whatever order pods are listed, and again once they are labelled', () => {
    fc.assert(
      fc.property(pods, wanted, fc.infiniteStream(fc.nat()), (list, n, order) => {
        const chosen = choosePods(list, n)
        const shuffled = list.map((one) => [order.next().value, one] as const).sort(([a], [b]) => Number(a) - Number(b))
        assert.deepEqual(
          namesOf(
            choosePods(
              shuffled.map(([, one]) => one),
              n,
            ),
          ),
          namesOf(chosen),
        )
        assert.deepEqual(namesOf(choosePods(labelled(list, chosen), n)), namesOf(chosen))
      }),
    )
  })

  it('stay those that serve, also when others come, get ready or were there before', () => {
    fc.assert(
      fc.property(pods, pods, wanted, (list, others, n) => {
        const before = choosePods(list, n)
        const now = [
          ...labelled(list, before),
          ...others.map((one) => ({ ...one, name: `new-${one.name}`, status: undefined })),
        ].map((one) => (one.status === 'enabled' ? one : { ...one, isReady: true }))
        const kept = new Set(namesOf(choosePods(now, n)))
        for (const one of before.filter(({ isReady }) => isReady)) assert.ok(kept.has(one.name), one.name)
      }),
    )
  })

  it('are fewer by only as many as are wanted fewer, and more by as many', () => {
    fc.assert(
      fc.property(pods, wanted, wanted, (list, a, b) => {
        const first = choosePods(list, a)
        const second = new Set(namesOf(choosePods(labelled(list, first), b)))
        const common = first.filter(({ name, isReady }) => isReady && second.has(name)).length
        assert.equal(common, Math.min(b, first.filter(({ isReady }) => isReady).length))
      }),
    )
  })

  it('do not change back when one that had fallen out is ready again', () => {
    const at = '2026-01-01T00:00:00Z'
    const list: readonly Candidate[] = [
      { name: 'a', createdAt: at, status: 'enabled', isReady: false },
      { name: 'b', createdAt: at, status: 'disabled', isReady: true },
    ]
    const chosen = choosePods(list, 1)
    assert.deepEqual(namesOf(chosen), ['b'])
    const again = labelled(list, chosen).map((one) => ({ ...one, isReady: true }))
    assert.deepEqual(namesOf(choosePods(again, 1)), ['b'])
  })
})
