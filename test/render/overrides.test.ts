import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Json } from '../../repo-layout/json.ts'
import { clustersWith, federated, folderOf, renderFleet, valueIn } from './helper.ts'
import { readTable } from './tables.ts'

interface OverrideRow {
  readonly name: string
  readonly overrides: Json
  readonly at?: readonly string[]
  readonly expect?: Json
  readonly error?: string
}

const template = {
  metadata: { labels: { app: 'web' } },
  data: { text: 'old', list: ['a', 'b', 'c'], map: { one: 1, two: 2 } },
}
const placement = { clusterSelector: {} }
const path = 'shop/ConfigMap/web.yaml'

function web(overrides: Json): { readonly 'w.yaml': string } {
  return { 'w.yaml': federated('ConfigMap', 'web', { overrides, placement, template }) }
}

function one(clusterName: string, clusterOverrides: Json): Json {
  return { clusterName, clusterOverrides }
}

describe('overrides: what one operation does', () => {
  for (const { name, overrides, at = ['data'], expect, error } of readTable<OverrideRow>('override')) {
    it(name, async () => {
      const previous = await renderFleet(web([]))
      const rendered = await renderFleet(web([one('cluster1', overrides)]), { previous })
      const said = rendered.lines.join('\n')
      if (error === undefined) {
        assert.deepEqual(valueIn(rendered, `clusters/cluster1/${path}`, at), expect, said)
        assert.equal(rendered.exit, 0)
      } else {
        assert.ok(said.includes(error), said)
        assert.ok(said.includes('ConfigMap/shop/web in cluster1'), 'the error names the workload and the cluster')
        assert.equal(rendered.exit, 1)
        assert.deepEqual(folderOf(rendered, 'cluster1'), folderOf(previous, 'cluster1'), 'the copy stays as it was')
      }
      for (const other of ['cluster2', 'cluster3']) {
        assert.deepEqual(folderOf(rendered, other), folderOf(previous, other), 'no other cluster is touched')
      }
    })
  }
})

describe('overrides: which clusters they are about', () => {
  const set = (value: string) => [{ path: '/data/text', value }]
  const texts = (rendered: Awaited<ReturnType<typeof renderFleet>>) =>
    Object.fromEntries(
      clustersWith(rendered, path).map((name) => [
        name,
        valueIn(rendered, `clusters/${name}/${path}`, ['data', 'text']),
      ]),
    )

  it('an override of a cluster outside the placement has no effect', async () => {
    const spec = { template, placement: { clusters: [{ name: 'cluster2' }] }, overrides: [one('cluster1', set('new'))] }
    const rendered = await renderFleet({ 'w.yaml': federated('ConfigMap', 'web', spec) })
    assert.deepEqual(texts(rendered), { cluster2: 'old' })
    assert.deepEqual(rendered.lines, [])
  })

  it('an override of a cluster that is in no inventory is a warning with the name that was meant', async () => {
    const rendered = await renderFleet(web([one('cluster11', set('new'))]))
    assert.deepEqual(rendered.lines, [
      'w.yaml:8:20: warning: the cluster "cluster11" is in no inventory; did you mean "cluster1"? [cluster-unknown]',
    ])
    assert.deepEqual(texts(rendered), { cluster1: 'old', cluster2: 'old', cluster3: 'old' })
  })

  it('an error in an override of a cluster outside the placement is said and holds nothing', async () => {
    const spec = {
      template,
      placement: { clusters: [{ name: 'cluster2' }] },
      overrides: [one('cluster1', [{ path: '/kind', value: 'Secret' }]), one('cluster2', set('new'))],
    }
    const rendered = await renderFleet({ 'w.yaml': federated('ConfigMap', 'web', spec) })
    assert.deepEqual(texts(rendered), { cluster2: 'new' })
    assert.equal(rendered.exit, 1)
  })

  it('a cluster named twice is held, and both places are errors', async () => {
    const rendered = await renderFleet(
      web([one('cluster1', set('a')), one('cluster2', set('b')), one('cluster1', set('c'))]),
    )
    assert.deepEqual(texts(rendered), { cluster2: 'b', cluster3: 'old' })
    const places = rendered.messages.filter(({ code }) => code === 'override-duplicate').map(({ line }) => line)
    assert.equal(new Set(places).size, 2)
    assert.match(rendered.lines[0] ?? '', /ConfigMap\/shop\/web: the cluster "cluster1" appears more than once/)
  })

  it('a selector reaches every cluster that it matches', async () => {
    const rendered = await renderFleet(
      web([{ clusterSelector: { matchLabels: { odd: 'yes' } }, clusterOverrides: set('odd') }]),
    )
    assert.deepEqual(texts(rendered), { cluster1: 'odd', cluster2: 'old', cluster3: 'odd' })
    assert.deepEqual(rendered.lines, [])
  })

  it('selectors apply in their order, and the entry that names the cluster has the last word', async () => {
    const rendered = await renderFleet(
      web([
        one('cluster1', set('named')),
        { clusterSelector: {}, clusterOverrides: set('all') },
        { clusterSelector: { matchLabels: { odd: 'yes' } }, clusterOverrides: set('odd') },
      ]),
    )
    assert.deepEqual(texts(rendered), { cluster1: 'named', cluster2: 'all', cluster3: 'odd' })
  })

  for (const [what, entry] of [
    ['both a name and a selector', { clusterName: 'cluster1', clusterSelector: {}, clusterOverrides: set('new') }],
    ['neither a name nor a selector', { clusterOverrides: set('new') }],
    ['a selector in error', { clusterSelector: { matchLabels: { odd: true } }, clusterOverrides: set('new') }],
    ['a name that is no text', { clusterName: 7, clusterOverrides: set('new') }],
    ['no object at all', 'cluster1'],
  ] as const) {
    it(`an entry with ${what} holds the whole workload: whom it is about cannot be told`, async () => {
      const previous = await renderFleet(web([one('cluster2', set('before'))]))
      const rendered = await renderFleet(web([entry, one('cluster2', set('after'))]), { previous })
      assert.deepEqual(texts(rendered), { cluster1: 'old', cluster2: 'before', cluster3: 'old' })
      assert.equal(rendered.exit, 1)
    })
  }

  it('without a previous copy, a bad override keeps the object out of its cluster alone', async () => {
    const rendered = await renderFleet(web([one('cluster1', [{ op: 'remove', path: '/data/none' }])]))
    assert.deepEqual(texts(rendered), { cluster2: 'old', cluster3: 'old' })
    assert.equal(rendered.exit, 1)
  })

  it('one failure in many clusters is one message that names them', async () => {
    const rendered = await renderFleet(
      web([{ clusterSelector: {}, clusterOverrides: [{ op: 'remove', path: '/data/none' }] }]),
    )
    const failed = rendered.lines.filter((line) => line.includes('override-failed'))
    assert.equal(failed.length, 1)
    assert.match(failed[0] ?? '', /ConfigMap\/shop\/web in cluster1, cluster2, cluster3: there is no \/data\/none/)
  })
})

