import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ChartCredential, readChartCredentials } from '../../../reconciler/charts/credentials.ts'
import { nginxFolder, type PackedChart, packChart } from '../../charts/pack.ts'
import { indexOf } from '../../charts/repository.ts'
import { hastyClock } from '../../clocks.ts'
import { guarded, serveCharts, startServer, type TestServer } from './server.ts'
import { chartWorld, problemOf, resolve } from './world.ts'

function userFor(server: TestServer): ChartCredential {
  const user = { name: 'jo', password: 'secret' }
  return { origin: server.url, user, ca: undefined, tokenServer: undefined }
}

describe('credentials for charts', () => {
  const world = chartWorld()
  let charts: readonly PackedChart[]
  before(async () => {
    charts = [await packChart(nginxFolder)]
  })
  after(() => world.clean())
  const { serve } = world
  const engineFor = (...known: TestServer[]) => world.engine({ credentials: async () => known.map(userFor) })

  it('are sent to their server, for the index and for what is beside it', async () => {
    const server = await serve(guarded('jo', 'secret', serveCharts(charts)))
    const ref = { name: 'nginx', version: '0.0.1', repoUrl: server.url }
    assert.equal((await resolve(engineFor(server), ref))?.type, 'resolved')
    assert.match(problemOf(await resolve(world.engine(), ref)), /wants a credential \(401\), and none is configured/)
    const wrong = world.engine({
      credentials: async () => [{ ...userFor(server), user: { name: 'jo', password: 'other' } }],
    })
    assert.match(problemOf(await resolve(wrong, ref)), /refused the credential \(401\)$/)
  })

  it('are never sent to the server that an archive is at, nor to where a server points', async () => {
    const other = await serve(serveCharts(charts))
    const absolute = indexOf(charts).replace('- nginx-', `- ${other.url}/nginx-`)
    const first = await serve(guarded('jo', 'secret', serveCharts(charts, absolute)))
    assert.equal(
      (await resolve(engineFor(first), { name: 'nginx', version: '0.0.1', repoUrl: first.url }))?.type,
      'resolved',
    )
    const moved = await serve((request, response) =>
      response.writeHead(302, { location: `${other.url}${request.url}` }).end(),
    )
    assert.equal(
      (await resolve(engineFor(moved), { name: 'nginx', version: '0.0.1', repoUrl: moved.url }))?.type,
      'resolved',
    )
    assert.deepEqual(
      other.seen.map(({ path, authorization }) => [path, authorization]),
      [
        ['/nginx-0.0.1.tgz', undefined],
        ['/index.yaml', undefined],
        ['/nginx-0.0.1.tgz', undefined],
      ],
    )
    assert.ok(moved.seen.every(({ authorization }) => authorization !== undefined))
  })

  it('of another server are not sent there either where a redirect leads to it', async () => {
    const other = await serve(guarded('jo', 'secret', serveCharts(charts)))
    const moved = await serve((request, response) =>
      response.writeHead(302, { location: `${other.url}${request.url}` }).end(),
    )
    const answer = await resolve(engineFor(moved, other), { name: 'nginx', version: '0.0.1', repoUrl: moved.url })
    assert.match(problemOf(answer), /wants a credential/)
    assert.deepEqual(
      other.seen.map(({ authorization }) => authorization),
      [undefined],
    )
  })

  it('are read anew each time, so that a new password counts at once', async () => {
    const server = await serve(guarded('jo', 'new', serveCharts(charts)))
    let password = 'old'
    const engine = world.engine({
      credentials: async () => [{ ...userFor(server), user: { name: 'jo', password } }],
    })
    assert.match(
      problemOf(await resolve(engine, { name: 'nginx', version: '0.0.1', repoUrl: server.url })),
      /refused the credential/,
    )
    password = 'new'
    assert.equal((await resolve(engine, { name: 'nginx', version: '0.0.x', repoUrl: server.url }))?.type, 'resolved')
  })

  it('come from files and variables that a file names, and a mistake in it is told without them', async () => {
    const at = (name: string, text: string) => {
      const path = join(world.folder, name)
      writeFileSync(path, text)
      return path
    }
    const password = at('password', 'from-file\n')
    const ca = at('ca.pem', 'PEM')
    const path = at(
      'credentials.yaml',
      `- {server: 'https://charts.example.com/stable', username: jo, passwordFile: ${password}, caFile: ${ca}}
- {server: 'oci://registry.example.com', username: bot, passwordEnv: TOKEN, tokenServer: 'https://auth.example.com'}
`,
    )
    assert.deepEqual(await readChartCredentials(path, { TOKEN: 'from-env' }), [
      {
        origin: 'https://charts.example.com',
        user: { name: 'jo', password: 'from-file' },
        ca: 'PEM',
        tokenServer: undefined,
      },
      {
        origin: 'https://registry.example.com',
        user: { name: 'bot', password: 'from-env' },
        ca: undefined,
        tokenServer: 'https://auth.example.com',
      },
    ])
    await assert.rejects(readChartCredentials(path, {}), /\[1\]\.passwordEnv: TOKEN is not set/)
    const mistakes = [
      ['- {server: charts, caFile: x}', /expected an address such as https/],
      ['- {server: "https://a", password: hunter2}', /Unrecognized key/],
      ['- {server: "https://a", username: jo}', /both or none of username and passwordFile/],
      ['- {server: "https://a", username: jo, passwordFile: a, passwordEnv: b}', /contradict/],
      ['- [', /mistake-4.yaml:1:/],
    ] as const
    for (const [i, [text, problem]] of mistakes.entries()) {
      const read = readChartCredentials(at(`mistake-${i}.yaml`, text), {})
      await assert.rejects(read, (error) => {
        assert.ok(error instanceof Error)
        assert.match(error.message, problem)
        assert.doesNotMatch(error.message, /hunter2/)
        return true
      })
    }
  })

  it('that cannot be read are told, and tried again', async () => {
    const engine = world.engine({ credentials: () => Promise.reject(new Error('no such file')) })
    const answer = await resolve(engine, { name: 'nginx', version: '1', repoUrl: 'https://charts.example.com' })
    assert.match(problemOf(answer), /credentials for charts cannot be read: no such file/)
    assert.equal(answer?.type === 'failed' && answer.isFinal, false)
  })
})

