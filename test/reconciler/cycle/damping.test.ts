import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createDamper } from '../../../reconciler/cycle/damping.ts'
import type { Observations } from '../../../repo-layout/observations.ts'
import { testClock } from '../../clocks.ts'

type Reachable = boolean | 'unknown'
const settings = { after: '60s', back: '120s', maxLostClusters: '25%', default: 'Move' } as const
const names = ['a', 'b', 'c', 'd']

/** A damper, and what it says of `a` while the others are reachable. */
function damped(options: { readonly maxLostClusters?: string } = {}) {
  const clock = testClock()
  const damper = createDamper(clock)
  const all = { ...settings, ...options }
  const say = (raw: Readonly<Record<string, Reachable>>) => {
    const clusters: Observations['clusters'] = {}
    for (const [name, reachable] of Object.entries(raw)) clusters[name] = { reachable }
    const seen = damper.observe({ clusters }, all, names).clusters
    return Object.fromEntries(Object.entries(seen).map(([name, { reachable }]) => [name, reachable]))
  }
  const others = { b: true, c: true, d: true }
  return { clock, damper, say, ofA: (a: Reachable) => say({ a, ...others }).a, next: () => damper.nextChange(all) }
}

describe('a cluster that cannot be reached', () => {
  it('is unknown for a while, then lost, and back only after it was reachable for a while', () => {
    const { clock, ofA, next } = damped()
    assert.equal(ofA(true), true)
    assert.equal(next(), undefined)
    assert.equal(ofA(false), 'unknown')
    assert.equal(next(), 60_000)
    clock.pass(59_999)
    assert.equal(ofA(false), 'unknown')
    assert.equal(next(), 1)
    clock.pass(1)
    assert.equal(ofA(false), false)
    assert.equal(next(), undefined)

    assert.equal(ofA(true), false)
    assert.equal(next(), 120_000)
    clock.pass(120_000)
    assert.equal(ofA(true), true)
  })

  for (const breaking of [true, 'unknown'] as const)
    it(`starts over when it is ${breaking === true ? 'reachable' : 'unknown'} in between`, () => {
      const { clock, ofA } = damped()
      ofA(false)
      clock.pass(50_000)
      ofA(breaking)
      clock.pass(20_000)
      assert.equal(ofA(false), 'unknown')
      clock.pass(60_000)
      assert.equal(ofA(false), false)
    })

  it('stays lost while nobody knows, also after a restart', () => {
    const { damper, ofA, say } = damped()
    damper.recall(new Set(['a']))
    assert.equal(ofA('unknown'), false)
    assert.deepEqual(say({ b: true, c: true, d: true }), { a: false, b: true, c: true, d: true })
  })

  it('that counts otherwise in this process already is not lost again by an old decision', () => {
    const { damper, ofA } = damped()
    assert.equal(ofA(true), true)
    damper.recall(new Set(['a']))
    assert.equal(ofA(true), true)
  })
})

describe('clusters that cannot be reached', () => {
  it('are all unknown where they are more than the Fleet allows: then it is rather us', () => {
    const { clock, say } = damped()
    const two = { a: false, b: false, c: true, d: true }
    say(two)
    clock.pass(60_000)
    assert.deepEqual(say(two), { a: 'unknown', b: 'unknown', c: true, d: true })
    const one = { ...two, b: true }
    say(one)
    clock.pass(120_000)
    assert.deepEqual(say(one), { a: false, b: true, c: true, d: true })
  })

  it('freeze nothing where they are as many as the Fleet allows', () => {
    const { clock, say } = damped({ maxLostClusters: '50%' })
    const two = { a: false, b: false, c: true, d: true }
    say(two)
    clock.pass(60_000)
    assert.deepEqual(say(two), { a: false, b: false, c: true, d: true })
  })

  it('freeze nothing where it is a single one, however small the fleet', () => {
    const { clock, ofA } = damped({ maxLostClusters: '0%' })
    ofA(false)
    clock.pass(60_000)
    assert.equal(ofA(false), false)
  })
})

describe('damping', () => {
  const step = fc.tuple(fc.constantFrom<Reachable>(true, false, 'unknown'), fc.nat(90_000))

  it('says lost only after so long without a break, and reachable only after so long with one', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { clock, ofA } = damped()
        let lost = false
        let since: number | undefined
        for (const [raw, ms] of steps) {
          const said = ofA(raw)
          if (raw === lost) since ??= clock.now()
          else since = undefined
          if (since !== undefined && clock.now() - since >= (lost ? 120_000 : 60_000)) {
            lost = !lost
            since = undefined
          }
          assert.equal(said === false, lost)
          assert.ok(said !== true || raw === true, 'what is not reachable is never said to be')
          clock.pass(ms)
        }
      }),
      { seed: 7 },
    )
  })

  it('knows when its answer may change by time alone', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
        const { clock, ofA, next } = damped()
        for (const [raw, ms] of steps) {
          const before = ofA(raw)
          const change = next()
          const quiet = change === undefined ? ms : Math.min(ms, change - 1)
          if (quiet > 0) {
            clock.pass(quiet)
            assert.equal(ofA(raw), before, 'nothing changed before the time that was named')
          }
          if (change !== undefined) {
            clock.pass(change - Math.max(0, quiet))
            assert.notEqual(ofA(raw), before)
          }
        }
      }),
      { seed: 7 },
    )
  })
})