describe('overrides: rules that hold for every list', function () {
  this.timeout(60_000)

  const step = fc.constantFrom('text', 'list', 'map', 'one', '0', '1', '-1', '-', 'none', 'a~1b')
  const pointer = fc.array(step, { minLength: 1, maxLength: 3 }).map((steps) => `/data/${steps.join('/')}`)
  const dotted = fc
    .array(fc.constantFrom('text', 'map', 'one', 'none'), { minLength: 1, maxLength: 3 })
    .map((steps) => `data.${steps.join('.')}`)
  const value = fc.oneof(
    fc.constant(null),
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.constant({ a: 1 }),
    fc.constant(['x']),
  )
  const operation = fc.record({
    op: fc.constantFrom('add', 'remove', 'replace', ''),
    path: fc.oneof(pointer, dotted),
    value,
  })
  const list = fc.array(operation, { maxLength: 4 })

  it('all of a list applies or none of it, and no other cluster sees any of it', async () => {
    await fc.assert(
      fc.asyncProperty(list, async (clusterOverrides) => {
        const previous = await renderFleet(web([]))
        const rendered = await renderFleet(web([one('cluster2', clusterOverrides)]), { previous })
        const fails = rendered.exit === 1
        if (fails) assert.deepEqual(folderOf(rendered, 'cluster2'), folderOf(previous, 'cluster2'))
        assert.equal(clustersWith(rendered, path).length, 3)
        for (const other of ['cluster1', 'cluster3']) {
          assert.deepEqual(folderOf(rendered, other), folderOf(previous, other))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('the order of entries of different clusters changes no byte', async () => {
    await fc.assert(
      fc.asyncProperty(list, list, async (a, b) => {
        const there = await renderFleet(web([one('cluster1', a), one('cluster2', b)]))
        const back = await renderFleet(web([one('cluster2', b), one('cluster1', a)]))
        assert.deepEqual(back.files, there.files)
      }),
      { numRuns: 40 },
    )
  })

  it('a pointer without a list in it and its dotted form set the same value', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('text', 'map', 'none'), value, async (key, to) => {
        const pointed = await renderFleet(web([one('cluster1', [{ path: `/data/${key}`, value: to }])]))
        const dottedOne = await renderFleet(web([one('cluster1', [{ path: `data.${key}`, value: to }])]))
        assert.deepEqual(dottedOne.files, pointed.files)
      }),
      { numRuns: 40 },
    )
  })
})
