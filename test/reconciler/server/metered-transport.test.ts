import assert from 'node:assert/strict'
import { ApiError } from '../../../reconciler/member/errors.ts'
import type { Method, Transport } from '../../../reconciler/member/transport.ts'
import { meteredTransport, verbOf } from '../../../reconciler/server/metered-transport.ts'
import type { ApiVerb } from '../../../reconciler/server/metrics.ts'

async function all<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = []
  for await (const value of values) found.push(value)
  return found
}

describe('the verb of a request', () => {
  const cases: readonly (readonly [method: Method, path: string, verb: ApiVerb])[] = [
    ['GET', '/api/v1/namespaces/shop/configmaps', 'list'],
    ['GET', '/api/v1/namespaces/shop/configmaps/flags', 'get'],
    ['GET', '/api/v1/nodes', 'list'],
    ['GET', '/api/v1/namespaces', 'list'],
    ['GET', '/api/v1/namespaces/kube-system', 'get'],
    ['GET', '/apis/apps/v1/deployments', 'list'],
    ['GET', '/apis/apps/v1/namespaces/shop/deployments/web', 'get'],
    ['GET', '/apis/apps/v1/namespaces/shop/deployments/web/status', 'get'],
    ['GET', '/apis/apps/v1', 'get'],
    ['GET', '/apis', 'get'],
    ['GET', '/version', 'get'],
    ['POST', '/api/v1/namespaces', 'create'],
    ['PUT', '/api/v1/namespaces/shop/configmaps/flags', 'update'],
    ['DELETE', '/api/v1/namespaces/shop/configmaps/flags', 'delete'],
  ]
  for (const [method, path, verb] of cases) {
    it(`${method} ${path} is ${verb}`, () => assert.equal(verbOf(method, path, undefined), verb))
  }

  it('PATCH is apply for an apply patch, else patch', () => {
    assert.equal(verbOf('PATCH', '/api/v1/nodes/a', 'application/apply-patch+yaml'), 'apply')
    assert.equal(verbOf('PATCH', '/api/v1/nodes/a', 'application/merge-patch+json'), 'patch')
  })
})

describe('a metered transport', () => {
  const under = (answer: () => Promise<{ status: number; json: object }>): Transport => ({
    request: () => answer() as ReturnType<Transport['request']>,
    async *stream() {
      yield {}
      await answer()
    },
    close: async () => undefined,
  })
  const fail = (failure: ApiError['failure']) => () => Promise.reject(new ApiError('no', failure))
  const cases: readonly (readonly [what: string, answer: Parameters<typeof under>[0], status: number])[] = [
    ['an answer', async () => ({ status: 201, json: {} }), 201],
    ['no answer', fail({ type: 'unreachable' }), 0],
    ['not being let in', fail({ type: 'unauthorized' }), 401],
    ['a refusal', fail({ type: 'rejected', status: 409, reason: 'Conflict', causes: [] }), 409],
    ['being asked to wait', fail({ type: 'throttled', retryAfterMs: 1 }), 429],
    ['a failed server', fail({ type: 'server', status: 503, retryAfterMs: 1 }), 503],
    ['an error of ours', () => Promise.reject(new TypeError('x')), 0],
  ]
  for (const [what, answer, status] of cases) {
    it(`counts ${what} as ${status} and passes it on`, async () => {
      const counted: unknown[] = []
      const transport = meteredTransport(under(answer), (...call) => counted.push(call))
      const outcome = await transport.request('GET', '/version').catch((error: unknown) => error)
      const plain = await answer().catch((error: unknown) => error)
      assert.deepEqual(outcome, plain)
      assert.deepEqual(counted, [['get', status]])
    })
  }

  it('counts a watch when it ends', async () => {
    const counted: unknown[] = []
    const count = (...call: unknown[]) => counted.push(call)
    const fine = meteredTransport(
      under(async () => ({ status: 200, json: {} })),
      count,
    )
    assert.deepEqual(await all(fine.stream('/api/v1/nodes')), [{}])
    const broken = meteredTransport(under(fail({ type: 'unreachable' })), count)
    await assert.rejects(all(broken.stream('/api/v1/nodes')), ApiError)
    assert.deepEqual(counted, [
      ['watch', 200],
      ['watch', 0],
    ])
  })
})
