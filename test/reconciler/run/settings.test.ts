import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fieldsText } from '../../../reconciler/run/log.ts'
import { cloneDir, gitAuth, hostSettings, parseListen, serverTokens } from '../../../reconciler/run/settings.ts'

describe('where the daemon listens', () => {
  const cases: readonly (readonly [text: string, address: ReturnType<typeof parseListen>])[] = [
    ['127.0.0.1:8090', { host: '127.0.0.1', port: 8090 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    [':8090', { host: '0.0.0.0', port: 8090 }],
    ['[::1]:8090', { host: '::1', port: 8090 }],
    ['::1:8090', undefined],
    ['8090', undefined],
    ['localhost:', undefined],
    ['localhost:65536', undefined],
    ['http://localhost:8090', undefined],
  ]
  for (const [text, address] of cases) {
    it(`${text} is ${address ? `${address.host} port ${address.port}` : 'refused'}`, () => {
      assert.deepEqual(parseListen(text), address)
    })
  }
})

describe('credentials of the daemon', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-settings-'))
  const file = join(folder, 'secret')
  before(() => writeFileSync(file, 'from-file\n'))
  after(() => rmSync(folder, { recursive: true }))

  it('for Git are a token, or a user and a password, or none', async () => {
    assert.deepEqual(await gitAuth({}), { type: 'none' })
    assert.deepEqual(await gitAuth({ FLOTILLA_GIT_TOKEN: 't', FLOTILLA_GIT_PASSWORD: 'p' }), {
      type: 'token',
      token: 't',
    })
    const basic = { type: 'basic', username: 'git', password: 'p' }
    assert.deepEqual(await gitAuth({ FLOTILLA_GIT_PASSWORD: 'p' }), basic)
    const both = { FLOTILLA_GIT_USERNAME: 'u', FLOTILLA_GIT_PASSWORD: 'p' }
    assert.deepEqual(await gitAuth(both), { ...basic, username: 'u' })
    assert.deepEqual(await gitAuth({ FLOTILLA_GIT_USERNAME: 'u' }), { type: 'none' }, 'a user alone proves nothing')
  })

  it('come from a file without its last line end, and a file that is not there is an error', async () => {
    assert.deepEqual(await gitAuth({ FLOTILLA_GIT_TOKEN_FILE: file }), { type: 'token', token: 'from-file' })
    assert.equal((await serverTokens({ FLOTILLA_API_TOKEN_FILE: file })).apiToken, 'from-file')
    await assert.rejects(gitAuth({ FLOTILLA_GIT_PASSWORD_FILE: join(folder, 'none') }), /ENOENT/)
  })

  it('for the server are none unless set, and never empty', async () => {
    assert.deepEqual(await serverTokens({}), { webhookToken: undefined, apiToken: undefined })
    await assert.rejects(serverTokens({ FLOTILLA_API_TOKEN: '' }), /FLOTILLA_API_TOKEN is empty/)
    await assert.rejects(serverTokens({ FLOTILLA_WEBHOOK_TOKEN: '' }), /FLOTILLA_WEBHOOK_TOKEN is empty/)
  })
})

describe('the folder of the clone', () => {
  it('is the one that was given, else one for each repository below the cache', () => {
    assert.equal(cloneDir({ dir: '/data', repo: 'https://a' }, {}), '/data')
    const env = { XDG_CACHE_HOME: '/cache' }
    const [a, b] = [cloneDir({ repo: 'https://a' }, env), cloneDir({ repo: 'https://b' }, env)]
    assert.match(a, /^\/cache\/flotilla\/[0-9a-f]{16}$/)
    assert.notEqual(a, b)
    assert.equal(cloneDir({ repo: 'https://a' }, env), a, 'a restart finds it again')
  })
})

describe('the host cluster', () => {
  const namespace = 'flotilla-system'
  const flags = { hostNamespace: namespace }
  it('is the kubeconfig that was named, else the cluster that the daemon runs in, else none', () => {
    const inside = { KUBERNETES_SERVICE_HOST: '10.0.0.1' }
    assert.deepEqual(hostSettings({ ...flags, hostKubeconfig: '/k' }, inside), { type: 'file', path: '/k', namespace })
    assert.deepEqual(hostSettings(flags, inside), { type: 'inCluster', namespace })
    assert.deepEqual(hostSettings(flags, {}), { type: 'none' })
  })
})

describe('fields of a log line for people', () => {
  it('stand as name=value behind the message, short and in one line', () => {
    const commit = '9b07d51c0ffee000000000000000000000000000'
    const log = {
      level: 30,
      time: 'x',
      msg: 'm',
      cluster: 'eu-1',
      applied: 2,
      commit,
      reason: 'a "b"\nc',
      fields: [{ a: 1 }],
    }
    assert.equal(fieldsText(log), '  cluster=eu-1 applied=2 commit=9b07d51 reason="a \\"b\\"\\nc" fields=[{"a":1}]')
    assert.equal(fieldsText({ level: 30, msg: 'm', err: new Error('x') }), '')
    assert.equal(
      fieldsText({ a: '\u001b[2J', b: '\u009b2J' }),
      '  a="\\u001b[2J" b=" 2J"',
      'nothing steers the terminal',
    )
  })
})
