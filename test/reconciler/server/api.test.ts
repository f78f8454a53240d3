import assert from 'node:assert/strict'
import { request } from 'node:http'
import fc from 'fast-check'
import { bodyLimit } from '../../../reconciler/server/body.ts'
import { diffReportSchema, fleetStatusSchema, syncReplySchema } from '../../../reconciler/server/wire.ts'
import { observationsSchema } from '../../../repo-layout/observations.ts'
import { clusterOf, everyState, fleetOf, objectOf, scaled } from '../views/fleet.ts'
import { type FakeDaemon, type FakeOptions, startFakeDaemon } from './fake-daemon.ts'

const eu = clusterOf('eu-1', 'eu', {
  sync: 'drifted',
  objects: [objectOf('ConfigMap/shop/flags'), objectOf('Deployment.apps/shop/web', { drift: scaled() })],
})
const us = clusterOf('us-1', 'us', { sync: 'degraded', ...everyState.degraded })
const fleet = fleetOf([eu, us], { sync: 'degraded' })
const facts = observationsSchema.parse({ clusters: { 'eu-1': { reachable: true, kubernetesVersion: 'v1.35.4' } } })

interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** Sends a request as it is given, with whatever header; `fetch` would set some of them itself. */
function ask(
  daemon: FakeDaemon,
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: daemon.port, path, method, headers, agent: false }, (answer) => {
      let text = ''
      answer.on('data', (chunk) => (text += chunk))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** A value as JSON carries it: without fields that are undefined. */
function onTheWire<T>(value: T): unknown {
  return JSON.parse(JSON.stringify(value))
}

describe('the HTTP API', () => {
  let daemon: FakeDaemon
  const start = async (options: FakeOptions = {}) => {
    daemon = await startFakeDaemon(fleet, options)
  }
  afterEach(() => daemon.close())

  const errorOf = ({ text }: Answered) => (JSON.parse(text) as { error: string }).error

  it('gives the status of every cluster with every object, in the form that clients read', async () => {
    await start()
    const { status, headers, text } = await ask(daemon, '/api/v1/status')
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'application/json; charset=utf-8')
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.deepEqual(onTheWire(fleetStatusSchema.parse(JSON.parse(text))), onTheWire(fleet))
  })

  it('gives some clusters, by name and pattern, and only objects that need a look', async () => {
    await start()
    const named = fleetStatusSchema.parse(JSON.parse((await ask(daemon, '/api/v1/status?cluster=eu-1')).text))
    assert.deepEqual(onTheWire(named.clusters), onTheWire([eu]))
    const some = fleetStatusSchema.parse(
      JSON.parse((await ask(daemon, '/api/v1/status?cluster=*-1&cluster=us-?')).text),
    )
    assert.deepEqual(onTheWire(some.clusters), onTheWire([eu, us]))
    const { text } = await ask(daemon, '/api/v1/status?cluster=eu-1&objects=notable')
    const [only] = fleetStatusSchema.parse(JSON.parse(text)).clusters
    assert.deepEqual(
      only?.objects.map(({ subject }) => subject),
      ['Deployment.apps/shop/web'],
    )
  })

  it('refuses a pattern that no cluster matches: it is never an empty selection', async () => {
    await start()
    for (const path of ['/api/v1/status', '/api/v1/diff', '/api/v1/events']) {
      const answer = await ask(daemon, `${path}?cluster=eu-1&cluster=ap-*`)
      assert.equal(answer.status, 404, path)
      assert.deepEqual(JSON.parse(answer.text), {
        error: 'no cluster of the fleet matches "ap-*"',
        unmatched: ['ap-*'],
        known: ['eu-1', 'us-1'],
      })
    }
  })

  it('refuses a parameter that it does not take, which would make a narrow question a wide one', async () => {
    await start()
    const misspelt = await ask(daemon, '/api/v1/status?clusters=eu-1')
    assert.equal(misspelt.status, 400)
    assert.equal(errorOf(misspelt), 'there is no parameter "clusters"; did you mean "cluster"?')
    const value = await ask(daemon, '/api/v1/events?objects=some')
    assert.equal(value.status, 400)
    assert.equal(errorOf(value), 'objects is all or notable, not "some"')
    assert.equal((await ask(daemon, '/api/v1/diff?objects=all')).status, 400)
    assert.equal((await ask(daemon, '/api/v1/observations?__proto__=x')).status, 400)
  })

  it('compares the clusters that are asked for and says where each object comes from', async () => {
    await start({
      diffs: [
        { cluster: 'eu-1', drifts: [scaled()], problem: '' },
        { cluster: 'us-1', drifts: [], problem: 'the cluster cannot be reached' },
      ],
    })
    const all = diffReportSchema.parse(JSON.parse((await ask(daemon, '/api/v1/diff')).text))
    assert.deepEqual(
      onTheWire(all.clusters),
      onTheWire([
        {
          cluster: 'eu-1',
          drifts: [scaled()],
          problem: '',
          sources: { 'Deployment.apps/shop/web': 'workloads/web.yaml' },
        },
        { cluster: 'us-1', drifts: [], problem: 'the cluster cannot be reached', sources: {} },
      ]),
    )
    assert.equal(all.commit, fleet.generated.commit)
    const one = diffReportSchema.parse(JSON.parse((await ask(daemon, '/api/v1/diff?cluster=us-*')).text))
    assert.deepEqual(
      one.clusters.map(({ cluster }) => cluster),
      ['us-1'],
    )
  })

  it('gives the facts as render reads them', async () => {
    await start({ observations: facts })
    const { text } = await ask(daemon, '/api/v1/observations')
    assert.deepEqual(observationsSchema.parse(JSON.parse(text)), facts)
  })

  it('syncs for a program and answers with what came of it', async () => {
    await start({ onSync: (tell) => tell({ ...fleet, generated: { ...fleet.generated, commit: 'f00' } }) })
    const { status, text } = await ask(daemon, '/api/v1/sync', {
      method: 'POST',
      headers: { 'x-flotilla-request': '1' },
    })
    assert.equal(status, 202)
    assert.equal(syncReplySchema.parse(JSON.parse(text)).generated.commit, 'f00')
    const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
    assert.equal((await ask(daemon, '/api/v1/sync', json)).status, 202)
    assert.equal(daemon.syncs(), 2)
  })

  it('does not sync for a form of a web page', async () => {
    await start()
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const answer = await ask(daemon, '/api/v1/sync', {
        method: 'POST',
        headers: { 'content-type': type },
        body: 'a=b',
      })
      assert.equal(answer.status, 403, type)
      assert.match(errorOf(answer), /set the header x-flotilla-request: 1/)
    }
    assert.equal((await ask(daemon, '/api/v1/sync', { method: 'POST' })).status, 403)
    assert.equal(daemon.syncs(), 0)
  })

  it('lets no web page ask before it asks: preflights get no permission', async () => {
    await start()
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' }
    const answer = await ask(daemon, '/api/v1/sync', { method: 'OPTIONS', headers })
    assert.equal(answer.status, 405)
    assert.deepEqual(
      Object.keys(answer.headers).filter((name) => name.startsWith('access-control')),
      [],
    )
  })

  it('is asked by names of this machine only while it listens on this machine only', async () => {
    await start({ webhookToken: 'w' })
    const asked = (host: string, path = '/api/v1/status') => ask(daemon, path, { headers: { host } })
    for (const host of [`127.0.0.1:${daemon.port}`, `localhost:${daemon.port}`, 'localhost', '[::1]:80', '127.8.0.1']) {
      assert.equal((await asked(host)).status, 200, host)
    }
    for (const host of ['evil.example', 'localhost.evil.example:8090', '127.0.0.1.evil.example', '10.0.0.1']) {
      for (const path of ['/api/v1/status', '/api/v1/diff', '/api/v1/observations', '/api/v1/events', '/metrics', '/x'])
        assert.equal((await asked(host, path)).status, 403, `${host} ${path}`)
      assert.equal((await asked(host, '/healthz')).status, 200, 'a probe names what it likes')
      assert.equal((await ask(daemon, '/webhook', { method: 'POST', headers: { host } })).status, 401)
    }
  })

  it('asks for the token where one is set, whatever the host is called', async () => {
    await start({ apiToken: 'open sesame'.replace(' ', '-') })
    const paths = ['/api/v1/status', '/api/v1/diff', '/api/v1/observations', '/api/v1/events', '/nothing']
    for (const path of paths) {
      for (const authorization of ['', 'Bearer wrong', 'Basic open-sesame', 'Bearer open-sesame-not']) {
        const answer = await ask(daemon, path, { headers: authorization === '' ? {} : { authorization } })
        assert.equal(answer.status, 401, `${path} ${authorization}`)
        assert.doesNotMatch(answer.text, /sesame/)
      }
    }
    const post = { method: 'POST', headers: { 'x-flotilla-request': '1' } }
    assert.equal((await ask(daemon, '/api/v1/sync', post)).status, 401)
    const headers = { authorization: 'Bearer open-sesame', host: 'fleet.example.com' }
    assert.equal((await ask(daemon, '/api/v1/status', { headers })).status, 200)
    for (const path of ['/metrics', '/healthz', '/readyz']) assert.equal((await ask(daemon, path)).status, 200, path)
  })

  it('warns that it is open where it listens to others without a token', async () => {
    await start({ host: '0.0.0.0' })
    assert.equal(daemon.logged.filter(({ level }) => level === 40).length, 1)
    await daemon.close()
    await start({ host: '0.0.0.0', apiToken: 'x' })
    assert.equal(daemon.logged.filter(({ level }) => level === 40).length, 0)
  })

  it('says what is there for an unknown path, and which methods for a wrong one', async () => {
    await start()
    const unknown = await ask(daemon, '/api/v1/stats')
    assert.equal(unknown.status, 404)
    assert.match(errorOf(unknown), /^there is nothing at \/api\/v1\/stats; there is .*\/api\/v1\/status/)
    assert.equal((await ask(daemon, '/api/v1/../../etc/passwd')).status, 404)
    const wrong = await ask(daemon, '/api/v1/status', { method: 'DELETE' })
    assert.equal(wrong.status, 405)
    assert.equal(wrong.headers.allow, 'GET, HEAD')
    assert.equal((await ask(daemon, '/api/v1/sync')).headers.allow, 'POST')
    assert.equal((await ask(daemon, '/webhook', { method: 'POST' })).status, 404, 'no token, no webhook')
  })

  it('answers HEAD as GET, without a body', async () => {
    await start()
    for (const path of ['/healthz', '/readyz', '/metrics', '/api/v1/status', '/api/v1/events']) {
      const { status, text, headers } = await ask(daemon, path, { method: 'HEAD' })
      assert.deepEqual({ status, text }, { status: 200, text: '' }, path)
      assert.notEqual(headers['content-length'], '0', path)
    }
  })

  it('refuses a body over the limit, announced or not, and serves the next request', async () => {
    await start()
    const headers = { 'x-flotilla-request': '1' }
    const body = 'x'.repeat(bodyLimit + 1)
    const announced = await ask(daemon, '/api/v1/sync', {
      method: 'POST',
      headers: { ...headers, 'content-length': String(body.length) },
      body,
    })
    assert.equal(announced.status, 413)
    const chunked = { method: 'POST', headers: { ...headers, 'transfer-encoding': 'chunked' }, body }
    assert.equal((await ask(daemon, '/api/v1/sync', chunked)).status, 413)
    assert.equal(daemon.syncs(), 0)
    assert.equal((await ask(daemon, '/api/v1/sync', { method: 'POST', headers, body: 'x' })).status, 202)
  })

  it('hides why a request failed from who asked, and logs it', async () => {
    await start({
      onSync() {
        throw new Error('the password is hunter2')
      },
    })
    const answer = await ask(daemon, '/api/v1/sync', { method: 'POST', headers: { 'x-flotilla-request': '1' } })
    assert.equal(answer.status, 500)
    assert.equal(errorOf(answer), "the request failed; the daemon's log says why")
    assert.equal(daemon.logged.filter(({ msg }) => msg === 'a request failed').length, 1)
  })

  it('answers whatever it is asked with a status and a sentence, and never fails', async () => {
    await start({ webhookToken: 'w' })
    const known = fc.constantFrom('/api/v1/status', '/api/v1/diff', '/api/v1/observations', '/webhook', '/healthz', '/')
    const word = fc.string({
      unit: fc.constantFrom('a', '*', '?', '%', '&', '=', '/', '.', '%2e', '%00', '#', '+'),
      maxLength: 12,
    })
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD')
    await fc.assert(
      fc.asyncProperty(
        method,
        fc.oneof(
          known,
          word.map((text) => `/${text}`),
        ),
        word,
        async (how, path, query) => {
          const answer = await ask(daemon, `${path}?${query}`, {
            method: how,
            headers: { 'content-type': 'application/json' },
          })
          assert.ok(answer.status >= 200 && answer.status < 500, `${how} ${path}?${query}: ${answer.status}`)
          if (answer.status >= 400 && how !== 'HEAD') assert.equal(typeof errorOf(answer), 'string')
        },
      ),
    )
  })

  it('is alive while the cycle turns, and ready after the first turn', async () => {
    await start()
    assert.deepEqual((await ask(daemon, '/healthz')).text, 'ok\n')
    assert.deepEqual((await ask(daemon, '/readyz')).text, 'ok\n')
    await daemon.close()
    await start({ healthy: false, ready: false })
    const alive = await ask(daemon, '/healthz')
    assert.deepEqual([alive.status, alive.text], [503, 'the cycle stands still\n'])
    const ready = await ask(daemon, '/readyz')
    assert.deepEqual([ready.status, ready.text], [503, 'nothing was rendered yet\n'])
  })
})
