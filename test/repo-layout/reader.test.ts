import assert from 'node:assert/strict'
import fc from 'fast-check'
import { compareMessages, formatMessage } from '../../repo-layout/message.ts'
import type { FleetReading } from '../../repo-layout/read/assemble.ts'
import { createFleetReader } from '../../repo-layout/read/reader.ts'
import { memoryTree } from './memory-tree.ts'
import { usualFiles, validateFiles } from './validate.ts'

const configMap = (name: string, data = 'b') =>
  `apiVersion: types.kubefed.io/v1beta1\nkind: FederatedConfigMap\nmetadata: {name: ${name}, namespace: shop}\nspec: {template: {data: {a: ${data}}}, placement: {clusters: [{name: one}]}}\n`

const linesOf = ({ messages }: FleetReading) => [...messages].sort(compareMessages).map(formatMessage)

/** What a reading gives, without the functions that find places. */
const contentOf = ({ source }: FleetReading) =>
  source && {
    clusters: source.clusters,
    federated: source.federated.map(({ document, value }) => ({ path: document.path, value })),
    preferences: source.preferences.map(({ value }) => value),
  }

describe('reading a fleet again', () => {
  const files = { ...usualFiles, 'a.yaml': configMap('a'), 'b.yaml': configMap('b'), 'broken.yaml': 'a: [' }

  it('reads only files whose content is new, and says the same of all', async () => {
    const reader = createFleetReader()
    const first = memoryTree(files)
    const before = await reader.read(first)
    assert.deepEqual([...first.reads].sort(), Object.keys(files).sort())

    const same = memoryTree(files)
    assert.deepEqual(linesOf(await reader.read(same)), linesOf(before))
    assert.deepEqual(same.reads, [])

    const changed = memoryTree({ ...files, 'b.yaml': configMap('b', 'c') })
    const after = await reader.read(changed)
    assert.deepEqual(changed.reads, ['b.yaml'])
    assert.deepEqual(contentOf(after)?.federated[1]?.value.spec?.template, { data: { a: 'c' } })
    assert.equal(after.source?.federated[0]?.value, before.source?.federated[0]?.value)
  })

  it('forgets what left the tree', async () => {
    const reader = createFleetReader()
    await reader.read(memoryTree(files))
    const { 'a.yaml': _, ...rest } = files
    assert.deepEqual(
      contentOf(await reader.read(memoryTree(rest)))?.federated.map(({ path }) => path),
      ['b.yaml'],
    )
    const back = memoryTree(files)
    await reader.read(back)
    assert.deepEqual(back.reads, ['a.yaml'])
  })

  it('tries a file again that could not be read, and takes nothing of it for gone', async () => {
    const reader = createFleetReader()
    const tree = memoryTree(files)
    const failing = {
      ...tree,
      read: (entry: { path: string }) =>
        entry.path === 'a.yaml'
          ? Promise.reject(new Error('disk on fire'))
          : tree.read({ ...entry, oid: '', type: 'file' }),
    }
    const reading = await reader.read(failing)
    assert.ok(linesOf(reading).includes('a.yaml:1:1: error: the file cannot be read: disk on fire [tree-unreadable]'))
    assert.ok(reading.source?.holds.files.has('a.yaml'))
    assert.equal(contentOf(await reader.read(tree))?.federated.length, 2)
  })

  it('gives no fleet, and says why, where the tree cannot be listed', async () => {
    const tree = { ...memoryTree({}), list: () => Promise.reject(new Error('no such commit')) }
    const reading = await createFleetReader().read(tree)
    assert.equal(reading.source, undefined)
    assert.deepEqual(linesOf(reading), ['.:1:1: error: the source cannot be listed: no such commit [tree-unreadable]'])
  })
})

