import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import fc from 'fast-check'
import { decodeTree, encodeTree, objectOid } from '../../../reconciler/git/object.ts'
import { createTreeBuilder } from '../../../reconciler/git/tree-builder.ts'
import { blobOid } from '../../../repo-layout/generated/oid.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { gitEnvironment } from '../../testbed/work-tree.ts'
import { gitIn, temporaryFolder } from './fleet.ts'

const name = fc
  .oneof(
    fc.constantFrom('a', 'a.b', 'a-b', 'a0', 'ab', 'b', 'Z', '_cluster', 'é', '\ufb01', '😀'),
    fc.string({ minLength: 1, maxLength: 5, unit: fc.constantFrom(...'ab.-_0%~ ') }),
  )
  .filter((text) => text !== '.' && text !== '..')
const filePaths = fc
  .uniqueArray(
    fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
    { maxLength: 30 },
  )
  .map((paths) => paths.filter((path) => !paths.some((other) => other.startsWith(`${path}/`))))

describeReal('a tree built in memory', ['git'], () => {
  let folder = ''
  before(() => {
    folder = temporaryFolder()
    gitIn(folder, 'init', '--quiet', '--bare')
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('has the id that native Git gives it, whatever the files and their order', () => {
    const builder = createTreeBuilder()
    fc.assert(
      fc.property(filePaths, (paths) => {
        const files = new Map(paths.map((path) => [path, { oid: blobOid(path) }]))

        assert.equal(builder.build(files).oid, nativeTree(folder, files))
      }),
      { numRuns: 25, seed: 7 },
    )
  })

  it('does not depend on what was built before', () => {
    fc.assert(
      fc.property(fc.array(filePaths, { minLength: 2, maxLength: 5 }), fc.array(fc.nat(3)), (sets, contents) => {
        const builder = createTreeBuilder()
        for (const [index, paths] of sets.entries()) {
          const files = new Map(paths.map((path) => [path, { oid: blobOid(String(contents[index] ?? 0)) }]))
          const built = builder.build(files)

          assert.equal(built.oid, createTreeBuilder().build(files).oid)
          for (const { oid, content } of built.trees) assert.equal(objectOid('tree', content()), oid)
        }
      }),
      { seed: 7 },
    )
  })

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.array(name), (names) => {
        const lines = names.map((text) => ({ mode: '100644', name: text, oid: blobOid(text) }))

        assert.deepEqual(decodeTree(encodeTree(lines)), lines)
      }),
      { seed: 7 },
    )
  })

  it('refuses what Git cannot hold', () => {
    for (const paths of [['a//b'], ['/a'], ['a/'], ['../a'], ['a/.git/b'], ['a', 'a/b'], ['']]) {
      const files = new Map(paths.map((path) => [path, { oid: blobOid('') }]))
      assert.throws(() => createTreeBuilder().build(files), { code: 'config' }, paths.join())
    }
  })

  it('of 100,000 files is built again fast when one changes', () => {
    const builder = createTreeBuilder()
    const files = new Map<string, { oid: string }>()
    for (let number = 0; number < 100_000; number++) {
      files.set(`clusters/c${number % 1000}/ns/ConfigMap/x${number}.yaml`, { oid: blobOid(String(number % 100)) })
    }
    const before = builder.build(files).oid
    files.set('clusters/c0/ns/ConfigMap/x0.yaml', { oid: blobOid('changed') })

    const started = performance.now()
    const after = builder.build(files).oid
    const took = performance.now() - started

    assert.notEqual(after, before)
    assert.ok(took < 2000, `${took} ms`)
  })
})

function nativeTree(folder: string, files: ReadonlyMap<string, { readonly oid: string }>): string {
  const env = { ...gitEnvironment(), GIT_INDEX_FILE: `${folder}/index-of-test` }
  rmSync(env.GIT_INDEX_FILE, { force: true })
  const input = [...files].map(([path, { oid }]) => `100644 ${oid}\t${path}\0`).join('')
  execFileSync('git', ['update-index', '-z', '--index-info'], { cwd: folder, env, input })
  return execFileSync('git', ['write-tree', '--missing-ok'], { cwd: folder, env, encoding: 'utf8' }).trim()
}
