import assert from 'node:assert/strict'
import { ApiError } from '../../../reconciler/member/errors.ts'
import { heard } from '../../../reconciler/member/heard.ts'
import type { Transport } from '../../../reconciler/member/transport.ts'

describe('what a member hears of its cluster', () => {
  const over = (answer: () => Promise<{ status: number; json: object }>): [Transport, () => number] => {
    let answers = 0
    const transport: Transport = {
      request: async () => ({ ...(await answer()), json: {} }),
      async *stream() {
        yield { type: 'ADDED' }
        yield { type: 'BOOKMARK' }
      },
      close: async () => undefined,
    }
    return [heard(transport, () => answers++), () => answers]
  }

  it('is every answer, be it a refusal, and every event of a watch', async () => {
    const [fine, answers] = over(async () => ({ status: 200, json: {} }))
    await fine.request('GET', '/version')
    for await (const _event of fine.stream('/x')) assert(answers() > 1)
    assert.equal(answers(), 3)
    const refusal = new ApiError('no', { type: 'rejected', status: 403, reason: 'Forbidden', causes: [] })
    const [refused, refusals] = over(() => Promise.reject(refusal))
    await assert.rejects(refused.request('GET', '/x'), refusal)
    assert.equal(refusals(), 1)
  })

  it('is nothing where nobody answers, so that a cluster that is gone does not look alive', async () => {
    const [gone, answers] = over(() => Promise.reject(new ApiError('timeout', { type: 'unreachable' })))
    await assert.rejects(gone.request('GET', '/x'), /timeout/)
    assert.equal(answers(), 0)
  })
})