describe('servers of charts that do not behave', () => {
  const world = chartWorld()
  const servers: TestServer[] = []
  after(async () => {
    await world.clean()
    for (const server of servers) await server.close()
  })

  interface Case {
    readonly what: string
    readonly answer: TestServer['answer']
    readonly problem: RegExp
  }
  const cases: readonly Case[] = [
    {
      what: 'redirect in a circle',
      answer: (_, response) => void response.writeHead(302, { location: '/index.yaml' }).end(),
      problem: /redirected more than 5 times/,
    },
    {
      what: 'redirect to a file',
      answer: (_, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      problem: /redirected to file:, which is not followed/,
    },
    {
      what: 'redirect to a server elsewhere without TLS',
      answer: (_, response) => void response.writeHead(302, { location: 'http://192.0.2.1/index.yaml' }).end(),
      problem: /redirected to http:\/\/192.0.2.1, without TLS/,
    },
    {
      what: 'redirect nowhere',
      answer: (_, response) => void response.writeHead(302).end(),
      problem: /redirected to no address/,
    },
    {
      what: 'send more than an index takes',
      answer: (_, response) => {
        const chunk = Buffer.alloc(1024 * 1024, ' ')
        const more = () => {
          while (!response.destroyed && response.write(chunk));
        }
        response.on('drain', more)
        more()
      },
      problem: /index.yaml is larger than 30 MiB/,
    },
    {
      what: 'close the connection',
      answer: (request) => void request.socket.destroy(),
      problem: /cannot be reached/,
    },
    { what: 'answer 404', answer: (_, response) => void response.writeHead(404).end(), problem: /answered 404/ },
  ]
  for (const { what, answer, problem } of cases)
    it(`that ${what} are given up, for now`, async () => {
      const server = await startServer(answer)
      servers.push(server)
      const found = await resolve(world.engine(), { name: 'nginx', version: '1', repoUrl: server.url })
      assert.match(problemOf(found), problem)
      assert.equal(found?.type === 'failed' && found.isFinal, false)
    })

  it('that do not answer are given up after the time that the Fleet says, be it in the middle of an answer', async () => {
    for (const answer of [
      () => undefined,
      (_: unknown, response: { write(text: string): void }) => response.write('apiVersion:'),
    ]) {
      const server = await startServer(answer)
      servers.push(server)
      const clock = hastyClock()
      const view = world.engine({ clock }).at({ charts: { mirrors: [], timeout: '7s' } })
      const found = await resolve(view, { name: 'nginx', version: '1', repoUrl: server.url })
      assert.match(problemOf(found), /did not answer within 7 s/)
    }
  })
})
