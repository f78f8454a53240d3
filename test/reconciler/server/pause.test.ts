import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { mayChange } from '../../../reconciler/server/guard.ts'
import type { PauseOutcome } from '../../../reconciler/server/types.ts'
import { clusterOf, fleetOf } from '../views/fleet.ts'
import { type FakeDaemon, type FakeOptions, startFakeDaemon } from './fake-daemon.ts'

const fleet = fleetOf([clusterOf('eu-1', 'eu'), clusterOf('us-1', 'us')])
const web = 'Deployment.apps/shop/web'
const at = '2026-11-24T14:02:00.000Z'
const pause = { subject: web, until: '2026-11-24T16:02:00.000Z', reason: 'INC-42', by: 'ann', at }
const done = (): PauseOutcome => ({ type: 'done', cluster: 'eu-1', pause })

describe('the HTTP API of pauses', () => {
  let daemon: FakeDaemon
  const start = async (options: FakeOptions = {}) => {
    daemon = await startFakeDaemon(fleet, { onPause: done, onResume: done, ...options })
  }
  afterEach(() => daemon.close())
  const json = { 'content-type': 'application/json' }
  const post = async (path: string, body: unknown, headers: Record<string, string> = json) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const answer = await fetch(`${daemon.url}${path}`, { method: 'POST', headers, body: text })
    return { status: answer.status, body: (await answer.json()) as { error?: string; pause?: unknown } }
  }

  it('asks for two hours where nothing else is said, in the name of who asks and from where', async () => {
    await start()
    const { status, body } = await post('/api/v1/pause', { cluster: 'eu-1', subject: web, by: 'ann@desk' })
    assert.deepEqual([status, body.pause], [200, pause])
    await post('/api/v1/pause', { cluster: 'eu-1', for: '1d12h', reason: 'restore' })
    await post('/api/v1/resume', { cluster: 'eu-1', subject: web, by: 'bob' })
    const [first, second, third] = daemon.asked
    const from = /^ann@desk \((::ffff:)?127\.0\.0\.1\)$/
    assert.match(first?.by ?? '', from)
    assert.deepEqual({ ...first, by: '' }, { cluster: 'eu-1', subject: web, forMs: 7_200_000, reason: '', by: '' })
    assert.deepEqual([second?.forMs, second?.reason, second?.subject], [36 * 3_600_000, 'restore', undefined])
    assert.match(third?.by ?? '', /^bob \(/)
  })

  const bad: readonly (readonly [what: string, body: unknown, says: RegExp])[] = [
    ['a span of over seven days', { cluster: 'eu-1', for: '7d1s' }, /^for: a pause lasts at most 7d/],
    ['no span at all', { cluster: 'eu-1', for: '0s' }, /^for: /],
    ['a span that is none', { cluster: 'eu-1', for: 'a while' }, /^for: expected a duration/],
    ['no cluster', { subject: web }, /^cluster: /],
    ['a field that it does not know, for it may have meant one object', { cluster: 'eu-1', subjekt: web }, /subjekt/],
    ['an empty Subject, which is not the whole cluster', { cluster: 'eu-1', subject: '' }, /^subject: /],
    ['a reason that is a book', { cluster: 'eu-1', reason: 'x'.repeat(501) }, /^reason: /],
    ['no JSON', 'cluster=eu-1', /expected object/],
  ]
  for (const [what, body, says] of bad)
    it(`refuses ${what}`, async () => {
      await start()
      const answer = await post('/api/v1/pause', body)
      assert.equal(answer.status, 400)
      assert.match(answer.body.error ?? '', says)
      assert.deepEqual(daemon.asked, [])
    })

  it('is not for forms of web pages, and wants the token where there is one', async () => {
    await start({ apiToken: 'sesame' })
    const authorization = 'Bearer sesame'
    for (const path of ['/api/v1/pause', '/api/v1/resume']) {
      assert.equal((await post(path, { cluster: 'eu-1' })).status, 401)
      assert.equal((await post(path, { cluster: 'eu-1' }, { 'content-type': 'text/plain', authorization })).status, 403)
      assert.equal((await post(path, { cluster: 'eu-1' }, { ...json, authorization })).status, 200)
    }
    assert.equal(daemon.asked.length, 2)
  })

  it('passes on why something is refused, with what there is instead', async () => {
    const refused = { type: 'refused', status: 404, error: 'no such cluster', known: ['eu-1'] } as const
    await start({ onPause: () => refused })
    assert.deepEqual(await post('/api/v1/pause', { cluster: 'eu-9' }), {
      status: 404,
      body: { error: 'no such cluster', known: ['eu-1'] },
    })
  })

  it('shows the history of the clusters that are asked for, and none for a name that is not there', async () => {
    const entries = [{ subject: web, at, times: 1, reason: 'changed' as const, fields: [] }]
    await start({
      histories: [
        { cluster: 'eu-1', entries, problem: '' },
        { cluster: 'us-1', entries: [], problem: 'the cluster was not reached yet' },
      ],
    })
    const of = async (query: string) => {
      const answer = await fetch(`${daemon.url}/api/v1/history${query}`)
      const { clusters } = (await answer.json()) as { clusters?: { cluster: string }[] }
      return [answer.status, clusters?.map(({ cluster }) => cluster)]
    }
    assert.deepEqual(await of(''), [200, ['eu-1', 'us-1']])
    assert.deepEqual(await of('?cluster=us-*'), [200, ['us-1']])
    assert.deepEqual(await of('?cluster=ap-1'), [404, undefined])
  })
})

describe('who may change something without a token', () => {
  const from = (remoteAddress: string, host: string) =>
    ({ socket: { remoteAddress }, headers: { host } }) as unknown as IncomingMessage
  const rows: readonly (readonly [address: string, host: string, may: boolean])[] = [
    ['127.0.0.1', 'localhost:8090', true],
    ['::1', '[::1]:8090', true],
    ['::ffff:127.0.0.1', '127.0.0.1:8090', true],
    ['10.0.0.7', 'flotilla:8090', false],
    ['10.0.0.7', 'localhost:8090', false],
    // A page that a browser on this machine shows, under a name of its own that leads here.
    ['127.0.0.1', 'evil.example:8090', false],
  ]
  for (const [address, host, may] of rows)
    it(`${address} that asks for ${host} ${may ? 'may' : 'may not'}, and may with a token`, () => {
      assert.equal(mayChange(from(address, host), undefined), may)
      assert.equal(mayChange(from(address, host), 'sesame'), true)
    })
})
