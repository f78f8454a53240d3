import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import fc from 'fast-check'
import { formatGenerated, sourceOfGenerated } from '../../repo-layout/generated/file.ts'
import { readGeneratedFolder, writeGeneratedFolder } from '../../repo-layout/generated/folder.ts'
import { blobOid, treeDigest } from '../../repo-layout/generated/oid.ts'
import { clusterOfPath, encodeName, objectPath } from '../../repo-layout/generated/path.ts'
import { parseYaml } from '../../repo-layout/yaml/parse.ts'

const odd = fc.constantFrom(
  'a',
  'A',
  '.',
  '..',
  '/',
  '\\',
  '%',
  ':',
  '-',
  '_',
  '\n',
  '\u2028',
  'é',
  '😀',
  'con',
  'nul',
  ' ',
  '~',
)
const name = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.array(odd, { minLength: 1, maxLength: 300 }).map((parts) => parts.join('')),
)

describe('the first line of a generated file', () => {
  it('names its source file, whatever the path holds, and adds nothing to the YAML', () => {
    fc.assert(
      fc.property(name, (path) => {
        const { text, oid } = formatGenerated(path, { a: 'b' })
        assert.equal(sourceOfGenerated(text), path)
        assert.equal(oid, blobOid(text))
        assert.doesNotMatch(text.slice(0, text.indexOf('\n')), /[\p{Cc}\p{Zl}\p{Zp}\ufeff]/u)
        const parsed = parseYaml(text)
        assert.deepEqual(parsed.type === 'documents' && parsed.documents.map(({ value }) => value), [{ a: 'b' }])
      }),
    )
  })

  it('is missing where a file was written by hand', () => {
    assert.equal(sourceOfGenerated('a: b\n'), undefined)
    assert.equal(sourceOfGenerated('# 100% by hand %zz\na: b\n'), '100% by hand %zz')
  })
})

describe('paths of the generated tree', () => {
  for (const [object, path] of [
    [
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' } },
      'clusters/eu-1/shop/Deployment.apps/web.yaml',
    ],
    [
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'shop' } },
      'clusters/eu-1/shop/Service/web.yaml',
    ],
    [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }, 'clusters/eu-1/_cluster/Namespace/shop.yaml'],
    [
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'system:View' } },
      'clusters/eu-1/_cluster/ClusterRole.rbac.authorization.k8s.io/system%3A%56iew.yaml',
    ],
    [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'con.fig', namespace: 'nul' } },
      'clusters/eu-1/%6Eul/ConfigMap/%63on.fig.yaml',
    ],
  ] as const) {
    it(`${object.kind} ${object.metadata.name} is at ${path}`, () => {
      assert.equal(objectPath('eu-1', object), path)
      assert.equal(clusterOfPath(path), 'eu-1')
    })
  }

  it('a file name never leads out of its folder, fits every disk, and is one that Windows takes', () => {
    fc.assert(
      fc.property(name, (one) => {
        const file = `${encodeName(one)}.yaml`
        assert.equal(posix.basename(file), file)
        assert.equal(posix.normalize(`x/${file}`), `x/${file}`)
        assert.ok(file.length <= 255)
        assert.match(file, /^[A-F0-9a-z._%-]+$/)
        assert.doesNotMatch(file, /^(con|prn|aux|nul|com\d|lpt\d)\./)
      }),
    )
  })

  it('two names are two files, also on a disk that folds case', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        fc.pre(a !== b)
        assert.notEqual(encodeName(a).toLowerCase(), encodeName(b).toLowerCase())
      }),
    )
    for (const [a, b] of [
      ['a', 'A'],
      ['con', '%63on'],
      ['a.', 'a%2E'],
      ['x'.repeat(300), 'x'.repeat(301)],
    ] as const) {
      assert.notEqual(encodeName(a).toLowerCase(), encodeName(b).toLowerCase())
    }
  })
})

