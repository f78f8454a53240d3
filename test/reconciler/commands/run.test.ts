import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fleetStatusSchema } from '../../../reconciler/server/wire.ts'
import { gitEnvironment } from '../../testbed/work-tree.ts'
import { flotilla, type RunningCommand, start } from './cli.ts'

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createSocketServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}

const git = (cwd: string, ...args: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@localhost', ...args], {
    cwd,
    env: { ...process.env, ...gitEnvironment() },
    stdio: 'pipe',
  })

describe('flotilla run', function () {
  this.timeout(60_000)
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-run-'))
  const empty = join(folder, 'empty')
  const away = join(folder, 'away')
  const running = new Set<RunningCommand>()

  before(async () => {
    mkdirSync(empty)
    writeFileSync(
      join(empty, 'flotilla.yaml'),
      'apiVersion: flotilla.dev/v1alpha1\nkind: Fleet\nmetadata: {name: empty}\n',
    )
    // Nothing listens on port 1, so this member is away at once.
    const user = { name: 'a', user: { token: 'member-token' } }
    const cluster = { name: 'a', cluster: { server: 'https://127.0.0.1:1' } }
    const context = { name: 'a', context: { cluster: 'a', user: 'a' } }
    const config = { apiVersion: 'v1', kind: 'Config', clusters: [cluster], users: [user], contexts: [context] }
    writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(config))
    await flotilla(['init', away, '--name', 'away', '--cluster', `eu=${join(folder, 'kubeconfig')}:a`])
    for (const repository of [empty, away]) {
      git(repository, 'init', '-q', '-b', 'main')
      git(repository, 'add', '--all')
      git(repository, 'commit', '-q', '-m', 'Start')
    }
  })
  after(() => rmSync(folder, { recursive: true }))
  afterEach(async () => {
    for (const { child, ended } of running) {
      child.kill('SIGKILL')
      await ended
    }
    running.clear()
  })

  async function runDaemon(
    repository: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ) {
    const port = await freePort()
    const command = start(['run', '--repo', repository, '--listen', `127.0.0.1:${port}`, '--new-fleet', ...args], env)
    running.add(command)
    await command.until(/flotilla is running/)
    return { ...command, url: `http://127.0.0.1:${port}` }
  }

  const metric = async (url: string, line: string) => {
    const text = await (await fetch(`${url}/metrics`)).text()
    return Number(
      text
        .split('\n')
        .find((one) => one.startsWith(`${line} `))
        ?.slice(line.length),
    )
  }
  const untilTrue = async (test: () => Promise<boolean>) => {
    while (!(await test())) await new Promise((resolve) => setTimeout(resolve, 50))
  }

  it('logs one JSON object a line with a static message where stderr is no terminal, and ends on SIGTERM with 0', async () => {
    const { child, ended, until, url } = await runDaemon(away)
    await until(/a member cluster needs a look/)
    const status = fleetStatusSchema.parse(await (await fetch(`${url}/api/v1/status`)).json())
    assert.deepEqual([status.fleet, status.sync], ['away', 'unreachable'])
    child.kill('SIGTERM')
    const started = process.hrtime.bigint()
    const { code, stdout, stderr } = await ended
    assert.ok(process.hrtime.bigint() - started < 10_000_000_000n, 'within 10 s')
    assert.deepEqual([code, stdout], [0, ''])
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    for (const { msg, time, level } of lines) {
      assert.match(time, /^\d{4}-\d\d-\d\dT/)
      assert.equal(typeof level, 'number')
      assert.doesNotMatch(msg, /away|127\.0\.0\.1|[0-9a-f]{7}/, 'what differs stands in fields')
    }
    assert.equal(lines.filter(({ msg }) => msg === 'a member cluster needs a look').length, 1)
    assert.equal(lines.at(-1).msg, 'flotilla has ended')
    assert.doesNotMatch(stderr, /member-token/)
  })

  it('ends on Ctrl-C with 130', async () => {
    const { child, ended } = await runDaemon(empty)
    child.kill('SIGINT')
    assert.equal((await ended).code, 130)
  })

  it('writes lines for people with --log-format pretty, in colours with --color always only', async () => {
    const { child, ended } = await runDaemon(empty, ['--log-format', 'pretty'])
    child.kill('SIGTERM')
    const { stderr } = await ended
    assert.match(stderr, /^\[\d\d:\d\d:\d\d\] INFO: flotilla is running {2}version=/)
    assert.ok(!stderr.includes('\u001b'))
    const painted = start([
      '--color',
      'always',
      'run',
      '--repo',
      empty,
      '--once',
      '--log-format',
      'pretty',
      '--listen',
      '127.0.0.1:0',
    ])
    assert.ok((await painted.ended).stderr.includes('\u001b[32mINFO'))
  })

  it('pulls at once on SIGHUP and for a notified push', async () => {
    const { child, url } = await runDaemon(empty, ['--poll', '0 0 1 1 1 *'], { FLOTILLA_WEBHOOK_TOKEN: 'w' })
    const turns = () => metric(url, 'flotilla_syncs_total{result="success"}')
    await untilTrue(async () => (await turns()) === 1)
    child.kill('SIGHUP')
    await untilTrue(async () => (await turns()) === 2)
    const headers = { authorization: 'Bearer w' }
    assert.equal((await fetch(`${url}/webhook`, { method: 'POST', headers })).status, 202)
    await untilTrue(async () => (await turns()) === 3)
  })

  it('asks for the token of FLOTILLA_API_TOKEN, and shows it nowhere', async () => {
    const { child, ended, url } = await runDaemon(empty, ['--log-level', 'debug'], { FLOTILLA_API_TOKEN: 'sesame' })
    assert.equal((await fetch(`${url}/api/v1/status`)).status, 401)
    child.kill('SIGTERM')
    assert.doesNotMatch((await ended).stderr, /sesame/)
  })

  it('with --once exits with 0 where all is synced, and with 1 where a cluster is away when the time is over', async () => {
    const once = (repository: string, timeout: string) =>
      flotilla(['run', '--repo', repository, '--once', '--timeout', timeout, '--new-fleet', '--listen', '127.0.0.1:0'])
    assert.equal((await once(empty, '20s')).code, 0)
    assert.equal((await once(away, '4s')).code, 1)
  })

  it('says that the address is in use, with 2', async () => {
    const { url } = await runDaemon(empty)
    const address = url.slice('http://'.length)
    const { code, stderr } = await flotilla(['run', '--repo', empty, '--listen', address])
    assert.deepEqual(
      [code, stderr],
      [2, `flotilla: --listen ${address}: the address is in use; does another daemon run?\n`],
    )
  })

  it('keeps credentials of the Git server out of its log, whether they came by variable or in the address', async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.headers.authorization ?? '')
      response.writeHead(401, { 'www-authenticate': 'Basic' }).end('no')
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    const host = `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    const secrets = ['hunter2-token', 'hunter3-password']
    for (const [url, env] of [
      [`http://${host}/fleet.git`, { FLOTILLA_GIT_TOKEN: secrets[0] ?? '' }],
      [`http://someone:${secrets[1]}@${host}/fleet.git`, {}],
    ] as const) {
      const dir = join(folder, `clone-${asked.length}`)
      const command = start(
        ['run', '--repo', url, '--dir', dir, '--listen', '127.0.0.1:0', '--log-level', 'debug'],
        env,
      )
      running.add(command)
      await command.until(/a turn failed/)
      command.child.kill('SIGTERM')
      const { stderr } = await command.ended
      for (const secret of secrets) {
        assert.ok(!stderr.includes(secret), stderr)
        assert.ok(!stderr.includes(Buffer.from(secret).toString('base64').slice(0, 12)), stderr)
      }
    }
    server.closeAllConnections()
    server.close()
    const sent = asked.map((header) => Buffer.from(header.replace('Basic ', ''), 'base64').toString())
    for (const secret of secrets)
      assert.ok(
        sent.some((text) => text.includes(secret)),
        'they were sent',
      )
  })

  const refused: readonly (readonly [what: string, env: Record<string, string>, stderr: RegExp])[] = [
    ['an empty API token', { FLOTILLA_API_TOKEN: '' }, /^flotilla: FLOTILLA_API_TOKEN is empty/],
    ['an empty webhook token', { FLOTILLA_WEBHOOK_TOKEN: '' }, /^flotilla: FLOTILLA_WEBHOOK_TOKEN is empty/],
    [
      'a credential file that is not there',
      { FLOTILLA_GIT_TOKEN_FILE: '/nowhere/token' },
      /^flotilla: .*\/nowhere\/token/,
    ],
  ]
  for (const [what, env, stderr] of refused) {
    it(`does not start with ${what}`, async () => {
      const ended = await flotilla(['run', '--repo', empty, '--listen', '127.0.0.1:0'], env)
      assert.equal(ended.code, 2)
      assert.match(ended.stderr, stderr)
    })
  }
})
