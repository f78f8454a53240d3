import assert from 'node:assert/strict'
import { failedAs } from '../../../reconciler/forge/error.ts'
import { createForgeHttp } from '../../../reconciler/forge/http.ts'
import { testClock } from '../../clocks.ts'
import { type FakeAnswer, type FakeRequest, type FakeServer, startFakeServer } from './fakes/server.ts'

const now = Date.parse('2026-01-01T00:00:00Z')
const clock = testClock(now)
const secret = 'the-secret-token'

describe('requests to a forge', () => {
  let server: FakeServer
  let answer: (request: FakeRequest) => FakeAnswer
  beforeEach(async () => {
    server = await startFakeServer('/api', clock, (request) => answer(request))
  })
  afterEach(() => server.close())

  const open = () => {
    const headers = async () => ({ authorization: `Bearer ${secret}` })
    return createForgeHttp({ api: `${server.url}/api`, headers }, { clock }, { sizeParameter: 'limit', size: 10 })
  }
  const failureOf = async (given: FakeAnswer) => {
    answer = () => given
    const http = open()
    try {
      await http.send('GET', '/x')
    } catch (error) {
      assert.ok(error instanceof Error)
      assert.ok(!error.message.includes(secret))
      return failedAs(error, 'limited') ? error.failure : (error as { failure?: unknown }).failure
    } finally {
      await http.close()
    }
    return undefined
  }

  const cases: readonly (readonly [what: string, answer: FakeAnswer, failure: object])[] = [
    ['401', { status: 401 }, { type: 'unauthorized' }],
    ['403', { status: 403, json: { message: 'Forbidden' } }, { type: 'unauthorized' }],
    ['404', { status: 404 }, { type: 'missing' }],
    ['422', { status: 422 }, { type: 'refused', status: 422 }],
    ['502 of a proxy', { status: 502, json: '<html>' }, { type: 'unreachable' }],
    ['a redirect', { status: 301, headers: { location: 'https://evil.example/' } }, { type: 'refused', status: 301 }],
    ['429', { status: 429 }, { type: 'limited', retryAt: now + 60_000 }],
    ['429 with seconds', { status: 429, headers: { 'retry-after': '7' } }, { type: 'limited', retryAt: now + 7000 }],
    [
      '429 with a date',
      { status: 429, headers: { 'retry-after': 'Thu, 01 Jan 2026 00:01:30 GMT' } },
      { type: 'limited', retryAt: now + 90_000 },
    ],
    [
      '429 with the end of a window',
      { status: 429, headers: { 'ratelimit-reset': String(now / 1000 + 30) } },
      { type: 'limited', retryAt: now + 30_000 },
    ],
    [
      '429 with a year',
      { status: 429, headers: { 'retry-after': '31536000' } },
      { type: 'limited', retryAt: now + 3_600_000 },
    ],
    ['503 of an upgrade', { status: 503, headers: { 'retry-after': '5' } }, { type: 'limited', retryAt: now + 5000 }],
  ]
  for (const [what, given, failure] of cases)
    it(`reads ${what} as ${JSON.stringify(failure)}`, async () => assert.deepEqual(await failureOf(given), failure))

  it('does not follow a redirect with its token', async () => {
    const seen: unknown[] = []
    const other = await startFakeServer('', clock, ({ headers }) => {
      seen.push(headers)
      return { status: 200 }
    })
    answer = () => ({ status: 307, headers: { location: `${other.url}/x` } })
    const http = open()
    await assert.rejects(http.send('POST', '/x', { body: {} }), /has moved to .*the token is not sent there/)
    assert.deepEqual(seen, [])
    await http.close()
    await other.close()
  })

  it('says which forge cannot be reached, and not with what token', async () => {
    server.weather('down')
    const http = open()
    await assert.rejects(http.send('GET', '/x'), (error) => {
      return failedAs(error, 'unreachable') && /127\.0\.0\.1:\d+ cannot be reached/.test(error.message)
    })
    await http.close()
  })

  it('says that an answer is not one of a forge', async () => {
    const plain = await import('node:http').then(({ createServer }) => createServer((_, to) => to.end('<html>')))
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
    const address = plain.address()
    assert.ok(address !== null && typeof address === 'object')
    const api = `http://127.0.0.1:${address.port}`
    const http = createForgeHttp({ api, headers: async () => ({}) }, { clock }, { sizeParameter: 'limit', size: 10 })
    await assert.rejects(http.send('GET', '/x'), /does not answer as a forge does/)
    await http.close()
    plain.close()
  })

  const pages: readonly (readonly [what: string, headersOf: (page: number) => Record<string, string>])[] = [
    [
      'a Link header',
      (page): Record<string, string> => (page < 3 ? { link: '<x>; rel="next"' } : { link: '<x>; rel="first"' }),
    ],
    ['a total', () => ({ 'x-total-count': '12' })],
  ]
  for (const [what, headersOf] of pages)
    it(`follows ${what} although the forge gives smaller pages than were asked for`, async () => {
      answer = ({ query }) => {
        const page = Number(query.get('page'))
        return { status: 200, json: page > 3 ? [] : [1, 2, 3, 4], headers: headersOf(page) }
      }
      const http = open()
      assert.equal((await http.all('/list', {}, (json) => json as number[])).length, 12)
      await http.close()
    })

  it('gives up on a list without an end', async () => {
    answer = () => ({ status: 200, json: [1], headers: { link: '<x>; rel="next"' } })
    const http = open()
    await assert.rejects(
      http.all('/list', {}, (json) => json as number[]),
      /has no end of GET/,
    )
    await http.close()
  }).timeout(20_000)

  it('gives no list where one of its pages cannot be had', async () => {
    answer = ({ query }) =>
      query.get('page') === '2' ? { status: 500 } : { status: 200, json: [1], headers: { link: '<x>; rel="next"' } }
    const http = open()
    await assert.rejects(
      http.all('/list', {}, (json) => json as number[]),
      (error) => failedAs(error, 'unreachable'),
    )
    await http.close()
  })
})
