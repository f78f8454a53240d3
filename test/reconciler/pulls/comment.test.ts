import assert from 'node:assert/strict'
import { afterMergeText } from '../../../reconciler/pulls/after-merge.ts'
import { commentText } from '../../../reconciler/pulls/comment.ts'
import type { Attempt } from '../../../reconciler/pulls/types.ts'
import { verdictOf } from '../../../reconciler/pulls/verdict.ts'
import { attemptOf, clusterPlan, errorOf, planned } from './plans.ts'

const names = Array.from({ length: 200 }, (_, i) => `cluster-${String(i).padStart(3, '0')}`)
const head = 'a'.repeat(40)

function write(attempt: Attempt, limit = 65_000, after = ''): string {
  return commentText({ attempt, verdict: verdictOf(attempt, []), head, after }, limit)
}

describe('the comment on a pull request', () => {
  it('tells an identical change in 200 clusters once', () => {
    const fields = [{ path: '/data/v', live: '1', wanted: '2', manager: 'flotilla' }]
    const text = write(attemptOf(names.map((name) => clusterPlan(name, [planned('ConfigMap/shop/a', { fields })]))))
    assert.equal(text.split('ConfigMap/shop/a').length, 3, 'a row, and its fields')
    assert(text.includes('all 200 clusters'))
    assert(text.length < 2_000, `${text.length}`)
  })

  it('stays within every limit however much changes, and points to the whole', () => {
    const long = 'x'.repeat(300)
    const objects = (name: string) =>
      Array.from({ length: 12 }, (_, i) =>
        planned(`ConfigMap/shop/${name}-${i}`, {
          action: i % 3 === 0 ? 'pruned' : 'configured',
          fields: [{ path: '/data/v', live: long, wanted: `${long}${name}`, manager: 'somebody' }],
        }),
      )
    const messages = Array.from({ length: 900 }, (_, i) => errorOf(`${i}.yaml`, long))
    const attempt = attemptOf(
      names.map((name) => clusterPlan(name, objects(name))),
      { messages },
    )
    for (const limit of [20_000, 65_000, 262_144]) {
      const text = write(attempt, limit, 'as planned')
      assert([...text].length <= limit, `${[...text].length} of ${limit}`)
      assert(text.includes(`\`flotilla plan --head ${head}\` shows them`))
      assert(text.includes('and 780 more'), 'deletions are called out, and counted')
      assert(text.trimEnd().endsWith('as planned'))
    }
    const unreadable = write({ ...attempt, type: 'unreadable', messages }, 20_000)
    assert([...unreadable].length <= 20_000)
    const paths = Array.from({ length: 5_000 }, (_, i) => `workloads/${i}.yaml`)
    assert([...write({ ...attempt, type: 'conflict', paths }, 20_000)].length <= 20_000)
  })

  it('names the head, the base, the generated commit and the facts', () => {
    const text = write(attemptOf([clusterPlan('c1', [planned('ConfigMap/shop/a')])]))
    assert.match(text, /^### ✅ Plan of aaaaaaa merged onto main bbbbbbb, upon generated commit ccccccc\n/)
    assert.match(text, /Facts of 2026-01-01T00:00:00Z: 1 × v1\.35\.4 answered/)
  })

  it('says each of these once: its verdict, the commits, deletions over the budget', () => {
    const over = {
      objects: 30,
      clusters: 2,
      takes: 0,
      verdict: 'over',
      digest: 'abc',
      text: '30 objects stay',
    } as const
    const paths = { 'clusters/c1/shop/ConfigMap/a.yaml': undefined }
    const text = write(attemptOf([clusterPlan('c1', [planned('ConfigMap/shop/a')])], { deletions: over, paths }))
    for (const said of ['1 configured in 1 cluster', 'bbbbbbb', 'ccccccc', 'aaaaaaa', '30 objects stay'])
      assert.equal(text.split(said).length, 2, `${said} in ${text}`)
  })

  it('lets no name break out of its place', () => {
    const evil = planned('ConfigMap/shop/<img src=x>|@everyone', { action: 'pruned' })
    const text = write(attemptOf([clusterPlan('c1', [evil])]))
    assert(!/[^\\]<img/.test(text))
    assert(!text.includes('@everyone'))
  })
})

describe('what is said after a merge', () => {
  const path = 'clusters/c1/shop/ConfigMap/a.yaml'
  const merge = 'd'.repeat(40)
  const of = (changes: ReadonlyMap<string, string | undefined>) => ({ commit: 'e'.repeat(40), joined: false, changes })
  const plannedChanges = new Map([[path, '1']])

  it('is "as planned" where exactly that was generated', () => {
    assert.match(
      afterMergeText(plannedChanges, merge, of(new Map([[path, '1']]))),
      /generated as eeeeeee: \*\*as planned\*\*/,
    )
    assert.match(
      afterMergeText(new Map(), merge, { commit: undefined, joined: false, changes: new Map() }),
      /nothing had to be generated: \*\*as planned/,
    )
  })

  it('says what differed, object by object', () => {
    const rows: readonly (readonly [ReadonlyMap<string, string | undefined>, RegExp])[] = [
      [new Map([[path, '2']]), /c1: shop\/ConfigMap\/a was written otherwise than planned/],
      [new Map([[path, undefined]]), /otherwise than planned/],
      [new Map(), /c1: shop\/ConfigMap\/a was to be written, and was not/],
      [
        new Map([...plannedChanges, ['clusters/c2/shop/ConfigMap/a.yaml', undefined]]),
        /c2: .* was removed, which was not planned/,
      ],
    ]
    for (const [changes, says] of rows) assert.match(afterMergeText(plannedChanges, merge, of(changes)), says)
  })

  it('takes the move of a rollout that is under way as planned, and nothing else', () => {
    const stepwise = new Set([path])
    const said = (planned: ReadonlyMap<string, string>, changes: ReadonlyMap<string, string>) =>
      afterMergeText(planned, merge, of(changes), stepwise)
    const moved = new Map([[path, '2']])
    assert.match(said(new Map(), moved), /as planned/)
    assert.match(said(plannedChanges, moved), /written otherwise than planned/)
    assert.match(said(plannedChanges, new Map()), /was to be written, and was not/)
    assert.match(said(new Map(), new Map([['clusters/c2/shop/ConfigMap/a.yaml', '2']])), /c2: .* was not planned/)
  })
})
