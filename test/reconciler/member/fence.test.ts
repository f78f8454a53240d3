import assert from 'node:assert/strict'
import { systemClock } from '../../../reconciler/clock.ts'
import { createElapsed } from '../../../reconciler/lead/elapsed.ts'
import { startPulse } from '../../../reconciler/lead/pulse.ts'
import { connect } from '../../../reconciler/member/connect.ts'
import { deferred } from '../../../reconciler/member/deferred.ts'
import { type Fence, fencedTransport } from '../../../reconciler/member/fence.ts'
import { HeldBackError } from '../../../reconciler/member/hold-back.ts'
import { InventoryLostError } from '../../../reconciler/member/inventory.ts'
import { pinnedTransport } from '../../../reconciler/member/pinned.ts'
import type { Answer, RequestOptions, Transport } from '../../../reconciler/member/transport.ts'
import { testClock } from '../../clocks.ts'
import { json, withServer } from './fake-server.ts'

interface TestFence extends Fence {
  stood: number
  why: string | undefined
}

function fence(): TestFence {
  const one: TestFence = {
    stood: 0,
    why: undefined,
    standstills: () => one.stood,
    closed: () => one.why,
    opened: async () => {
      if (one.why !== undefined) throw new InventoryLostError(one.why, false)
    },
  }
  return one
}

/** A transport that notes what is sent, and asks at the last moment as the real one does. */
function noting(before: () => Promise<void> = async () => undefined): Transport & { readonly sent: string[] } {
  const sent: string[] = []
  return {
    sent,
    async request(method, path, options: RequestOptions = {}): Promise<Answer> {
      await before()
      if (options.maySend?.() === false) throw new HeldBackError('held back')
      sent.push(`${method} ${path}`)
      return { status: 200, json: {} }
    },
    async *stream() {},
    close: async () => undefined,
  }
}

describe('the fence before writes', () => {
  it('costs no request while the process runs on', async () => {
    const transport = noting()
    const fenced = fencedTransport(transport, fence(), () => assert.fail('nothing is to be read anew'))
    for (let i = 0; i < 100; i++) await fenced.request('PATCH', `/${i}`)
    assert.equal(transport.sent.length, 100)
  })

  it('has the inventory read once after a standstill, before all that wait', async () => {
    const gate = fence()
    const transport = noting()
    const fenced = fencedTransport(transport, gate, async () => void transport.sent.push('reread'))
    await fenced.request('PATCH', '/0')
    gate.stood++
    await Promise.all(['/1', '/2', '/3'].map((path) => fenced.request('PATCH', path)))
    assert.deepEqual(transport.sent, ['PATCH /0', 'reread', 'PATCH /1', 'PATCH /2', 'PATCH /3'])
  })

  it('holds back what was on its way when the process stood still, and sends it after that', async () => {
    const gate = fence()
    const way = deferred<void>()
    const transport = noting(() => way.promise)
    const fenced = fencedTransport(transport, gate, async () => void transport.sent.push('reread'))
    const write = fenced.request('PATCH', '/x')
    gate.stood++
    way.resolve()
    await write
    assert.deepEqual(transport.sent, ['reread', 'PATCH /x'])
  })

  it('lets nothing pass where another daemon took over meanwhile', async () => {
    const gate = fence()
    const transport = noting()
    const fenced = fencedTransport(transport, gate, () => Promise.reject(new InventoryLostError('taken', true)))
    gate.stood++
    await assert.rejects(fenced.request('DELETE', '/x'), /taken/)
    await fenced.request('GET', '/y')
    assert.deepEqual(transport.sent, ['GET /y'])
  })

  it('lets nothing pass while it is closed, and reading always', async () => {
    const gate = fence()
    const transport = noting()
    const fenced = fencedTransport(transport, gate, async () => undefined)
    gate.why = 'the lease has run out'
    await assert.rejects(fenced.request('POST', '/x'), /the lease has run out/)
    await fenced.request('GET', '/y')
    gate.why = undefined
    await fenced.request('POST', '/x')
    assert.deepEqual(transport.sent, ['GET /y', 'POST /x'])
  })
})

describe('the heartbeat of the process', () => {
  it('counts a standstill where no timer went off for over three seconds, by either clock, and only then', () => {
    const clock = testClock()
    let machine = 0
    const pulse = startPulse(
      clock,
      createElapsed(clock, () => clock.now() + machine),
    )
    for (let i = 0; i < 100; i++) clock.pass(1000)
    assert.equal(pulse.standstills(), 0)
    machine += 2000
    assert.equal(pulse.standstills(), 0)
    machine += 4000
    assert.equal(pulse.standstills(), 1)
    assert.equal(pulse.standstills(), 1)
  })
})

/** A transport whose member is at the address that `url` gives at the time. */
function transportTo(read: () => { readonly url: string; readonly ca: string }): Transport & { later(): void } {
  let ahead = 0
  const clock = { ...systemClock, now: () => Date.now() + ahead }
  const connection = { type: 'secret', name: 's', key: 'value' } as const
  const readSecret = async () => {
    const { url, ca } = read()
    const cluster = { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') }
    const value = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'a' },
      clusters: [{ name: 'a', cluster }],
      users: [{ name: 'a', user: { token: 't' } }],
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    }
    return { value: JSON.stringify(value) }
  }
  const transport = connect({ name: 'm', connection, proxyURL: '', serviceAccountName: '' }, { clock, readSecret })
  return {
    ...transport,
    later() {
      ahead += 60_000
    },
  }
}

describe('a request to a real server', () => {
  it('that may not be sent any more when a connection is free never leaves the process', () =>
    withServer(
      (_request, response) => setTimeout(() => json(response, {}), 50),
      async (server) => {
        const transport = transportTo(() => server)
        const before = Array.from({ length: 8 }, (_, i) => transport.request('PATCH', `/${i}`, { body: {} }))
        let may = true
        // All connections are busy, so this one waits.
        const waiting = transport.request('PATCH', '/late', { body: {}, maySend: () => may })
        may = false
        await assert.rejects(waiting, HeldBackError)
        await Promise.all(before)
        may = true
        await transport.request('PATCH', '/fine', { body: {}, maySend: () => may })
        assert.deepEqual(
          server.requests.map(({ url }) => url).sort(),
          [...'01234567'].map((i) => `/${i}`).concat('/fine'),
        )
        await transport.close()
      },
    ))

  it('of a session never goes to another server than the first one of it', () =>
    withServer(
      (_request, response) => json(response, {}),
      (first) =>
        withServer(
          (_request, response) => json(response, {}),
          async (second) => {
            let now = first
            const transport = transportTo(() => now)
            const session = pinnedTransport(transport)
            await session.request('GET', '/a')
            now = second
            transport.later()
            await assert.rejects(session.request('PATCH', '/b'), /leads elsewhere now, so it is looked at anew/)
            await pinnedTransport(transport).request('GET', '/c')
            assert.deepEqual(
              [first, second].map(({ requests }) => requests.map(({ url }) => url)),
              [['/a'], ['/c']],
            )
            await transport.close()
          },
        ),
    ))
})
