import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { request } from 'node:http'
import { createDeliveries } from '../../../reconciler/server/deliveries.ts'
import { fleetOf } from '../views/fleet.ts'
import { type FakeDaemon, startFakeDaemon } from './fake-daemon.ts'

const token = 'a-shared-secret'
const body = '{"ref":"refs/heads/main"}'
const mac = (text: string, key = token) => createHmac('sha256', key).update(text).digest('hex')
const sign = (text: string, key = token) => `sha256=${mac(text, key)}`

describe('the webhook', () => {
  let daemon: FakeDaemon
  let pulls: number[]
  beforeEach(async () => {
    pulls = []
    daemon = await startFakeDaemon(fleetOf([]), {
      webhookToken: token,
      onPullRequest: (number) => void pulls.push(number),
    })
  })
  afterEach(() => daemon.close())

  const push = (headers: Record<string, string>, text = body) =>
    fetch(`${daemon.url}/webhook`, { method: 'POST', headers, body: text })
  const counted = async (event: string, result: string) => {
    const line = `flotilla_webhooks_total{event="${event}",result="${result}"} `
    const text = await (await fetch(`${daemon.url}/metrics`)).text()
    return Number(
      text
        .split('\n')
        .find((one) => one.startsWith(line))
        ?.slice(line.length),
    )
  }
  const warnings = () => daemon.logged.filter(({ level }) => level === 40)

  const genuine: readonly (readonly [forge: string, headers: Record<string, string>])[] = [
    ['GitHub', { 'x-github-event': 'push', 'x-hub-signature-256': sign(body) }],
    [
      'Gitea',
      {
        'x-gitea-event': 'push',
        'x-github-event': 'push',
        'x-hub-signature-256': sign(body),
        'x-gitea-signature': mac(body),
      },
    ],
    ['an old Gitea', { 'x-gitea-event': 'push', 'x-gitea-signature': mac(body) }],
    ['Forgejo', { 'x-forgejo-event': 'push', 'x-forgejo-signature': mac(body) }],
    ['GitLab', { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': token }],
    ['a script', { authorization: `Bearer ${token}` }],
  ]
  for (const [forge, headers] of genuine) {
    it(`syncs for a push that ${forge} notifies`, async () => {
      const answer = await push(headers)
      assert.equal(answer.status, 202)
      assert.deepEqual(await answer.json(), { accepted: true })
      assert.equal(daemon.syncs(), 1)
      assert.equal(await counted('push', 'accepted'), 1)
    })
  }

  const forged: readonly (readonly [what: string, headers: Record<string, string>])[] = [
    ['nothing', {}],
    ['a signature with another key', { 'x-hub-signature-256': sign(body, 'guess') }],
    ['a signature of another body', { 'x-hub-signature-256': sign('{}') }],
    ['a cut signature', { 'x-hub-signature-256': sign(body).slice(0, 20) }],
    ['a wrong signature beside the right token', { 'x-hub-signature-256': 'sha256=0', 'x-gitlab-token': token }],
    ['a wrong signature beside a right one', { 'x-hub-signature-256': sign(body), 'x-gitea-signature': mac('{}') }],
    ['a wrong token', { 'x-gitlab-token': `${token}x` }],
    ['the token as a password', { authorization: `Basic ${btoa(`x:${token}`)}` }],
  ]
  for (const [what, headers] of forged) {
    it(`does nothing but a log line and a count for who sends ${what}`, async () => {
      assert.equal((await push(headers)).status, 401)
      assert.equal(daemon.syncs(), 0)
      assert.equal(warnings().length, 1)
      assert.equal(await counted('unknown', 'unauthorized'), 1)
    })
  }

  it('takes a signature of the very bytes, whatever they mean', async () => {
    const text = '  {"ref" : "ünï"}\n'
    assert.equal((await push({ 'x-hub-signature-256': sign(text) }, text)).status, 202)
  })

  it('reads the form that GitHub and Gitea send unless they are told otherwise', async () => {
    const text = `payload=${encodeURIComponent(body)}`
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-github-event': 'push' }
    assert.deepEqual(await (await push({ ...headers, 'x-hub-signature-256': sign(text) }, text)).json(), {
      accepted: true,
    })
    assert.equal(daemon.syncs(), 1)
  })

  const ignored: readonly (readonly [what: string, event: string, text: string])[] = [
    ['a push to another branch', 'push', '{"ref":"refs/heads/feature"}'],
    ['a push to the generated branch', 'push', '{"ref":"refs/heads/generated"}'],
    ['a tag', 'push', '{"ref":"refs/tags/main"}'],
    ['a new issue', 'issues', '{"number":3}'],
    ['a test', 'ping', '{"zen":"Keep it logically awesome."}'],
    ['a push that is no JSON', 'push', '<xml/>'],
    ['a pull request without a number', 'pull_request', '{"pull_request":{"number":"7"}}'],
    ['a body that is a list', 'pull_request', '[[[]]]'],
  ]
  for (const [what, event, text] of ignored) {
    it(`ignores ${what}`, async () => {
      const answer = await push({ 'x-github-event': event, 'x-hub-signature-256': sign(text) }, text)
      assert.equal(answer.status, 202)
      assert.deepEqual(await answer.json(), { accepted: false })
      assert.equal(daemon.syncs(), 0)
      assert.deepEqual(pulls, [])
    })
  }

  const requests: readonly (readonly [
    forge: string,
    text: string,
    headers: (text: string) => Record<string, string>,
  ])[] = [
    [
      'GitHub',
      '{"action":"synchronize","number":7,"pull_request":{"number":7}}',
      (text) => ({ 'x-github-event': 'pull_request', 'x-hub-signature-256': sign(text) }),
    ],
    [
      'Gitea',
      '{"action":"label_updated","number":7,"pull_request":{"number":7}}',
      (text) => ({ 'x-gitea-event': 'pull_request', 'x-gitea-signature': mac(text) }),
    ],
    [
      'GitLab',
      '{"object_kind":"merge_request","object_attributes":{"id":99,"iid":7}}',
      () => ({ 'x-gitlab-event': 'Merge Request Hook', 'x-gitlab-token': token }),
    ],
  ]
  for (const [forge, text, headers] of requests) {
    it(`hands on the number of a pull request that ${forge} notifies, and does not pull for it`, async () => {
      assert.equal((await push(headers(text), text)).status, 202)
      assert.deepEqual(pulls, [7])
      assert.equal(daemon.syncs(), 0)
      assert.equal(await counted('pull-request', 'accepted'), 1)
    })
  }

  const replays: readonly (readonly [what: string, first: Record<string, string>, again: Record<string, string>])[] = [
    [
      'of GitHub',
      { 'x-github-event': 'push', 'x-hub-signature-256': sign(body), 'x-github-delivery': 'a' },
      { 'x-github-event': 'push', 'x-hub-signature-256': sign(body), 'x-github-delivery': 'a' },
    ],
    [
      'under another id',
      { 'x-gitea-event': 'push', 'x-gitea-signature': mac(body), 'x-gitea-delivery': 'a' },
      { 'x-gitea-event': 'push', 'x-gitea-signature': mac(body), 'x-gitea-delivery': 'b' },
    ],
    [
      'with another header of the same signature',
      { 'x-gitea-event': 'push', 'x-gitea-signature': mac(body), 'x-gitea-delivery': 'a' },
      { 'x-github-event': 'push', 'x-hub-signature-256': sign(body) },
    ],
    [
      'of GitLab',
      { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': token, 'idempotency-key': 'a' },
      { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': token, 'idempotency-key': 'a' },
    ],
    [
      'of an old GitLab',
      { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': token, 'x-gitlab-event-uuid': 'a' },
      { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': token, 'x-gitlab-event-uuid': 'a' },
    ],
  ]
  for (const [what, first, again] of replays) {
    it(`refuses a replay ${what} with a log line and a count`, async () => {
      assert.equal((await push(first)).status, 202)
      assert.equal((await push(again)).status, 409)
      assert.equal(daemon.syncs(), 1)
      assert.equal(warnings().length, 1)
      assert.equal(await counted('push', 'replayed'), 1)
    })
  }

  it('lets who does not know the secret make no delivery look like a replay', async () => {
    const headers = { 'x-github-event': 'push', 'x-github-delivery': 'a' }
    assert.equal((await push({ ...headers, 'x-hub-signature-256': sign(body, 'guess') })).status, 401)
    assert.equal((await push({ ...headers, 'x-hub-signature-256': sign(body) })).status, 202)
  })

  it('takes what a script sends as often as it does', async () => {
    for (let i = 1; i <= 3; i++) {
      assert.equal((await push({ authorization: `Bearer ${token}` }, '')).status, 202)
      assert.equal(daemon.syncs(), i)
    }
  })

  for (const chunked of [false, true]) {
    it(`refuses a body of 50 MB ${chunked ? 'without a length' : 'by its length'} before most of it is sent`, async () => {
      const size = 50 * 1024 * 1024
      const { status, sent } = await sendLong(daemon.port, size, chunked)
      assert.equal(status, 413)
      assert.ok(sent < size / 2, `${sent} bytes were taken`)
      assert.equal(daemon.syncs(), 0)
      assert.equal(warnings().length, 1)
      assert.equal(await counted('unknown', 'oversized'), 1)
    })
  }

  it('remembers the newest deliveries, and no more than it may', () => {
    const deliveries = createDeliveries(3)
    for (const id of ['a', 'b', 'c', 'd']) assert.ok(deliveries.isNew([id]))
    assert.ok(!deliveries.isNew(['b']))
    assert.ok(!deliveries.isNew(['d', 'e']))
    assert.ok(deliveries.isNew(['a']))
  })
})

/** Sends zeros until an answer comes, and says how many were sent by then. */
function sendLong(port: number, size: number, chunked: boolean): Promise<{ status: number; sent: number }> {
  return new Promise((resolve, reject) => {
    const headers = chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': size }
    const call = request({ port, host: '127.0.0.1', path: '/webhook', method: 'POST', headers })
    const piece = Buffer.alloc(64 * 1024)
    let sent = 0
    let isOver = false
    const write = () => {
      while (!isOver && sent < size) {
        sent += piece.length
        if (!call.write(piece)) return call.once('drain', write)
      }
      return undefined
    }
    call.on('response', (answer) => {
      isOver = true
      answer.resume()
      resolve({ status: answer.statusCode ?? 0, sent })
      call.destroy()
    })
    call.on('error', (error) => (isOver ? undefined : reject(error)))
    write()
  })
}
