import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nginxFolder, type PackedChart, packChart, packFiles } from '../../charts/pack.ts'
import { indexOf } from '../../charts/repository.ts'
import { testClock } from '../../clocks.ts'
import { serveCharts } from './server.ts'
import { chartWorld, problemOf, resolve } from './world.ts'

interface Cases {
  readonly chartVersionResolve: Section
  readonly chartFetch: Section & { readonly fetchable: readonly string[] }
}

interface Section {
  readonly index: Readonly<Record<string, readonly string[]>>
  readonly cases: readonly {
    readonly name: string
    readonly chart: string
    readonly version: string
    readonly expected?: string | null
    readonly expectedVersion?: string | null
    readonly error: string | null
  }[]
}

const cases = JSON.parse(readFileSync(join(import.meta.dirname, '../../cases/shipper-release.json'), 'utf8')) as Cases

function pack(name: string, version: string): Promise<PackedChart> {
  return packFiles({ 'Chart.yaml': `apiVersion: v1\nname: ${name}\nversion: ${version}\n` })
}

function packAll(index: Section['index']): Promise<readonly PackedChart[]> {
  return Promise.all(
    Object.entries(index).flatMap(([name, versions]) => versions.map((version) => pack(name, version))),
  )
}

describe('charts of a repository over HTTP', () => {
  const world = chartWorld()
  after(() => world.clean())
  const { serve } = world
  let nginx: readonly PackedChart[]
  before(async () => {
    nginx = [await packChart(nginxFolder), await packChart(nginxFolder, { version: '0.0.2' })]
  })

  for (const { name, chart, version, expected, error } of cases.chartVersionResolve.cases)
    it(`resolve as Shipper resolves them: ${name}`, async () => {
      const server = await serve(serveCharts(await packAll(cases.chartVersionResolve.index)))
      const repoUrl = server.url
      const answer = await resolve(world.engine(), { name: chart, version, repoUrl })
      if (expected) assert.equal(answer?.type === 'resolved' ? answer.version : problemOf(answer), expected)
      else assert.equal(problemOf(answer), error?.replace('https://charts.example.com', repoUrl))
    })

  for (const { name, chart, version, expectedVersion, error } of cases.chartFetch.cases)
    it(`are fetched as Shipper fetches them: ${name}`, async () => {
      const all = await packAll(cases.chartFetch.index)
      const server = await serve(serveCharts(all))
      const repoUrl = server.url
      const cacheFolder = join(world.folder, name)
      const cached = { name: 'non-existing', version: '0.0.1', repoUrl }
      await resolve(world.engine({ cacheFolder }), cached)
      const fetchable = all.filter((one) => cases.chartFetch.fetchable.includes(`${one.name}-${one.version}`))
      server.answer = serveCharts(fetchable, indexOf(all))

      const answer = await resolve(world.engine({ cacheFolder }), { name: chart, version, repoUrl })

      if (expectedVersion)
        assert.equal(answer?.type === 'resolved' ? answer.version : problemOf(answer), expectedVersion)
      else {
        const text = error?.replace(/https:\/\/charts?.example.com/, repoUrl).replace(/ \.\.\.$/, '') ?? 'none'
        assert.ok(problemOf(answer).startsWith(text), problemOf(answer))
      }
    })

  it('have the digest of the archive, also where the index names none', async () => {
    const index = indexOf(nginx).replace(/^ +digest: .*\n/gm, '')
    const server = await serve(serveCharts(nginx, index))
    const answer = await resolve(world.engine(), { name: 'nginx', version: '0.0.1', repoUrl: server.url })
    assert.deepEqual(answer, { type: 'resolved', version: '0.0.1', digest: nginx[0]?.digest })
  })

  it('are found below a path, by addresses relative to the repository or not, with or without a closing slash', async () => {
    for (const [repo, url] of [
      ['/a/b', 'nginx-0.0.1.tgz'],
      ['/a/b/', 'nginx-0.0.1.tgz'],
      ['/a/b', '/elsewhere/nginx-0.0.1.tgz'],
      ['/a/b', '../nginx-0.0.1.tgz'],
    ] as const) {
      const server = await serve(serveCharts(nginx, indexOf(nginx).replace('- nginx-0.0.1.tgz', `- ${url}`)))
      const repoUrl = `${server.url}${repo}`
      const answer = await resolve(world.engine(), { name: 'nginx', version: '0.0.1', repoUrl })
      assert.equal(answer?.type, 'resolved', problemOf(answer))
      const paths = {
        '/elsewhere/nginx-0.0.1.tgz': '/elsewhere/nginx-0.0.1.tgz',
        '../nginx-0.0.1.tgz': '/a/nginx-0.0.1.tgz',
      }
      const expected = paths[url as keyof typeof paths] ?? '/a/b/nginx-0.0.1.tgz'
      assert.deepEqual(
        server.seen.map(({ path }) => path),
        ['/a/b/index.yaml', expected],
      )
    }
  })

  it('are refused where the archive is not the one that the index says', async () => {
    const [first] = nginx
    if (!first) return
    const other = await pack('nginx', '0.0.1')
    const server = await serve(serveCharts([{ ...first, bytes: other.bytes }], indexOf(nginx)))
    const answer = await resolve(world.engine(), { name: 'nginx', version: '0.0.1', repoUrl: server.url })
    assert.match(problemOf(answer), new RegExp(`the archive is ${other.digest}, and the index says ${first.digest}`))
  })

  it('that were published again under their version are reported with their new digest', async () => {
    const clock = testClock()
    const server = await serve(serveCharts(nginx))
    const engine = world.engine({ clock })
    const ref = { name: 'nginx', version: '0.0.1', repoUrl: server.url }
    const before = await resolve(engine, ref)
    const changed = await packChart(nginxFolder, { files: { 'values.yaml': 'replicaCount: 7\n' } })
    server.answer = serveCharts([changed])
    clock.pass(120_000)
    const now = await resolve(engine, ref)
    assert.deepEqual(before, { type: 'resolved', version: '0.0.1', digest: nginx[0]?.digest })
    assert.deepEqual(now, { type: 'resolved', version: '0.0.1', digest: changed.digest })
  })

  it('cost one short request when nothing has changed', async () => {
    const clock = testClock()
    const server = await serve(serveCharts(nginx))
    const engine = world.engine({ clock })
    const ref = { name: 'nginx', version: '*', repoUrl: server.url }
    await resolve(engine, ref)
    server.seen.length = 0
    await resolve(engine, ref)
    assert.deepEqual(server.seen, [], 'an answer counts for a while')
    clock.pass(61_000)
    assert.equal((await resolve(engine, ref))?.type, 'resolved')
    assert.deepEqual(
      server.seen.map(({ path, status }) => `${path} ${status}`),
      ['/index.yaml 304'],
    )
  })

  it('stay known when the index turns out empty, and are gone when it is another one', async () => {
    const clock = testClock()
    const server = await serve(serveCharts(nginx))
    const engine = world.engine({ clock })
    const ref = { name: 'nginx', version: '0.0.1', repoUrl: server.url }
    await resolve(engine, ref)
    server.answer = serveCharts(nginx, 'apiVersion: v1\nentries: {}\n')
    clock.pass(61_000)
    assert.equal((await resolve(engine, ref))?.type, 'resolved')
    server.answer = serveCharts([await pack('other', '1.0.0')])
    clock.pass(61_000)
    assert.match(problemOf(await resolve(engine, ref)), /no chart name found/)
  })

  it('are asked for once by all who need them at once', async () => {
    const server = await serve(serveCharts(nginx))
    const engine = world.engine()
    const ref = { name: 'nginx', version: '0.0.1', repoUrl: server.url }
    const need = { type: 'resolve' as const, ref }
    await Promise.all([engine.fulfil([need, need]), engine.fulfil([need])])
    assert.deepEqual(
      server.seen.map(({ path }) => path),
      ['/index.yaml', '/nginx-0.0.1.tgz'],
    )
  })

  const indexes = [
    { what: 'without apiVersion', text: 'entries: {}\n', problem: /index.yaml has no apiVersion/ },
    {
      what: 'that is no YAML',
      text: 'a: [\nsecret-of-another-service',
      problem: /index.yaml:\d+:\d+ cannot be read as YAML$/,
    },
    { what: 'that is a page', text: '<html>\n', problem: /index.yaml is no index of charts/ },
    { what: 'without the chart', text: 'apiVersion: v1\nentries: {}\n', problem: /no chart name found/ },
    {
      what: 'whose versions cannot be read',
      text: 'apiVersion: v1\nentries: {nginx: [{version: latest, urls: [a.tgz]}, {version: 1.0, urls: [a.tgz]}]}\n',
      problem: /no chart version found/,
    },
    {
      what: 'whose archive has no address',
      text: 'apiVersion: v1\nentries: {nginx: [{version: 0.0.1, urls: []}]}\n',
      problem: /failed to fetch chart .*names no address/,
    },
    {
      what: 'whose archive is on the disk of the daemon',
      text: 'apiVersion: v1\nentries: {nginx: [{version: 0.0.1, urls: ["file:///etc/passwd"]}]}\n',
      problem: /names file:\/\/\/etc\/passwd, which is no address of a web server/,
    },
  ]
  for (const { what, text, problem } of indexes)
    it(`say what is wrong with an index ${what}, and may be had later`, async () => {
      const server = await serve((_, response) => void response.end(text))
      const answer = await resolve(world.engine(), { name: 'nginx', version: '*', repoUrl: server.url })
      assert.match(problemOf(answer), problem)
      assert.equal(answer?.type === 'failed' && answer.isFinal, false)
    })

  it('take the first entry that can be read where others cannot', async () => {
    const index = `${indexOf(nginx)}`.replace(
      'entries:\n  nginx:\n',
      'entries:\n  nginx:\n    - 17\n    - {version: x}\n',
    )
    const server = await serve(serveCharts(nginx, index))
    const answer = await resolve(world.engine(), { name: 'nginx', version: '', repoUrl: server.url })
    assert.equal(answer?.type === 'resolved' && answer.version, '0.0.2', problemOf(answer))
  })

  it('are refused for good where their version or address can never be right', async () => {
    for (const [version, repoUrl, problem] of [
      ['latest', 'http://127.0.0.1:9', /the version is no constraint/],
      ['1.x', 'ftp://example.com', /expected https:/],
      ['1.x', '/srv/charts', /expected https:/],
      ['1.x', 'https://jo:secret@example.com', /a credential does not belong in Git/],
    ] as const) {
      const answer = await resolve(world.engine(), { name: 'nginx', version, repoUrl })
      assert.match(problemOf(answer), problem)
      assert.ok(answer?.type === 'failed' && answer.isFinal)
      assert.doesNotMatch(problemOf(answer).replace(/repo: "[^"]*"/, ''), /secret/)
    }
  })

  it('are tried again some time after a server could not be reached, each time later', async () => {
    const clock = testClock()
    const server = await serve((_, response) => void response.writeHead(503).end())
    const engine = world.engine({ clock })
    const ref = { name: 'nginx', version: '0.0.1', repoUrl: server.url }
    assert.equal(engine.due(), undefined)
    const waits: number[] = []
    for (let i = 0; i < 10; i++) {
      const answer = await resolve(engine, ref)
      assert.match(problemOf(answer), /index.yaml answered 503/)
      const wait = engine.due() ?? 0
      waits.push(wait)
      clock.pass(wait - 1)
      assert.notEqual(engine.known.resolve(ref), undefined)
      clock.pass(1)
      assert.equal(engine.known.resolve(ref), undefined)
      assert.equal(engine.due(), 0)
      assert.equal(engine.due(), undefined, 'it is told once')
    }
    assert.ok((waits[0] ?? 0) >= 2500 && (waits[0] ?? 0) <= 5000)
    assert.ok(waits.every((wait, i) => i === 0 || wait >= (waits[i - 1] ?? 0)))
    assert.ok((waits.at(-1) ?? 0) <= 600_000)
    server.answer = serveCharts(nginx)
    assert.equal((await resolve(engine, ref))?.type, 'resolved')
    assert.equal(engine.due(), undefined)
  })
})
