import assert from 'node:assert/strict'
import type { Repository } from '../../../reconciler/git/types.ts'
import { mergeHead } from '../../../reconciler/pulls/merge.ts'
import { type Fleet, startFleet } from '../git/fleet.ts'

/** What one side writes; undefined removes. */
type Files = Readonly<Record<string, string | undefined>>

interface Case {
  readonly name: string
  readonly base: Files
  readonly ours: Files
  readonly theirs: Files
}

const lines = (...numbers: readonly (string | number)[]) => `${numbers.join('\n')}\n`
const ten = lines(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)

const cases: readonly Case[] = [
  { name: 'different files', base: { a: '1', b: '1' }, ours: { a: '2' }, theirs: { b: '2' } },
  { name: 'the same change on both sides', base: { a: '1' }, ours: { a: '2' }, theirs: { a: '2' } },
  { name: 'a file that goes on one side', base: { a: '1', b: '1' }, ours: { b: '2' }, theirs: { a: undefined } },
  { name: 'a file that goes on both', base: { a: '1', b: '1' }, ours: { a: undefined }, theirs: { a: undefined } },
  {
    name: 'a file changed here and gone there',
    base: { a: ten },
    ours: { a: lines('x', 2, 3) },
    theirs: { a: undefined },
  },
  {
    name: 'a file gone here and changed there',
    base: { a: ten, b: '' },
    ours: { a: undefined },
    theirs: { a: lines('y') },
  },
  { name: 'a new file on both sides, equal', base: { b: '1' }, ours: { a: '1' }, theirs: { a: '1' } },
  { name: 'a new file on both sides, not equal', base: { b: '1' }, ours: { a: '1\n' }, theirs: { a: '2\n' } },
  {
    name: 'lines far apart in one file',
    base: { 'deep/a.yaml': ten },
    ours: { 'deep/a.yaml': ten.replace('2\n', 'two\n') },
    theirs: { 'deep/a.yaml': ten.replace('9\n', 'nine\n') },
  },
  { name: 'the same line', base: { a: ten }, ours: { a: ten.replace('5', 'x') }, theirs: { a: ten.replace('5', 'y') } },
  {
    name: 'a file without a last line end',
    base: { a: `${ten}11` },
    ours: { a: `0\n${ten}11` },
    theirs: { a: `${ten}12` },
  },
  {
    name: 'a file with other line ends',
    base: { a: ten },
    ours: { a: ten.replaceAll('\n', '\r\n') },
    theirs: { b: '1' },
  },
  { name: 'binary content on both sides', base: { a: '\0\x01' }, ours: { a: '\0\x02' }, theirs: { a: '\0\x03' } },
  { name: 'a file here, a folder there', base: { b: '1' }, ours: { a: '1' }, theirs: { 'a/x': '1' } },
]

