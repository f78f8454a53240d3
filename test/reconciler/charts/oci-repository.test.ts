import assert from 'node:assert/strict'
import type { ChartCredential } from '../../../reconciler/charts/credentials.ts'
import { nginxFolder, type PackedChart, packChart } from '../../charts/pack.ts'
import { testClock } from '../../clocks.ts'
import { type RegistryRules, registryUser, serveRegistry, serveTokens } from './registry.ts'
import { serveCharts, type TestServer } from './server.ts'
import { chartWorld, problemOf, resolve } from './world.ts'

describe('charts of an OCI registry', () => {
  const world = chartWorld()
  const versions = ['0.0.1', '0.0.2', '0.1.0-rc.1', '1.0.0+build.7']
  let charts: readonly PackedChart[]
  before(async () => {
    charts = await Promise.all(versions.map((version) => packChart(nginxFolder, { version })))
  })
  after(() => world.clean())
  const { serve } = world
  const registry = (rules?: RegistryRules) => serve(serveRegistry('charts', charts, rules))
  const refAt = (server: TestServer, version: string, path = '/charts') => ({
    name: 'nginx',
    version,
    repoUrl: `${server.url.replace('http:', 'oci:')}${path}`,
  })
  const digestOfVersion = (version: string) => charts.find((chart) => chart.version === version)?.digest

  for (const [constraint, version] of [
    ['0.0.1', '0.0.1'],
    ['0.0.x', '0.0.2'],
    ['~0.1.0-0', '0.1.0-rc.1'],
    ['', '1.0.0+build.7'],
  ] as const)
    it(`resolve ${JSON.stringify(constraint)} to ${version} by the tags, with the digest of the archive`, async () => {
      const answer = await resolve(world.engine(), refAt(await registry({ pageSize: 1 }), constraint))
      assert.deepEqual(answer, { type: 'resolved', version, digest: digestOfVersion(version) })
    })

  it('may stand at the root of a registry', async () => {
    const server = await serve(serveRegistry('', charts))
    assert.equal((await resolve(world.engine(), refAt(server, '0.0.1', '')))?.type, 'resolved')
  })

  it('are read with user and password where the registry asks for that', async () => {
    const server = await registry({ auth: { scheme: 'Basic' } })
    const known: ChartCredential = { origin: server.url, user: registryUser, ca: undefined, tokenServer: undefined }
    const engine = world.engine({ credentials: async () => [known] })
    assert.equal((await resolve(engine, refAt(server, '0.0.1')))?.type, 'resolved')
    assert.match(problemOf(await resolve(world.engine(), refAt(server, '0.0.1'))), /none is configured for http/)
    const wrong = { ...known, user: { name: 'jo', password: 'other' } }
    const refused = await resolve(world.engine({ credentials: async () => [wrong] }), refAt(server, '0.0.1'))
    assert.match(problemOf(refused), /refused the credential \(401\)$/)
  })

  it('are read with a token, which is asked for once as long as it counts', async () => {
    const clock = testClock()
    const tokens = await serve(serveTokens)
    const server = await registry({ auth: { scheme: 'Bearer', realm: `${tokens.url}/token` } })
    const known = { origin: server.url, user: registryUser, ca: undefined, tokenServer: tokens.url }
    const engine = world.engine({ clock, credentials: async () => [known] })
    assert.equal((await resolve(engine, refAt(server, '0.0.1')))?.type, 'resolved')
    assert.equal((await resolve(engine, refAt(server, '0.0.2')))?.type, 'resolved')
    assert.equal(tokens.seen.length, 1)
    clock.pass(300_000)
    assert.equal((await resolve(engine, refAt(server, '0.0.x')))?.type, 'resolved')
    assert.equal(tokens.seen.length, 2)
  })

  it('are read with a token, too, where the registry would take user and password as well', async () => {
    const tokens = await serve(serveTokens)
    const server = await registry({ auth: { scheme: 'Bearer', realm: `${tokens.url}/token`, orBasic: true } })
    const known = { origin: server.url, user: registryUser, ca: undefined, tokenServer: tokens.url }
    const answer = await resolve(world.engine({ credentials: async () => [known] }), refAt(server, '0.0.1'))
    assert.equal(answer?.type, 'resolved', problemOf(answer))
  })

  it('never send user and password to a server of tokens that is not named for it', async () => {
    const tokens = await serve(serveTokens)
    const server = await registry({ auth: { scheme: 'Bearer', realm: `${tokens.url}/token` } })
    const known = { origin: server.url, user: registryUser, ca: undefined, tokenServer: undefined }
    const answer = await resolve(world.engine({ credentials: async () => [known] }), refAt(server, '0.0.1'))
    assert.match(problemOf(answer), new RegExp(`if ${tokens.url} gives the tokens of .*, say so as its tokenServer`))
    assert.deepEqual(
      tokens.seen.map(({ authorization }) => authorization),
      [undefined],
    )
    const plain = await registry({ auth: { scheme: 'Bearer', realm: 'http://192.0.2.1/token' } })
    assert.match(problemOf(await resolve(world.engine(), refAt(plain, '0.0.1'))), /without TLS/)
  })

  it('are read from where the registry keeps them, without its credential', async () => {
    const blobs = await serve((request, response) => {
      const chart = charts.find(({ digest }) => request.url?.endsWith(digest.replace('sha256:', '')))
      response.end(chart?.bytes)
    })
    const server = await registry({ auth: { scheme: 'Basic' }, blobsAt: blobs.url })
    const known = { origin: server.url, user: registryUser, ca: undefined, tokenServer: undefined }
    const answer = await resolve(world.engine({ credentials: async () => [known] }), refAt(server, '0.0.1'))
    assert.equal(answer?.type, 'resolved', problemOf(answer))
    assert.deepEqual(
      blobs.seen.map(({ authorization }) => authorization),
      [undefined],
    )
  })

  const broken: readonly { readonly what: string; readonly rules: RegistryRules; readonly problem: RegExp }[] = [
    {
      what: 'whose archive was changed',
      rules: { damage: (path, bytes) => (path.includes('/blobs/') ? Buffer.from('other') : bytes) },
      problem: /failed to fetch chart .*the archive is sha256:[0-9a-f]{64}, and its manifest says sha256:/,
    },
    {
      what: 'whose manifest was changed',
      rules: { damage: (path, bytes) => (path.includes('/manifests/') ? Buffer.from('{"layers":[]}') : bytes) },
      problem: /the manifest is sha256:[0-9a-f]{64}, and 127.0.0.1:\d+ says sha256:/,
    },
  ]
  for (const { what, rules, problem } of broken)
    it(`are refused ${what}`, async () => {
      const answer = await resolve(world.engine(), refAt(await registry(rules), '0.0.1'))
      assert.match(problemOf(answer), problem)
    })

  it('say what is missing: the name, the version, or that it is no registry at all', async () => {
    const server = await registry()
    assert.match(
      problemOf(await resolve(world.engine(), { ...refAt(server, '1'), name: 'other' })),
      /no chart name found/,
    )
    assert.match(problemOf(await resolve(world.engine(), refAt(server, '7.x'))), /no chart version found/)
    const web = await serve(serveCharts(charts, '<html>'))
    web.answer = (_, response) => void response.end('<html>')
    assert.match(problemOf(await resolve(world.engine(), refAt(web, '1'))), /does not answer as a registry does/)
    const upper = await resolve(world.engine(), { ...refAt(server, '1'), name: 'Nginx' })
    assert.match(problemOf(upper), /no repository of the name "charts\/Nginx"/)
    assert.ok(upper?.type === 'failed' && upper.isFinal)
  })
})
