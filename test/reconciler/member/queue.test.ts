import assert from 'node:assert/strict'
import { backoff } from '../../../reconciler/member/backoff.ts'
import { createQueue } from '../../../reconciler/member/queue.ts'
import { testClock } from '../../clocks.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('the queue of a member', () => {
  function setup(concurrency = 2) {
    const clock = testClock()
    const started: string[] = []
    const ends = new Map<string, (again?: number) => void>()
    const blocked = new Set<string>()
    const queue = createQueue({
      clock,
      concurrency,
      ready: (key) => !blocked.has(key),
      run(key) {
        started.push(key)
        return new Promise((resolve) => ends.set(key, resolve))
      },
    })
    const end = async (key: string, again?: number) => {
      ends.get(key)?.(again)
      await turn()
    }
    return { clock, started, queue, blocked, end }
  }

  it('works on a key once however often it is added, and again if it was added meanwhile', async () => {
    const { queue, started, end } = setup()
    for (let i = 0; i < 3; i++) queue.add('a')
    assert.deepEqual(started, ['a'])
    await end('a')
    assert.deepEqual(started, ['a', 'a'])
    await end('a')
    assert.deepEqual(started, ['a', 'a'])
  })

  it('tells when the work on one key, or on any, has ended', async () => {
    const { queue, end } = setup()
    const told: string[] = []
    queue.add('a')
    queue.add('b')
    void queue.idle('a').then(() => told.push('a'))
    void queue.idle().then(() => told.push('any'))
    void queue.idle('c').then(() => told.push('c'))
    await turn()
    assert.deepEqual(told, ['c'])
    await end('a')
    assert.deepEqual(told, ['c', 'a'])
    await end('b')
    assert.deepEqual(told, ['c', 'a', 'any'])
  })

  it('never works on more keys at a time than it may', async () => {
    const { queue, started, end } = setup(2)
    for (const key of ['a', 'b', 'c']) queue.add(key)
    assert.deepEqual(started, ['a', 'b'])
    await end('b')
    assert.deepEqual(started, ['a', 'b', 'c'])
  })

  it('holds a key that is not ready until it is kicked, without holding up others', () => {
    const { queue, started, blocked } = setup()
    blocked.add('a')
    queue.add('a')
    queue.add('b')
    assert.deepEqual(started, ['b'])
    blocked.clear()
    queue.kick()
    assert.deepEqual(started, ['b', 'a'])
  })

  it('comes back after the time that a run asks for, or earlier when the key is added', async () => {
    const { queue, started, clock, end } = setup()
    queue.add('a')
    await end('a', 1000)
    clock.pass(999)
    assert.equal(started.length, 1)
    clock.pass(1)
    assert.equal(started.length, 2)
    await end('a', 1000)
    queue.add('a')
    assert.equal(started.length, 3)
    await end('a')
    clock.pass(5000)
    assert.equal(started.length, 3)
  })

  it('starts nothing after it was stopped, and waits for what is under way, however often it is stopped', async () => {
    const { queue, started, end } = setup(1)
    queue.add('a')
    queue.add('b')
    let ended = 0
    void queue.stop().then(() => ended++)
    void queue.stop().then(() => ended++)
    await turn()
    assert.equal(ended, 0)
    await end('a')
    assert.equal(ended, 2)
    assert.deepEqual(started, ['a'])
  })
})

describe('backoff', () => {
  it('doubles up to its limit, the last half at random', () => {
    assert.deepEqual(
      [1, 2, 3, 99].map((failures) => backoff(failures, 1000, 5000, () => 0)),
      [500, 1000, 2000, 2500],
    )
    assert.deepEqual(
      [1, 2, 3, 99].map((failures) => backoff(failures, 1000, 5000, () => 1)),
      [1000, 2000, 4000, 5000],
    )
  })
})
