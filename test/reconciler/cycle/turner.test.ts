import assert from 'node:assert/strict'
import { createTurner } from '../../../reconciler/cycle/turner.ts'
import { deferred } from '../../../reconciler/member/deferred.ts'
import { testClock } from '../../clocks.ts'

/** A turner whose turns end when a test says so. */
function turning() {
  const clock = testClock()
  const turns: ReturnType<typeof deferred<Error | undefined>>[] = []
  const ended: (readonly [seconds: number, error: unknown])[] = []
  let overlaps = 0
  let running = 0
  const turner = createTurner({
    clock,
    async turn() {
      if (running++ > 0) overlaps++
      const one = deferred<Error | undefined>()
      turns.push(one)
      try {
        const failure = await one.promise
        if (failure) throw failure
      } finally {
        running--
      }
    },
    onEnd: (seconds, error) => ended.push([seconds, error]),
  })
  const end = async (index: number) => {
    turns[index]?.resolve(undefined)
    await settle()
  }
  return { clock, turner, turns, ended, end, overlaps: () => overlaps }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('turns of the cycle', () => {
  it('never overlap; all who ask during one share the next', async () => {
    const { turner, turns, ended, end, overlaps } = turning()
    const first = turner.now()
    const second = turner.now()
    const third = turner.now()
    assert.equal(turns.length, 1)
    await end(0)
    await first
    assert.equal(turns.length, 2, 'who asked during a turn is not served by it: it may have read too early')
    await end(1)
    await Promise.all([second, third])
    assert.equal(turns.length, 2)
    assert.equal(ended.length, 2)
    assert.equal(overlaps(), 0)
  })

  it('come later at the earliest time that was asked for, once', async () => {
    const { clock, turner, turns, end } = turning()
    turner.later(5000)
    turner.later(2000)
    turner.later(9000)
    clock.pass(1999)
    assert.equal(turns.length, 0)
    clock.pass(1)
    assert.equal(turns.length, 1)
    await end(0)
    clock.pass(60_000)
    assert.equal(turns.length, 1)
  })

  it('make up for one that was to come later', async () => {
    const { clock, turner, turns, end } = turning()
    turner.later(5000)
    void turner.now()
    await end(0)
    clock.pass(60_000)
    assert.equal(turns.length, 1)
  })

  it('that fail are told, and end nothing but themselves', async () => {
    const { clock, turner, turns, ended, end } = turning()
    const failing = turner.now()
    clock.pass(1500)
    turns[0]?.resolve(new Error('no network'))
    await failing
    assert.deepEqual(
      ended.map(([seconds, error]) => [seconds, error instanceof Error ? error.message : error]),
      [[1.5, 'no network']],
    )
    const next = turner.now()
    await end(1)
    await next
    assert.deepEqual(ended[1], [0, undefined])
  })

  it('say since when they run', async () => {
    const { clock, turner, end } = turning()
    clock.pass(1000)
    void turner.now()
    clock.pass(1000)
    assert.equal(turner.since(), 1000)
    await end(0)
    assert.equal(turner.since(), undefined)
  })

  it('begin no more after it was stopped, which waits for the one under way', async () => {
    const { clock, turner, turns, end } = turning()
    void turner.now()
    const waiting = turner.now()
    turner.later(10)
    let stopped = false
    const stop = turner.stop().then(() => {
      stopped = true
    })
    await settle()
    assert.equal(stopped, false)
    await end(0)
    await Promise.all([stop, waiting])
    await turner.now()
    clock.pass(60_000)
    assert.equal(turns.length, 1)
  })
})
