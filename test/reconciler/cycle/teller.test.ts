import assert from 'node:assert/strict'
import { createTeller } from '../../../reconciler/cycle/teller.ts'
import { testClock } from '../../clocks.ts'

describe('telling of changes', () => {
  it('makes one of many, soon after the first', () => {
    const clock = testClock()
    const told: string[] = []
    const teller = createTeller(clock, () => told.push('first'))
    teller.onChange(() => told.push('listener'))
    for (let change = 0; change < 10; change++) {
      teller.tell()
      clock.pass(2)
    }
    assert.deepEqual(told, [])
    clock.pass(25)
    assert.deepEqual(told, ['first', 'listener'])
    clock.pass(1000)
    assert.equal(told.length, 2)
  })

  it('goes on whatever a listener throws, and stops for who does not listen any more', () => {
    const clock = testClock()
    let count = 0
    const teller = createTeller(clock, () => undefined)
    teller.onChange(() => {
      throw new Error('broken')
    })
    const stop = teller.onChange(() => count++)
    teller.tell()
    clock.pass(25)
    stop()
    teller.tell()
    clock.pass(25)
    assert.equal(count, 1)
  })

  it('is rarer where it takes long: a tenth of the time at most', () => {
    const clock = testClock()
    const at: number[] = []
    const teller = createTeller(clock, () => {
      at.push(clock.now())
      clock.pass(100)
    })
    teller.tell()
    clock.pass(25)
    teller.tell()
    clock.pass(5000)
    assert.deepEqual(at, [25, 1125])
  })

  it('is rarer still while changes go on, as long as nobody waits for more than a second', () => {
    const clock = testClock()
    const at: number[] = []
    const teller = createTeller(clock, () => {
      at.push(clock.now())
      clock.pass(15)
    })
    for (let change = 0; change < 140; change++) {
      teller.tell()
      clock.pass(10)
    }
    assert.deepEqual(at, [25, 540, 1055])
  })

  it('tells soon again after a pause, also where it was slow, and where the clock was set back', () => {
    const clock = settableClock()
    const at: number[] = []
    const teller = createTeller(clock, () => {
      at.push(clock.passed())
      clock.pass(100)
    })
    teller.tell()
    clock.pass(5000)
    teller.tell()
    clock.pass(5000)
    assert.deepEqual(at, [25, 5025])
    clock.set(-3_600_000)
    teller.tell()
    clock.pass(2000)
    assert.equal(at.length, 3)
  })

  it('ends', () => {
    const clock = testClock()
    let count = 0
    const teller = createTeller(clock, () => count++)
    teller.tell()
    teller.stop()
    teller.tell()
    clock.pass(1000)
    assert.equal(count, 0)
  })
})

/** A test's clock that can be set to another time while timers go on, as that of a machine. */
function settableClock() {
  const clock = testClock()
  let shift = 0
  return {
    now: () => clock.now() + shift,
    after: clock.after,
    pass: clock.pass,
    passed: clock.now,
    set(ms: number) {
      shift = ms
    },
  }
}
