import assert from 'node:assert/strict'
import { createBook } from '../../../reconciler/member/book.ts'
import { compareAll } from '../../../reconciler/member/compare.ts'
import { ApiError } from '../../../reconciler/member/errors.ts'
import { followDesired } from '../../../reconciler/member/items.ts'
import type { Work } from '../../../reconciler/member/work.ts'
import { testClock } from '../../clocks.ts'
import { desired, settings } from './support.ts'

describe('comparing a member', () => {
  it('does not take an object that the server refuses to show for an equal one', async () => {
    const names = { a: undefined, b: refusal(403, 'b is forbidden'), c: refusal(403, 'c is forbidden') }
    const { drifts, problem } = await compare(names)
    assert.deepEqual(
      drifts.map(({ subject, reason }) => [subject, reason]),
      [['ConfigMap/shop/a', 'deleted']],
    )
    assert.equal(problem, 'ConfigMap/shop/b: b is forbidden (and 1 more)')
  })

  it('has no problem where every object could be compared', async () => {
    assert.equal((await compare({ a: undefined })).problem, '')
  })

  it('ends with the error of a cluster that stops answering', async () => {
    await assert.rejects(compare({ a: new ApiError('no answer', { type: 'unreachable' }) }), /no answer/)
  })
})

function refusal(status: number, message: string): ApiError {
  return new ApiError(message, { type: 'rejected', status, reason: 'Forbidden', causes: [] })
}

/** Compares ConfigMaps that are not there, or cannot be read for a reason. */
function compare(answers: Readonly<Record<string, ApiError | undefined>>) {
  const clock = testClock()
  const book = createBook('c', clock)
  const objects = Object.keys(answers).map((name) => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap' },
    metadata: { name, namespace: 'shop' },
  }))
  followDesired(book.items, desired(...objects), true)
  const api = {
    place: async (_version: string, subject: string) => subject,
    async get(subject: string) {
      const error = answers[subject.split('/')[2] ?? '']
      if (error) throw error
      return undefined
    },
  }
  const inventory = { get: () => undefined }
  const work = { api, inventory, settings: settings(), secretKey: 'k', clock, refreshKinds: () => undefined }
  return compareAll(work as unknown as Work, book)
}
