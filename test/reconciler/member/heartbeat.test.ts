import assert from 'node:assert/strict'
import { systemClock } from '../../../reconciler/clock.ts'
import { ApiError } from '../../../reconciler/member/errors.ts'
import { heartbeat } from '../../../reconciler/member/heartbeat.ts'
import type { Transport } from '../../../reconciler/member/transport.ts'

describe('the heartbeat of a member', () => {
  async function beat(request: Transport['request'], last: () => number) {
    const stop = new AbortController()
    const told: string[] = []
    // Timers run a thousand times faster than they say.
    const clock = { now: Date.now, after: (ms: number, task: () => void) => systemClock.after(ms / 1000, task) }
    const transport: Transport = {
      request,
      async *stream() {
        yield {}
      },
      close: async () => undefined,
    }
    await Promise.race([
      heartbeat({
        transport,
        clock,
        signal: stop.signal,
        lastAnswer: last,
        onAnswer: () => {
          told.push('answer')
          stop.abort()
        },
        onLost: (error) => told.push(error.message),
      }),
      new Promise((resolve) => setTimeout(resolve, 200)),
    ])
    stop.abort()
    return told
  }

  it('asks nothing while the cluster was heard of', async () => {
    assert.deepEqual(await beat(async () => assert.fail('asked'), Date.now), [])
  })

  it('takes any answer as a sign of life', async () => {
    assert.deepEqual(
      await beat(
        async () => ({ status: 200, json: {} }),
        () => 0,
      ),
      ['answer'],
    )
    const busy = new ApiError('busy', { type: 'server', status: 503, retryAfterMs: 0 })
    assert.deepEqual(
      await beat(
        () => Promise.reject(busy),
        () => 0,
      ),
      ['answer'],
    )
  })

  it('gives up a cluster that says nothing, and one that cannot be reached', async () => {
    const silent: Transport['request'] = (_method, _path, options) =>
      new Promise((_resolve, reject) => {
        const error = new ApiError('aborted', { type: 'unreachable' })
        options?.signal?.addEventListener('abort', () => reject(error))
      })
    assert.deepEqual(await beat(silent, () => 0), ['the cluster does not answer any more'])
    const away = new ApiError('connection refused', { type: 'unreachable' })
    assert.deepEqual(
      await beat(
        () => Promise.reject(away),
        () => 0,
      ),
      ['connection refused'],
    )
  })
})
