import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { fleetOf } from '../views/fleet.ts'
import { type FakeDaemon, startFakeDaemon } from './fake-daemon.ts'

const token = 'a-shared-secret'
const body = '{"ref":"refs/heads/main"}'
const sign = (text: string, key = token) => `sha256=${createHmac('sha256', key).update(text).digest('hex')}`

describe('the webhook', () => {
  let daemon: FakeDaemon
  beforeEach(async () => {
    daemon = await startFakeDaemon(fleetOf([]), { webhookToken: token })
  })
  afterEach(() => daemon.close())

  const push = (headers: Record<string, string>, text = body) =>
    fetch(`${daemon.url}/webhook`, { method: 'POST', headers, body: text })

  const genuine: readonly (readonly [forge: string, headers: Record<string, string>])[] = [
    ['GitHub', { 'x-github-event': 'push', 'x-hub-signature-256': sign(body) }],
    ['Gitea and Forgejo', { 'x-gitea-event': 'push', 'x-hub-signature-256': sign(body) }],
    ['GitLab', { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': token }],
    ['a script', { authorization: `Bearer ${token}` }],
  ]
  for (const [forge, headers] of genuine) {
    it(`syncs for a push that ${forge} notifies`, async () => {
      const answer = await push(headers)
      assert.equal(answer.status, 202)
      assert.deepEqual(await answer.json(), { accepted: true })
      assert.equal(daemon.syncs(), 1)
    })
  }

  const forged: readonly (readonly [what: string, headers: Record<string, string>])[] = [
    ['nothing', {}],
    ['a signature with another key', { 'x-hub-signature-256': sign(body, 'guess') }],
    ['a signature of another body', { 'x-hub-signature-256': sign('{}') }],
    ['a cut signature', { 'x-hub-signature-256': sign(body).slice(0, 20) }],
    ['a wrong signature beside the right token', { 'x-hub-signature-256': 'sha256=0', 'x-gitlab-token': token }],
    ['a wrong token', { 'x-gitlab-token': `${token}x` }],
    ['the token as a password', { authorization: `Basic ${btoa(`x:${token}`)}` }],
  ]
  for (const [what, headers] of forged) {
    it(`does not sync for who sends ${what}`, async () => {
      assert.equal((await push(headers)).status, 401)
      assert.equal(daemon.syncs(), 0)
    })
  }

  it('takes a signature of the very bytes, whatever they mean', async () => {
    const text = '  {"ref" : "ünï"}\n'
    assert.equal((await push({ 'x-hub-signature-256': sign(text) }, text)).status, 202)
  })
})
