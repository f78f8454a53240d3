import assert from 'node:assert/strict'
import { createBook } from '../../../reconciler/member/book.ts'
import { compareAll } from '../../../reconciler/member/compare.ts'
import { ApiError } from '../../../reconciler/member/errors.ts'
import { followDesired } from '../../../reconciler/member/items.ts'
import type { Work } from '../../../reconciler/member/work.ts'
import type { KubeObject } from '../../../repo-layout/json.ts'
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

  it('takes an object that was there before us and is left alone for no drift of ours', async () => {
    const there = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'shop', uid: 'u' },
      data: { theirs: 'x' },
    }
    const { drifts } = await compare({ a: there })
    assert.deepEqual(
      drifts.map(({ reason, fields }) => ({ reason, fields })),
      [{ reason: 'left alone', fields: [{ path: '/data/k', live: undefined, wanted: 'v', manager: 'nobody' }] }],
    )
  })

  it('has no problem where every object could be compared', async () => {
    assert.equal((await compare({ a: undefined })).problem, '')
  })

  it('ends with the error of a cluster that stops answering', async () => {
    await assert.rejects(compare({ a: new ApiError('no answer', { type: 'unreachable' }) }), /no answer/)
  })
})

const owned = {
  ...{ manager: 'flotilla', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1' },
  fieldsV1: { 'f:data': { 'f:k': {} } },
}

function refusal(status: number, message: string): ApiError {
  return new ApiError(message, { type: 'rejected', status, reason: 'Forbidden', causes: [] })
}

/** Compares ConfigMaps that are not there, or cannot be read for a reason. */
function compare(answers: Readonly<Record<string, ApiError | KubeObject | undefined>>) {
  const clock = testClock()
  const book = createBook('c', clock)
  const objects = Object.keys(answers).map((name) => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap' },
    metadata: { name, namespace: 'shop' },
  }))
  followDesired(book.items, desired(...objects), true)
  const api = {
    place: async (_version: string, subject: string) => subject,
    apply: async (_place: string, manifest: KubeObject) => ({
      object: { ...manifest, metadata: { ...manifest.metadata, managedFields: [owned] }, data: { k: 'v' } },
    }),
    async get(subject: string) {
      const answer = answers[subject.split('/')[2] ?? '']
      if (answer instanceof ApiError) throw answer
      return answer
    },
  }
  const inventory = { get: () => undefined }
  const work = { api, inventory, settings: settings(), secretKey: 'k', clock, refreshKinds: () => undefined }
  return compareAll(work as unknown as Work, book)
}