describe('ids', () => {
  it('a blob has the id that Git gives it', () => {
    assert.equal(blobOid(''), 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391')
    assert.equal(blobOid('hello\n'), 'ce013625030ba8dba906f756967f9e9ca394464a')
    assert.equal(blobOid('é'), blobOid(Buffer.from('é')))
  })

  it('the digest of a folder depends on its paths and contents, not on their order', () => {
    const files = [
      ['a', '1'],
      ['b', '2'],
    ] as const
    assert.equal(treeDigest(files), treeDigest([...files].reverse()))
    assert.notEqual(
      treeDigest(files),
      treeDigest([
        ['a', '2'],
        ['b', '1'],
      ]),
    )
    assert.match(treeDigest([]), /^sha256:[0-9a-f]{64}$/)
  })
})

describe('a generated tree in a folder', () => {
  let parent: string
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'flotilla-generated-'))
  })
  afterEach(() => rmSync(parent, { recursive: true, force: true }))

  const files = (texts: Record<string, string | undefined>) =>
    Object.entries(texts).map(([path, text]) => [path, text === undefined ? {} : { text }] as const)

  it('is read back as it was written, with the ids of its files', async () => {
    const root = join(parent, 'deep', 'tree')
    await writeGeneratedFolder(
      root,
      files({ 'clusters/a/x/ConfigMap/é.yaml': 'é\n', 'decisions/d.yaml': 'd\n' }),
      undefined,
    )
    const { files: oids, texts } = await readGeneratedFolder(root)
    assert.deepEqual(Object.fromEntries(texts), { 'clusters/a/x/ConfigMap/é.yaml': 'é\n', 'decisions/d.yaml': 'd\n' })
    assert.equal(oids.get('decisions/d.yaml'), blobOid('d\n'))
    assert.deepEqual(readdirSync(root).sort(), ['clusters', 'decisions', 'rollouts'])
  })

  it('replaces the tree before as a whole; a file without a text is what it was', async () => {
    const root = join(parent, 'tree')
    await writeGeneratedFolder(root, files({ 'clusters/a/1.yaml': 'one\n', 'clusters/a/2.yaml': 'two\n' }), undefined)
    const previous = await readGeneratedFolder(root)
    await writeGeneratedFolder(
      root,
      files({ 'clusters/a/2.yaml': undefined, 'clusters/b/3.yaml': 'three\n' }),
      previous,
    )
    const { texts } = await readGeneratedFolder(root)
    assert.deepEqual(Object.fromEntries(texts), { 'clusters/a/2.yaml': 'two\n', 'clusters/b/3.yaml': 'three\n' })
    assert.deepEqual(readdirSync(parent), ['tree'])
    assert.equal(statSync(root).mode & 0o777, 0o777 & ~process.umask())
  })

  it('stays what it was where it cannot be written, and nothing is left beside it', async () => {
    const root = join(parent, 'tree')
    await writeGeneratedFolder(root, files({ 'clusters/a/1.yaml': 'one\n' }), undefined)
    const failing = files({ 'clusters/a/2.yaml': 'two\n', 'clusters/a/gone.yaml': undefined })
    await assert.rejects(writeGeneratedFolder(root, failing, await readGeneratedFolder(root)))
    assert.deepEqual(Object.fromEntries((await readGeneratedFolder(root)).texts), { 'clusters/a/1.yaml': 'one\n' })
    assert.deepEqual(readdirSync(parent), ['tree'])
  })

  it('a folder that holds anything else is neither read nor replaced', async () => {
    const root = join(parent, 'home')
    mkdirSync(root)
    writeFileSync(join(root, 'thesis.txt'), 'mine')
    await assert.rejects(writeGeneratedFolder(root, files({ 'clusters/a/1.yaml': '' }), undefined), /holds thesis\.txt/)
    await assert.rejects(readGeneratedFolder(root), /is no generated tree/)
    assert.deepEqual(readdirSync(root), ['thesis.txt'])
  })

  it('a folder that is not there is an error, never an empty tree', async () => {
    await assert.rejects(readGeneratedFolder(join(parent, 'nowhere')), /ENOENT/)
  })
})
