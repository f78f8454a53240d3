import assert from 'node:assert/strict'
import fc from 'fast-check'
import { diffTrees } from '../../../reconciler/git/changes.ts'
import { countChanges, describeChanges } from '../../../reconciler/git/describe-changes.ts'
import {
  formatGeneratedMessage,
  isOurs,
  parseProvenance,
  previousOfOurs,
  type Reason,
} from '../../../reconciler/git/generated.ts'
import { parseTrailers } from '../../../reconciler/git/trailers.ts'
import type { Commit } from '../../../reconciler/git/types.ts'

const sourceCommit = 'a'.repeat(40)
const forced = 'b'.repeat(40)
const plain = {
  subject: 'Place web',
  why: '',
  changes: [],
  sourceCommit,
  reason: 'source',
  renderer: 'flotilla 1',
} as const

describe('the message of a generated commit', () => {
  it('says what changes in which cluster, and why', () => {
    const changes = diffTrees(
      new Map([
        ['clusters/a/shop/Service/web.yaml', '1'],
        ['clusters/b/shop/Service/web.yaml', '1'],
        ['clusters/b/_cluster/Namespace/shop.yaml', '1'],
      ]),
      new Map([
        ['clusters/a/shop/Service/web.yaml', '2'],
        ['clusters/b/shop/Service/web.yaml', '2'],
        ['clusters/b/_cluster/Namespace/shop.yaml', '1'],
        ['clusters/c/shop/Deployment.apps/web.yaml', '3'],
        ['decisions/shop/web.yaml', '4'],
      ]),
    )

    const message = formatGeneratedMessage({
      ...plain,
      why: 'Cluster b was lost.',
      changes,
      reason: 'failover',
      forced,
    })

    assert.equal(
      message,
      `Place web

Cluster b was lost.

a, b: 1 changed
  ~ Service/shop/web
c: 1 added
  + Deployment.apps/shop/web
decisions: 1 added
  + decisions/shop/web.yaml

Source-Commit: ${sourceCommit}
Reason: failover
Renderer: flotilla 1
Source-Forced: ${forced}
`,
    )
  })

  it('is read back, whatever the words of others', () => {
    const reason = fc.constantFrom<Reason>('source', 'rollout-step', 'failover', 'failback', 'schedule', 'renderer')
    fc.assert(
      fc.property(fc.string(), fc.string(), reason, fc.boolean(), (subject, why, reason, isForced) => {
        const given = { sourceCommit, reason, renderer: 'flotilla 1, helm 4', ...(isForced ? { forced } : {}) }

        const message = formatGeneratedMessage({ ...given, subject, why, changes: [] })

        assert.deepEqual(parseProvenance(message), given)
        assert.ok([...(message.split('\n')[0] ?? '')].length <= 72)
      }),
      { seed: 7 },
    )
  })

  it('stays short for a large fleet', () => {
    const changes = Array.from({ length: 1000 }, (_, number) => ({
      cluster: `cluster-${String(number).padStart(4, '0')}`,
      added: Array.from(
        { length: 100 },
        (_, file) => `clusters/cluster-${String(number).padStart(4, '0')}/ns/Kind/${file}.yaml`,
      ),
      changed:
        number % 2 === 0 ? [] : [`clusters/cluster-${String(number).padStart(4, '0')}/ns/Kind/only-${number}.yaml`],
      removed: [],
    }))

    const text = describeChanges(changes)

    assert.ok(text.length < 60_000, String(text.length))
    assert.match(text, /cluster-0000, .* and 480 more: 100 added/)
    assert.match(text, / {2}and 80 more/)
    assert.match(text, /and other changes in \d+ more$/)
  })

  it('counts in words', () => {
    assert.equal(countChanges({ added: ['x', 'y'], changed: [], removed: ['z'] }), '2 added, 1 removed')
  })
})

describe('trailers', () => {
  for (const [title, message, expected] of [
    ['none in a subject alone', 'Fix: all of it', []],
    ['none in a paragraph of words', 'Subject\n\nSome words\nKey: value', []],
    [
      'those of the last paragraph',
      'Subject\n\nOld: 1\n\nKey: value\nOther: x: y\n',
      [
        ['Key', 'value'],
        ['Other', 'x: y'],
      ],
    ],
    ['a value over two lines', 'Subject\n\nKey: value\n  more', [['Key', 'value more']]],
    ['a cherry-pick', 'Subject\n\nKey: v\n(cherry picked from commit abc)', [['Key', 'v']]],
    ['line ends of Windows', 'Subject\r\n\r\nKey: v\r\n', [['Key', 'v']]],
  ] as const) {
    it(`are read: ${title}`, () => {
      assert.deepEqual(
        parseTrailers(message).map(({ key, value }) => [key, value]),
        expected,
      )
    })
  }

  it('make a commit ours only when all of them are there', () => {
    const message = formatGeneratedMessage(plain)
    assert.equal(isOurs({ message }), true)
    assert.equal(isOurs({ message: `Revert "Place web"\n\nThis reverts commit ${sourceCommit}.` }), false)
    assert.equal(isOurs({ message: message.replace('Reason: source', 'Reason: whim') }), false)
    assert.equal(isOurs({ message: message.replace(sourceCommit, 'HEAD') }), false)
  })
})

describe('the previous commit of ours', () => {
  const commit = (oid: string, message: string): Commit => ({
    ...{ oid, message, parents: [], tree: '' },
    author: { name: '', email: '', time: 0 },
  })
  const ours = commit('ours', formatGeneratedMessage(plain))
  const byHand = Array.from({ length: 20 }, (_, number) => commit(`hand${number}`, 'Hotfix'))
  const over = (commits: readonly Commit[]) => ({ log: async (_: string, limit: number) => commits.slice(0, limit) })

  it('is the tip, or lies below what was made by hand', async () => {
    assert.deepEqual(await previousOfOurs(over([ours, ...byHand]), 'tip'), { previous: ours, above: [] })
    assert.deepEqual(await previousOfOurs(over([...byHand, ours]), 'tip'), { previous: ours, above: byHand })
  })

  it('is none where the branch is not ours', async () => {
    assert.deepEqual(await previousOfOurs(over(byHand), 'tip'), { previous: undefined, above: byHand })
    const { previous, above } = await previousOfOurs(over([...byHand, ours]), 'tip', 5)
    assert.deepEqual([previous, above.length], [undefined, 5])
  })
})
