import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { askCheck } from '../../../reconciler/promotion/ask.ts'
import { createChecks } from '../../../reconciler/promotion/checks.ts'
import { fleetSchema } from '../../../repo-layout/schema/fleet.ts'
import type { RolloutCheck } from '../../../repo-layout/schema/rollouts.ts'
import { testClock } from '../../clocks.ts'

/** A check as a Fleet has it. */
function check(spec: object): RolloutCheck {
  const { checks } = fleetSchema.parse({
    ...{ apiVersion: 'flotilla.dev/v1alpha1', kind: 'Fleet', metadata: { name: 'f' } },
    spec: { rollouts: { checks: [{ name: 'one', ...spec }] } },
  }).spec.rollouts
  return checks[0] ?? assert.fail('no check')
}

describe('a check over HTTP', () => {
  let server: Server
  let url: string
  let answer: { status: number; body: string }
  const asked: string[] = []

  before(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(answer.status).end(answer.body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(() => server.close())
  beforeEach(() => {
    answer = { status: 200, body: '' }
    asked.length = 0
  })

  const ask = (one: RolloutCheck) => askCheck(one, new AbortController().signal)

  it('holds where it answers as expected, and says what it answered where not', async () => {
    assert.equal(await ask(check({ http: { url } })), undefined)
    answer.status = 503
    assert.equal(await ask(check({ http: { url } })), 'answered 503, not 200')
    assert.equal(await ask(check({ http: { url, expect: 503 } })), undefined)
  })

  it('does not hold where nobody answers', async () => {
    const problem = await ask(check({ http: { url: 'http://127.0.0.1:1/' } }))
    assert.match(problem ?? '', /ECONNREFUSED|refused/)
  })

  const vector = (...values: readonly string[]) => ({
    resultType: 'vector',
    result: values.map((value) => ({ metric: {}, value: [1, value] })),
  })
  for (const [what, data, problem] of [
    ['holds where every value does', vector('0.001', '0.009'), undefined],
    ['takes a scalar too', { resultType: 'scalar', result: [1, '0.001'] }, undefined],
    ['does not hold where one value does not', vector('0.001', '0.5'), '0.5 is not < 0.01'],
    ['does not hold for what is no number', vector('NaN'), 'NaN is not < 0.01'],
    ['does not hold without a value', vector(), 'the query has no value'],
    [
      'does not take a range',
      { resultType: 'matrix', result: [] },
      'Prometheus answered neither a vector nor a scalar',
    ],
  ] as const)
    it(`of Prometheus ${what}`, async () => {
      answer.body = JSON.stringify({ status: 'success', data })
      const one = check({ prometheus: { url: `${url}/prom`, query: 'sum(errors)', holds: '< 0.01' } })
      assert.equal(await ask(one), problem)
      assert.deepEqual(asked, ['/prom/api/v1/query?query=sum%28errors%29'])
    })

  it('counts as failed after as many failures in a row as it may have, and is then asked no more', async () => {
    const clock = testClock()
    let told: (() => void) | undefined
    const turns: (string | undefined)[] = []
    const checks = createChecks({
      clock,
      ask: async (...args) => {
        const problem = await askCheck(...args)
        turns.push(problem)
        setImmediate(() => told?.())
        return problem
      },
      onChange: () => undefined,
    })
    const asking = () =>
      new Promise<void>((resolve) => {
        told = resolve
      })
    let answered = asking()
    checks.follow(new Map([['k', check({ http: { url }, interval: '30s', failureLimit: 3 })]]))
    await answered
    assert.deepEqual(checks.result('k'), { holds: true, problem: '', failed: undefined })
    const again = async (status: number) => {
      answer.status = status
      answered = asking()
      clock.pass(30_000)
      await answered
      return checks.result('k')
    }
    for (const count of [1, 2]) {
      const problem = `answered 500, not 200, ${count} of 3 times`
      assert.deepEqual(await again(500), { holds: false, problem, failed: undefined })
    }
    assert.deepEqual(await again(200), { holds: true, problem: '', failed: undefined }, 'failures count only in a row')
    await again(500)
    await again(500)
    const failed = 'answered 503, not 200, 3 of 3 times'
    assert.deepEqual(await again(503), { holds: false, problem: failed, failed })
    assert.equal(clock.next(), undefined)
    assert.equal(turns.length, 7)
  })

  it('is asked no more once nobody wants it', async () => {
    const clock = testClock()
    let asks = 0
    const checks = createChecks({ clock, ask: async () => void asks++, onChange: () => undefined })
    checks.follow(new Map([['k', check({ http: { url } })]]))
    await new Promise((resolve) => setImmediate(resolve))
    checks.stop()
    assert.equal(clock.next(), undefined)
    assert.deepEqual([asks, checks.result('k')], [1, undefined])
  })
})

describe('checks of a Fleet', () => {
  for (const [what, checks] of [
    ['without a way to ask', [{ name: 'a' }]],
    [
      'with two ways',
      [{ name: 'a', http: { url: 'http://a' }, prometheus: { url: 'http://a', query: 'q', holds: '< 1' } }],
    ],
    ['with credentials in the address', [{ name: 'a', http: { url: 'http://me:secret@a/' } }]],
    ['with no comparison', [{ name: 'a', prometheus: { url: 'http://a', query: 'q', holds: 'small' } }]],
    ['of one name', [1, 2].map((i) => ({ name: 'a', http: { url: `http://a/${i}` } }))],
  ] as const)
    it(`are refused ${what}`, () => {
      assert.equal(
        fleetSchema.safeParse({
          ...{ apiVersion: 'flotilla.dev/v1alpha1', kind: 'Fleet', metadata: { name: 'f' } },
          spec: { rollouts: { checks } },
        }).success,
        false,
      )
    })
})
