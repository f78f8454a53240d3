import assert from 'node:assert/strict'
import { clustersInForce } from '../../../reconciler/cycle/inventory.ts'
import { judgeRemovals } from '../../../reconciler/cycle/removals.ts'
import { formatClusterRecord } from '../../../render/clusters.ts'
import { clusters, fleet, renderSources } from '../../render/helper.ts'
import { readSource } from './support.ts'

const nothing = async () => new Set<string>()

describe('clusters that left the inventory', () => {
  for (const [left, names, isHeld] of [
    ['none', ['a', 'b', 'c'], false],
    ['as many as the budget allows', ['a', 'b'], false],
    ['more', ['a'], true],
  ] as const)
    it(`are ${isHeld ? 'held' : 'let go'}: ${left}`, async () => {
      const source = await readSource({ 'flotilla.yaml': fleet, 'clusters.yaml': clusters(names) })

      const judged = await judgeRemovals(source, await recordsOf(['a', 'b', 'c']), nothing)

      assert.equal(judged.problem !== '', isHeld)
      const held = ['a', 'b', 'c'].filter((name) => judged.source.holds.clusters.has(name))
      assert.deepEqual(held, isHeld ? ['b', 'c'] : [])
    })

  it('are let go by the digest that the problem names, and by no other', async () => {
    const source = await readSource({ 'flotilla.yaml': fleet, 'clusters.yaml': clusters(['a']) })
    const records = await recordsOf(['a', 'b', 'c'])
    const { problem } = await judgeRemovals(source, records, nothing)
    const digest = /Flotilla-Allow-Delete: ([0-9a-f]{12})$/.exec(problem)?.[1] ?? ''
    assert.equal(
      problem,
      `b, c left the inventory, more than 1 cluster at a time, and are kept as before; to let go, push a commit with the trailer Flotilla-Allow-Delete: ${digest}`,
    )

    const allowed = await judgeRemovals(source, records, async () => new Set([digest]))
    assert.deepEqual(allowed, { source, problem: '' })
    const more = await judgeRemovals(source, await recordsOf(['a', 'b', 'c', 'd']), async () => new Set([digest]))
    assert.match(more.problem, /^b, c, d left/)
  })

  it('do not count where they may stand in a file that cannot be read', async () => {
    const source = await readSource({ 'flotilla.yaml': fleet, 'clusters.yaml': 'kind: [\n' })

    assert.equal((await judgeRemovals(source, await recordsOf(['a', 'b', 'c']), nothing)).problem, '')
  })

  it('do not count while they are leaving already, or where their document is in error', async () => {
    const broken = 'apiVersion: flotilla.dev/v1alpha1\nkind: Cluster\nmetadata: {name: b}\nspec: {zones: 1}\n'
    const source = await readSource({ 'flotilla.yaml': fleet, 'clusters.yaml': clusters(['a']), 'b.yaml': broken })
    const records = new Map(await recordsOf(['a', 'b', 'd']))
    const [c] = (await readSource({ 'flotilla.yaml': fleet, 'clusters.yaml': clusters(['c']) })).clusters
    assert.ok(c)
    records.set('decisions/clusters/c.yaml', formatClusterRecord(c, true).text ?? '')

    assert.equal((await judgeRemovals(source, records, nothing)).problem, '')
  })
})

describe('the clusters in force', () => {
  it('are those of the inventory, as it describes them now, and those with a record alone', async () => {
    const { clusters: inventory } = await readSource({ 'flotilla.yaml': fleet, 'clusters.yaml': clusters(['b', 'c']) })
    const [b] = inventory
    assert.ok(b)
    const texts = new Map([
      ['a', formatClusterRecord({ ...b, name: 'a', proxyURL: 'http://a' }, true).text ?? ''],
      ['b', formatClusterRecord({ ...b, proxyURL: 'http://old' }).text ?? ''],
      ['d', formatClusterRecord({ ...b, name: 'd' }).text ?? ''],
    ])
    const files = new Map([...texts.keys()].map((name) => [`decisions/clusters/${name}.yaml`, name]))
    files.set('clusters/e/ns/ConfigMap/x.yaml', 'not read')

    const { clusters: found, leaving } = await clustersInForce(inventory, files, {
      read: async (oid) => texts.get(oid) ?? assert.fail(`${oid} need not be read`),
    })

    assert.deepEqual(
      found.map(({ name, proxyURL }) => [name, proxyURL]),
      [
        ['a', 'http://a'],
        ['b', ''],
        ['c', ''],
        ['d', ''],
      ],
    )
    assert.deepEqual([...leaving], ['a'])
  })
})

/** The decision records of a fleet of these clusters. */
async function recordsOf(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { files } = await renderSources({ 'flotilla.yaml': fleet, 'clusters.yaml': clusters(names) })
  return new Map([...(files ?? [])].filter(([path]) => path.startsWith('decisions/')))
}
