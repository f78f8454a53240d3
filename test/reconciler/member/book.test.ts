import assert from 'node:assert/strict'
import { createBook } from '../../../reconciler/member/book.ts'
import { testClock } from '../../clocks.ts'

describe('what a member tells of itself', () => {
  it('is told soon after the first change, and while changes go on five times a second', () => {
    const clock = testClock(1000)
    const book = createBook('a', clock)
    const at: number[] = []
    book.onChange(() => at.push(clock.now() - 1000))
    for (let change = 0; change < 50; change++) {
      book.changed()
      clock.pass(10)
    }
    assert.deepEqual(at, [20, 220, 420])
  })

  it('is told of the last change too, and soon again after a pause', () => {
    const clock = testClock(1000)
    const book = createBook('a', clock)
    const told: { readonly at: number; readonly kubernetes: string | undefined }[] = []
    book.onChange(() => told.push({ at: clock.now() - 1000, kubernetes: book.status().kubernetesVersion }))
    for (const version of ['v1', 'v2', 'v3']) {
      book.kubernetesVersion = version
      book.changed()
      clock.pass(30)
    }
    clock.pass(1000)
    book.kubernetesVersion = 'v4'
    book.changed()
    clock.pass(20)
    assert.deepEqual(told, [
      { at: 20, kubernetes: 'v1' },
      { at: 220, kubernetes: 'v3' },
      { at: 1110, kubernetes: 'v4' },
    ])
  })
})
