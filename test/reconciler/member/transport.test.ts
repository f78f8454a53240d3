import assert from 'node:assert/strict'
import { systemClock } from '../../../reconciler/clock.ts'
import { connect } from '../../../reconciler/member/connect.ts'
import { ApiError } from '../../../reconciler/member/errors.ts'
import type { Transport } from '../../../reconciler/member/transport.ts'
import { hastyClock } from '../../clocks.ts'
import { type Answer, type FakeServer, json, withServer } from './fake-server.ts'

/** Runs a test over a transport to a server that answers so. */
function over(
  answer: Answer,
  test: (transport: Transport, server: FakeServer, waits: readonly number[]) => Promise<void>,
  certificate: { hosts?: readonly string[]; madeAt?: number } = {},
): Promise<void> {
  return withServer(
    answer,
    async (server) => {
      const connection = {
        type: 'kubefed',
        apiEndpoint: server.url,
        caBundle: Buffer.from(server.ca).toString('base64'),
        secretName: 's',
        disabledTLSValidations: [],
      } as const
      const clock = hastyClock()
      const transport = connect(
        { name: 'm', connection, proxyURL: '', serviceAccountName: '' },
        { clock, readSecret: async () => ({ token: 'secret' }) },
      )
      try {
        await test(transport, server, clock.waits)
      } finally {
        await transport.close()
      }
    },
    certificate,
  )
}

function failureOf(promise: Promise<unknown>): Promise<ApiError['failure']> {
  return promise.then(
    () => assert.fail('it did not fail'),
    (error: unknown) => {
      assert(error instanceof ApiError, String(error))
      return error.failure
    },
  )
}

const status = (code: number, message: string) => ({ kind: 'Status', code, message })

