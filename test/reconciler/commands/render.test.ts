import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { clusters, federated, fleet, preference } from '../../render/helper.ts'
import { programArgs } from '../../testbed/program.ts'

const checkout = join(import.meta.dirname, '../../..')

/** What a run of the command line said. */
interface Ran {
  readonly exit: number
  readonly out: string
  readonly lines: readonly string[]
}

/** Runs the real command in a process of its own, as a person would. */
function flotilla(...args: readonly string[]): Promise<Ran> {
  return new Promise((done) => {
    execFile(process.execPath, [...programArgs(), ...args], { cwd: checkout }, (error, out, err) => {
      const code = error === null ? 0 : error.code
      done({ exit: typeof code === 'number' ? code : -1, out, lines: err.split('\n').filter((line) => line !== '') })
    })
  })
}

const everywhere = { clusterSelector: {} }
const good = {
  'flotilla.yaml': fleet,
  'clusters.yaml': clusters(['one', 'two']),
  'web.yaml': federated('ConfigMap', 'web', { template: { data: { a: 'b' } }, placement: everywhere }),
}
const broken = { ...good, 'bad.yaml': 'kind: [\n' }

describe('flotilla render and validate, as a process', function () {
  this.timeout(60_000)

  let root = ''
  const at = (path: string) => join(root, path)

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'flotilla-render-'))
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  async function put(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
    for (const [path, text] of Object.entries(files)) {
      const file = join(root, folder, path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text)
    }
    return join(root, folder)
  }

  /** All files of a folder with their bytes, by path. */
  async function bytesOf(folder: string): Promise<Record<string, string>> {
    const entries = await readdir(at(folder), { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    const texts = await Promise.all(files.sort().map(async (file) => [file, await readFile(file, 'base64')] as const))
    return Object.fromEntries(texts.map(([file, text]) => [file.slice(at(folder).length + 1), text]))
  }

  /** A render whose exit code is part of the preparation. */
  async function prepare(source: string, out: string, exit = 0): Promise<void> {
    const ran = await flotilla('render', '--source', source, '--out', out)
    assert.equal(ran.exit, exit, ran.lines.join('\n'))
  }

  it('a good source: exit 0, the tree as laid out, one closing sentence, nothing on stdout', async () => {
    const ran = await flotilla('render', '--source', await put('fleet', good), '--out', at('out'))
    assert.deepEqual({ ...ran, lines: ran.lines.length }, { exit: 0, out: '', lines: 1 })
    assert.match(ran.lines[0] ?? '', /^4 objects written to .*out: 0 errors, 0 warnings$/)
    assert.deepEqual(Object.keys(await bytesOf('out')), [
      'clusters/one/_cluster/Namespace/shop.yaml',
      'clusters/one/shop/ConfigMap/web.yaml',
      'clusters/two/_cluster/Namespace/shop.yaml',
      'clusters/two/shop/ConfigMap/web.yaml',
      'decisions/clusters/one.yaml',
      'decisions/clusters/two.yaml',
    ])
    assert.deepEqual((await readdir(at('out'))).sort(), ['clusters', 'decisions', 'rollouts'])
  })

  it('a source with errors: exit 1, the valid rest is written, messages sorted by place', async () => {
    const more = { 'z.yaml': 'a: 1\n', 'a.yaml': federated('ConfigMap', 'app', { placement: 'all' }), 'b.yaml': '}\n' }
    const ran = await flotilla('render', '--source', await put('fleet', { ...broken, ...more }), '--out', at('out'))
    assert.equal(ran.exit, 1)
    assert.equal(ran.out, '')
    const messages = ran.lines.slice(0, -1)
    for (const line of messages) assert.match(line, /^[^:]+:\d+:\d+: (error|warning): .+ \[[a-z-]+\]$/)
    assert.deepEqual(
      messages.map((line) => line.split(':')[0]),
      ['a.yaml', 'b.yaml', 'bad.yaml', 'z.yaml'],
    )
    assert.match(ran.lines.at(-1) ?? '', /3 errors, 1 warning$/)
    assert.ok((await bytesOf('out'))['clusters/one/shop/ConfigMap/web.yaml'])
  })

  it('warnings alone: exit 0', async () => {
    const lonely = { ...good, 'rsp.yaml': preference('nothing', { totalReplicas: 1 }) }
    const ran = await flotilla('render', '--source', await put('fleet', lonely), '--out', at('out'))
    assert.equal(ran.exit, 0)
    assert.match(ran.lines.at(-1) ?? '', /0 errors, 1 warning$/)
  })

  it('two renders give the same bytes, also on the tree before', async () => {
    const source = await put('fleet', good)
    await prepare(source, at('one'))
    await prepare(source, at('two'))
    assert.deepEqual(await bytesOf('two'), await bytesOf('one'))
    const ran = await flotilla('render', '--source', source, '--out', at('three'), '--previous', at('one'))
    assert.equal(ran.exit, 0)
    assert.deepEqual(await bytesOf('three'), await bytesOf('one'))
  })

  it('without --previous what is in error is not there; with it, it stays', async () => {
    const source = await put('fleet', good)
    await prepare(source, at('before'))
    await put('fleet', { 'web.yaml': 'kind: [\n' })
    const ran = await flotilla('render', '--source', source, '--out', at('after'), '--previous', at('before'))
    assert.equal(ran.exit, 1)
    assert.deepEqual(await bytesOf('after'), await bytesOf('before'))
    await prepare(source, at('first'), 1)
    assert.equal((await bytesOf('first'))['clusters/one/shop/ConfigMap/web.yaml'], undefined)
  })

  it('--previous may be --out itself', async () => {
    const source = await put('fleet', good)
    await prepare(source, at('out'))
    const before = await bytesOf('out')
    await put('fleet', { 'web.yaml': 'kind: [\n' })
    const ran = await flotilla('render', '--source', source, '--out', at('out'), '--previous', at('out'))
    assert.equal(ran.exit, 1)
    assert.deepEqual(await bytesOf('out'), before)
  })

  it('--out is replaced as a whole: what is not rendered any more is gone, and nothing lies beside', async () => {
    const source = await put('fleet', good)
    await prepare(source, at('out'))
    await put('fleet', { 'web.yaml': '' })
    await prepare(source, at('out'))
    assert.deepEqual(Object.keys(await bytesOf('out')), ['decisions/clusters/one.yaml', 'decisions/clusters/two.yaml'])
    assert.deepEqual((await readdir(root)).sort(), ['fleet', 'out'])
  })

  it('--out may be an empty folder, and one whose parents are not there', async () => {
    const source = await put('fleet', good)
    await mkdir(at('empty'))
    await prepare(source, at('empty'))
    await prepare(source, at('deep/er/out'))
    assert.deepEqual(await bytesOf('deep/er/out'), await bytesOf('empty'))
  })

  it('--out that holds anything else is left alone: exit 2', async () => {
    const source = await put('fleet', good)
    await put('out', { 'thesis.txt': 'years of work' })
    const ran = await flotilla('render', '--source', source, '--out', at('out'))
    assert.equal(ran.exit, 2)
    assert.match(ran.lines.at(-1) ?? '', /nothing was written: .*holds thesis.txt/)
    assert.deepEqual(Object.keys(await bytesOf('out')), ['thesis.txt'])
  })

  it('--out that is the source is left alone: exit 2', async () => {
    const source = await put('fleet', good)
    const ran = await flotilla('render', '--source', source, '--out', source)
    assert.equal(ran.exit, 2)
    assert.deepEqual(Object.keys(await bytesOf('fleet')).sort(), Object.keys(good).sort())
  })

  it('--out that lies in the source is not read as a part of it', async () => {
    const source = await put('fleet', good)
    const out = join(source, 'out')
    await prepare(source, out)
    const before = await bytesOf('fleet/out')
    const ran = await flotilla('render', '--source', source, '--out', out, '--previous', out)
    assert.equal(ran.exit, 0, ran.lines.join('\n'))
    assert.deepEqual(await bytesOf('fleet/out'), before)
  })

  it('--out that is a file is left alone: exit 2', async () => {
    const source = await put('fleet', good)
    await put('.', { out: 'a file' })
    const ran = await flotilla('render', '--source', source, '--out', at('out'))
    assert.equal(ran.exit, 2)
    assert.equal(await readFile(at('out'), 'utf8'), 'a file')
  })

  for (const [what, files] of [
    ['without a Fleet', { 'web.yaml': good['web.yaml'] }],
    ['with a Fleet that cannot be read', { ...good, 'flotilla.yaml': 'kind: [\n' }],
    ['with a Fleet in error', { ...good, 'flotilla.yaml': `${fleet}spec: {sync: {drift: Maybe}}\n` }],
    ['with two Fleets', { ...good, 'more.yaml': fleet }],
    ['with two clusters of one name', { ...good, 'more.yaml': clusters(['one']) }],
    ['with clusters that differ only in case', { ...good, 'more.yaml': clusters(['ONE']) }],
  ] as const) {
    it(`a source ${what}: exit 2, --out stays as it was`, async () => {
      await prepare(await put('before', good), at('out'))
      const bytes = await bytesOf('out')
      const ran = await flotilla('render', '--source', await put('fleet', files), '--out', at('out'))
      assert.equal(ran.exit, 2)
      assert.equal(ran.out, '')
      assert.ok(
        ran.lines.some((line) => /^[^:]+:\d+:\d+: error: /.test(line)),
        ran.lines.join('\n'),
      )
      assert.match(ran.lines.at(-1) ?? '', /^nothing was written: \d+ errors?/)
      assert.deepEqual(await bytesOf('out'), bytes)
    })
  }

  it('a source that is not there: exit 2, nothing is made', async () => {
    const ran = await flotilla('render', '--source', at('nowhere'), '--out', at('out'))
    assert.equal(ran.exit, 2)
    assert.match(ran.lines[0] ?? '', /^\.:1:1: error: the source cannot be listed/)
    assert.deepEqual(await readdir(root), [])
  })

  for (const [what, make] of [
    ['is not there', async () => at('nowhere')],
    ['is no generated tree', () => put('photos', { 'cat.txt': 'miau' })],
  ] as const) {
    it(`--previous that ${what}: exit 2, for it must not be taken for empty`, async () => {
      const source = await put('fleet', good)
      const ran = await flotilla('render', '--source', source, '--out', at('out'), '--previous', await make())
      assert.equal(ran.exit, 2)
      assert.match(ran.lines.at(-1) ?? '', /the previous tree cannot be read, and must not be taken for empty/)
      assert.equal((await readdir(root)).includes('out'), false)
    })
  }

  for (const [what, text, says] of [
    ['that is no JSON', '{', /is not JSON/],
    ['with a wrong value', '{"clusters": {"one": {"reachable": "maybe"}}}', /clusters\.one\.reachable/],
    [
      'with a negative count',
      '{"clusters": {"one": {"workloads": {"x": {"replicas": -1}}}}}',
      /workloads\.x\.replicas/,
    ],
    ['that is no object', '[]', /expected object/],
  ] as const) {
    it(`--observations ${what}: exit 2, the file and the place are named`, async () => {
      const source = await put('fleet', good)
      await put('.', { 'facts.json': text })
      const facts = at('facts.json')
      const ran = await flotilla('render', '--source', source, '--out', at('out'), '--observations', facts)
      assert.equal(ran.exit, 2)
      assert.ok(ran.lines.at(-1)?.includes('facts.json'), ran.lines.at(-1))
      assert.match(ran.lines.at(-1) ?? '', says)
      assert.equal((await readdir(root)).includes('out'), false)
    })
  }

  it('--observations that is not there: exit 2', async () => {
    const source = await put('fleet', good)
    const ran = await flotilla('render', '--source', source, '--out', at('out'), '--observations', at('no.json'))
    assert.equal(ran.exit, 2)
    assert.match(ran.lines.at(-1) ?? '', /the observations cannot be read/)
  })

  it('--observations that are empty, or speak of clusters and fields that nobody knows, change nothing', async () => {
    const source = await put('fleet', good)
    await prepare(source, at('plain'))
    for (const [i, facts] of [{}, { clusters: {} }, { clusters: { three: { reachable: false } }, more: 1 }].entries()) {
      await put('.', { 'facts.json': JSON.stringify(facts) })
      const args = ['--source', source, '--out', at(`out${i}`), '--observations', at('facts.json')]
      assert.equal((await flotilla('render', ...args)).exit, 0)
      assert.deepEqual(await bytesOf(`out${i}`), await bytesOf('plain'))
    }
  })

  it('--observations decide: a lost cluster keeps its folder, its replicas go to the other', async () => {
    const web = federated('Deployment', 'web', { template: { spec: {} } })
    const source = await put('fleet', { ...good, 'web.yaml': web, 'p.yaml': preference('web', { totalReplicas: 4 }) })
    await prepare(source, at('before'))
    const running = { 'Deployment.apps/shop/web': { replicas: 2, readyReplicas: 2 } }
    const facts = { clusters: { one: { reachable: false }, two: { reachable: true, workloads: running } } }
    await put('.', { 'facts.json': JSON.stringify(facts) })
    const args = [
      '--source',
      source,
      '--out',
      at('after'),
      '--previous',
      at('before'),
      '--observations',
      at('facts.json'),
    ]
    assert.equal((await flotilla('render', ...args)).exit, 0)
    const read = (tree: string, cluster: string) =>
      readFile(at(`${tree}/clusters/${cluster}/shop/Deployment.apps/web.yaml`), 'utf8')
    assert.equal(await read('after', 'one'), await read('before', 'one'))
    assert.match(await read('after', 'two'), /^ {2}replicas: 4$/m)
  })

  it('a control character in the source cannot steer the terminal', async () => {
    const evil = federated('ConfigMap', 'web', { template: {}, placement: { clusters: [{ name: 'one\u001b[2J\nx' }] } })
    const ran = await flotilla(
      'render',
      '--source',
      await put('fleet', { ...good, 'web.yaml': evil }),
      '--out',
      at('out'),
    )
    assert.equal(ran.lines.length, 2)
    assert.ok(ran.lines[0]?.includes('one\\u001b[2J\\nx'), ran.lines[0])
  })

  it('--charts changes no byte of a fleet without applications, even where there is no such folder', async () => {
    const source = await put('source', good)
    await flotilla('render', '--source', source, '--out', at('plain'))
    const { exit, lines } = await flotilla('render', '--source', source, '--out', at('out'), '--charts', at('charts'))
    assert.equal(exit, 0)
    assert.deepEqual(lines.slice(0, -1), [])
    assert.deepEqual(await bytesOf('out'), await bytesOf('plain'))
  })

  it('a missing or unknown option: exit 2', async () => {
    assert.equal((await flotilla('render', '--source', root)).exit, 2)
    assert.equal((await flotilla('render', '--source', root, '--out', at('out'), '--colour')).exit, 2)
    assert.equal((await flotilla('validate')).exit, 2)
  })

  it('validate says what render says, writes nothing, and exits alike', async () => {
    for (const [files, exit] of [
      [good, 0],
      [broken, 1],
      [{ 'web.yaml': good['web.yaml'] }, 2],
    ] as const) {
      const source = await put(`fleet${exit}`, files)
      const before = (await readdir(root)).sort()
      const validated = await flotilla('validate', '--source', source)
      assert.deepEqual((await readdir(root)).sort(), before)
      assert.equal(validated.exit, exit)
      assert.equal(validated.out, '')
      const rendered = await flotilla('render', '--source', source, '--out', at(`out${exit}`))
      assert.equal(rendered.exit, exit)
      assert.deepEqual(validated.lines.slice(0, -1), rendered.lines.slice(0, -1))
    }
  })
})
