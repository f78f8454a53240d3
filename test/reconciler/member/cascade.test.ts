import assert from 'node:assert/strict'
import type { Api } from '../../../reconciler/member/api.ts'
import { takenWith } from '../../../reconciler/member/cascade.ts'
import { ApiError } from '../../../reconciler/member/errors.ts'
import { namespace } from './support.ts'

const resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true, verbs: ['list'] }

/** What a namespace takes with it where its lists are refused with this status and reason. */
function takenWhereRefused(status: number, reason: string): Promise<number> {
  const api: Pick<Api, 'namespacedKinds' | 'firstPage'> = {
    namespacedKinds: async () => [resource],
    firstPage: async () => {
      throw new ApiError('refused', { type: 'rejected', status, reason, causes: [] })
    },
  }
  return takenWith(api as Api, 'Namespace/shop', namespace('shop'))
}

describe('what a namespace takes with it', () => {
  it('is not known where somebody answers 404 who is not the API server: it never counts as empty', async () => {
    await assert.rejects(takenWhereRefused(404, ''), /refused/)
  })

  it('leaves out what the API server says may not be listed, or is not there', async () => {
    assert.equal(await takenWhereRefused(403, 'Forbidden'), 0)
    assert.equal(await takenWhereRefused(404, 'NotFound'), 0)
  })
})