describe('the transport to a member', () => {
  it('reads its credential once for all answers that it brings', () =>
    over(
      (_request, response) => json(response, {}),
      async (transport) => {
        assert.equal(transport.credential?.(), undefined)
        await transport.request('GET', '/x')
        const first = transport.credential?.()
        assert.equal(first?.kind, 'token')
        await transport.request('GET', '/x')
        assert.equal(transport.credential?.(), first)
      },
    ))

  it('waits as long as a busy server asks, then sends the request again', () => {
    let asked = 0
    const busy: Answer = (_request, response) =>
      ++asked <= 2 ? json(response, status(429, 'slow'), 429, { 'retry-after': '7' }) : json(response, { fine: true })
    return over(busy, async (transport, server, waits) => {
      assert.deepEqual((await transport.request('PATCH', '/x', { body: { a: 1 } })).json, { fine: true })
      assert.deepEqual(waits, [7000, 7000])
      assert.deepEqual(
        server.requests.map(({ body }) => body),
        ['{"a":1}', '{"a":1}', '{"a":1}'],
      )
    })
  })

  it('gives back a request that it would have to hold for more than half a minute, with the time to come back', () =>
    over(
      (_request, response) => json(response, status(429, 'later'), 429, { 'retry-after': '120' }),
      async (transport, server) => {
        const failure = await failureOf(transport.request('GET', '/x'))
        assert.deepEqual(failure, { type: 'throttled', retryAfterMs: 120_000 })
        assert.equal(server.requests.length, 1)
      },
    ))

  it('hands on an error of the server at once, also one in HTML, for the caller to back off', () =>
    over(
      ({ url }, response) =>
        url === '/html'
          ? response.writeHead(502).end('<html>Bad gateway</html>')
          : json(response, status(500, 'etcd'), 500),
      async (transport, server, waits) => {
        assert.equal((await failureOf(transport.request('GET', '/json'))).type, 'server')
        assert.equal((await failureOf(transport.request('GET', '/html'))).type, 'server')
        assert.equal(server.requests.length, 2)
        assert.deepEqual(waits, [])
      },
    ))

  it('asks once more for an answer that broke off, and never takes a part for the whole', () => {
    const cut: Answer = ({ url }, response) => {
      if (url === '/always' || server.once++ === 0) {
        response.writeHead(200, { 'content-length': '100' })
        response.write('{"items":[')
        setTimeout(() => response.destroy(), 5)
      } else json(response, { items: [1] })
    }
    const server = { once: 0 }
    return over(cut, async (transport, { requests }) => {
      assert.deepEqual((await transport.request('GET', '/once')).json, { items: [1] })
      assert.equal(requests.length, 2)
      assert.equal((await failureOf(transport.request('GET', '/always'))).type, 'unreachable')
      assert.equal(requests.length, 4)
    })
  })

  it('refuses a 2xx answer that is no JSON', () =>
    over(
      (_request, response) => response.end('{"items":'),
      async (transport) => {
        assert.equal((await failureOf(transport.request('GET', '/x'))).type, 'server')
      },
    ))

  it('follows no redirect: the credential stays with its server', () =>
    withServer(
      (_request, response) => json(response, {}),
      (thief) =>
        over(
          (_request, response) => response.writeHead(307, { location: `${thief.url}/x` }).end(),
          async (transport) => {
            const failure = await failureOf(transport.request('GET', '/x'))
            assert.equal(failure.type, 'rejected')
            assert.equal(thief.requests.length, 0)
          },
        ),
    ))

  it('tells an expired certificate and one for another name from a cluster that is gone', async () => {
    const fine: Answer = (_request, response) => json(response, {})
    const ask = async (transport: Transport) => (await failureOf(transport.request('GET', '/x'))).type
    const lastYears = { madeAt: Date.now() - 2 * 365 * 86_400_000 }
    await over(fine, async (transport) => assert.equal(await ask(transport), 'unauthorized'), lastYears)
    const another = { hosts: ['another.example.com'] }
    await over(fine, async (transport) => assert.equal(await ask(transport), 'unauthorized'), another)
    let closed: Transport | undefined
    await withServer(fine, async ({ url }) => {
      const connection = {
        type: 'kubefed',
        apiEndpoint: url,
        caBundle: undefined,
        secretName: 's',
        disabledTLSValidations: ['*'],
      } as const
      closed = connect(
        { name: 'm', connection, proxyURL: '', serviceAccountName: '' },
        { clock: systemClock, readSecret: async () => ({ token: 't' }) },
      )
      await closed.request('GET', '/x')
    })
    assert(closed)
    assert.equal(await ask(closed), 'unreachable')
    await closed.close()
  })

  it('opens few connections and keeps them', () =>
    over(
      (_request, response) => setTimeout(() => json(response, {}), 2),
      async (transport, server) => {
        for (let round = 0; round < 3; round++)
          await Promise.all(Array.from({ length: 60 }, () => transport.request('GET', '/x')))
        assert.equal(server.requests.length, 180)
        assert(server.connections() <= 8, `${server.connections()} connections`)
      },
    ))

  it('reads a watch line by line, says when it is open, and fails where the server refuses it', () => {
    const watch: Answer = ({ url }, response) => {
      if (url.startsWith('/gone')) return json(response, status(410, 'too old'), 410)
      response.writeHead(200)
      response.write('{"type":"ADDED"}\n{"type":"MODI')
      setTimeout(() => response.end('FIED"}\n{"type":"CUT'), 5)
    }
    return over(watch, async (transport) => {
      const told: string[] = []
      for await (const event of transport.stream('/x', { onOpen: () => told.push('open') }))
        told.push(String(event.type))
      assert.deepEqual(told, ['open', 'ADDED', 'MODIFIED'])
      const gone = async () => {
        for await (const _event of transport.stream('/gone', { onOpen: () => told.push('open') })) told.push('event')
      }
      assert.deepEqual(await failureOf(gone()), { type: 'rejected', status: 410, reason: '', causes: [] })
      assert.equal(told.length, 3)
    })
  })
})