describe('reading a fleet: rules that hold for every source', () => {
  const document = fc.constantFrom(
    configMap('a'),
    configMap('b'),
    configMap('Upper'),
    'apiVersion: types.kubefed.io/v1beta1\nkind: FederatedConfigMap\nmetadata: {name: c}\nspec: {placment: {}}\n',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\n',
    'apiVersion: flotilla.dev/v1alpha1\nkind: Cluster\nmetadata: {name: three}\nspec: {aply: Push}\n',
    'apiVersion: scheduling.kubefed.io/v1alpha1\nkind: ReplicaSchedulingPreference\nmetadata: {name: a}\nspec: {targetKind: x, totalReplicas: -1}\n',
    'not: ours\n',
  )
  const broken = fc.constantFrom(
    'a: [',
    'a: 1\na: 2',
    'a: *b',
    'a: 12345678901234567890',
    '\u0000',
    'kind: FederatedConfigMap',
    Buffer.from([0x61, 0xff]),
    '[]'.padEnd(9 * 1024 * 1024),
  )
  const sources = fc
    .uniqueArray(document, { maxLength: 8 })
    .map((documents) => Object.fromEntries(documents.map((text, i) => [`${i % 3}/${i}.yaml`, text])))

  it('the order in which files are listed changes no message and no content', async () => {
    await fc.assert(
      fc.asyncProperty(sources, fc.integer(), async (files, seed) => {
        const all = { ...usualFiles, ...files }
        const one = await createFleetReader().read(memoryTree(all))
        const other = await createFleetReader().read(memoryTree(all, (paths) => shuffle(paths, seed)))
        assert.deepEqual(linesOf(other), linesOf(one))
        assert.deepEqual(contentOf(other), contentOf(one))
      }),
      { numRuns: 50 },
    )
  })

  it('a file that cannot be read changes nothing of what others say', async () => {
    await fc.assert(
      fc.asyncProperty(sources, broken, async (files, bad) => {
        const all = { ...usualFiles, ...files }
        const without = await createFleetReader().read(memoryTree(all))
        const reading = await createFleetReader().read(memoryTree({ ...all, 'bad.yaml': bad }))
        assert.deepEqual(contentOf(reading), contentOf(without))
        const others = linesOf(reading).filter((line) => !line.startsWith('bad.yaml:'))
        assert.deepEqual(others, linesOf(without))
        assert.equal(linesOf(reading).length, others.length + 1)
      }),
      { numRuns: 50 },
    )
  })

  it('every message points into its file', async () => {
    await fc.assert(
      fc.asyncProperty(sources, async (files) => {
        const { messages } = await createFleetReader().read(memoryTree({ ...usualFiles, ...files }))
        for (const { path, line, column } of messages) {
          const lines = String(files[path] ?? '').split('\n')
          assert.ok(line >= 1 && line <= lines.length, `${path}:${line}`)
          assert.ok(column >= 1 && column <= (lines[line - 1]?.length ?? 0) + 1, `${path}:${line}:${column}`)
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe('files that are no text of a sensible size', () => {
  const say = async (content: string | Uint8Array) => (await validateFiles(new Map([['x.yaml', content]]))).lines

  it('a file of 10 MB is an error, and not read', async () => {
    assert.deepEqual(await say(Buffer.alloc(10_000_000, 'a: b\n')), [
      'x.yaml:1:1: error: the file is larger than 8 MiB; split it [file-too-large]',
    ])
  })

  it('a file of nothing but line ends is an error: each takes its time', async () => {
    assert.deepEqual(await say('\n'.repeat(500_000)), [
      'x.yaml:1:1: error: the file has more than 400,000 lines; split it [file-too-large]',
    ])
  })

  for (const [what, bytes, place] of [
    ['Latin-1', Buffer.from('a: b\nc: é\n', 'latin1'), '2:4'],
    ['UTF-16 with its mark', Buffer.from('\ufeffa: b\n', 'utf16le'), '1:1'],
    ['a sign that is cut off', Buffer.from('ä: 1\nb: ü').subarray(0, -1), '2:4'],
    ['half a surrogate pair', Buffer.from([0x61, 0x3a, 0x20, 0xed, 0xa0, 0x80]), '1:4'],
    ['a bad byte behind a replacement sign', Buffer.concat([Buffer.from('a: \ufffd'), Buffer.from([0xff])]), '1:5'],
    ['eight megabytes in one line', Buffer.concat([Buffer.alloc(8_000_000, 'a'), Buffer.from([0xff])]), '1:8000001'],
  ] as const) {
    it(`${what} is an error at the first byte that is no UTF-8`, async () => {
      assert.deepEqual(await say(bytes), [
        `x.yaml:${place}: error: the file is not UTF-8; save it as UTF-8 [file-encoding]`,
      ])
    })
  }

  it('UTF-16 without its mark is an error', async () => {
    assert.deepEqual(await say(Buffer.from('a: b\n', 'utf16le')), [
      'x.yaml:1:2: error: the control character U+0000 is not allowed in YAML; write it as an escape in double quotes [yaml-syntax]',
    ])
  })

  it('Windows line ends change neither values nor places', async () => {
    const text = configMap('a').replace('spec:', 'spc:')
    assert.deepEqual(await say(text.replaceAll('\n', '\r\n')), await say(text))
    const block =
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: types.kubefed.io/v1beta1\n  kind: FederatedConfigMap\n  metadata: {name: a}\n  spec:\n    template:\n      data:\n        a: |\n          x\n          y\n'
    const reading = await createFleetReader().read(
      memoryTree({ ...usualFiles, 'a.yaml': block.replaceAll('\n', '\r\n') }),
    )
    assert.deepEqual(contentOf(reading)?.federated[0]?.value.spec?.template, { data: { a: 'x\ny\n' } })
  })
})

function shuffle(items: string[], seed: number): string[] {
  let state = seed >>> 0
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state
  }
  return items
    .map((item) => ({ item, key: next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
}