describe('merging a head onto the base in memory', function () {
  this.timeout(60_000)
  let fleet: Fleet
  let repository: Repository
  let made = 0
  before(async () => {
    fleet = await startFleet()
    repository = await fleet.open()
  })
  after(() => fleet.stop())

  async function sides({ base, ours, theirs }: Omit<Case, 'name'>) {
    const { people } = fleet
    const write = (files: Files) => {
      for (const [path, text] of Object.entries(files))
        if (text === undefined) people.remove(path)
        else people.write(path, text)
    }
    const branch = `change-${++made}`
    for (const path of ['a', 'b', 'deep']) people.remove(path)
    write(base)
    await people.commit('Base')
    await people.git('checkout', '-q', '-b', branch)
    write(theirs)
    const head = await people.commit('Theirs')
    await people.git('push', '-q', 'origin', branch)
    await people.git('checkout', '-q', 'main')
    write(ours)
    const tip = await people.commit('Ours')
    await people.push()
    await repository.fetch()
    return { head, tip, branch }
  }

  /** What Git itself makes of it: the files, or undefined where it conflicts. */
  async function byGit(tip: string, head: string): Promise<Map<string, string> | undefined> {
    const { people } = fleet
    await people.git('checkout', '-q', tip)
    try {
      await people.git('merge', '-q', '-Xno-renames', '-m', 'Merge', head)
      const listed = (await people.git('ls-tree', '-r', 'HEAD')).split('\n')
      return new Map(listed.map((line) => [line.split('\t')[1] ?? '', line.split(/\s/)[2] ?? '']))
    } catch {
      await people.git('merge', '--abort').catch(() => people.git('reset', '-q', '--hard'))
      return undefined
    } finally {
      await people.git('checkout', '-q', '-f', 'main')
      await people.git('clean', '-fdq')
    }
  }

  for (const one of cases)
    it(`gives what Git gives: ${one.name}`, async () => {
      const { head, tip } = await sides(one)
      const merged = await mergeHead(repository, tip, head)
      const expected = await byGit(tip, head)
      if (!expected) return assert.equal(merged.type, 'conflict')
      assert(merged.type === 'merged', JSON.stringify(merged))
      const entries = await merged.tree.list()
      assert.deepEqual(
        new Map([...entries].map(({ path, oid }) => [path, oid] as const).sort()),
        new Map([...expected].sort()),
      )
      for (const entry of entries) assert((await merged.tree.read(entry)).length >= 0)
    })

  it('names each file of a conflict', async () => {
    const { head, tip } = await sides({
      base: { a: '1', b: '1' },
      ours: { a: '2', b: '2' },
      theirs: { a: '3', b: '3' },
    })
    assert.deepEqual(await mergeHead(repository, tip, head), { type: 'conflict', paths: ['a', 'b'] })
  })

  it('reads nothing of a head that brings too much', async () => {
    const { head, tip } = await sides({
      base: { b: '1' },
      ours: { b: '2' },
      theirs: { a: 'x'.repeat(2000), 'deep/a': '1' },
    })
    const files = await mergeHead(repository, tip, head, { files: 1, bytes: 1e6, mergedFile: 1e6 })
    assert.deepEqual(files, { type: 'refused', text: 'it changes 2 files, more than 1' })
    const bytes = await mergeHead(repository, tip, head, { files: 10, bytes: 1000, mergedFile: 1e6 })
    assert.equal(bytes.type, 'refused')
  })

  it('says of a head that shares no history that it does not', async () => {
    const { people } = fleet
    await people.git('checkout', '-q', '--orphan', 'alone')
    const head = await people.commit('Begin anew')
    await people.git('push', '-q', 'origin', 'alone')
    await people.git('checkout', '-q', '-f', 'main')
    const { source = '' } = await repository.fetch()
    assert.equal((await mergeHead(repository, source, head)).type, 'refused')
  })

  it('finds the base also far back in a shallow clone, and after the head took main in', async () => {
    const { people } = fleet
    people.write('a', ten)
    await people.commit('Ten lines')
    await people.git('checkout', '-q', '-b', 'long')
    people.write('deep/a', '1')
    await people.commit('First of many')
    await people.git('checkout', '-q', 'main')
    for (let i = 0; i < 60; i++) {
      people.write('b', `${i}`)
      await people.commit(`Step ${i}`)
    }
    await people.push()
    await people.git('checkout', '-q', 'long')
    await people.git('merge', '-q', '-m', 'Take main in', 'main~10')
    const head = await people.git('rev-parse', 'HEAD')
    await people.git('push', '-q', 'origin', 'long')
    await people.git('checkout', '-q', 'main')
    const base = await people.git('rev-parse', 'main~10')
    const fresh = await fleet.open()
    const { source = '' } = await fresh.fetch()
    assert.equal(await fresh.mergeBase(head, source), base)
    const merged = await mergeHead(fresh, source, head)
    assert(merged.type === 'merged')
    const found = (await merged.tree.list()).find(({ path }) => path === 'b')
    assert.equal(Buffer.from(await merged.tree.read(found ?? { path: '', oid: '', type: 'file' })).toString(), '59')
  })
})
