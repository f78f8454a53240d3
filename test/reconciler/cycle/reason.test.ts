import assert from 'node:assert/strict'
import { type Change, whyChanged } from '../../../reconciler/cycle/reason.ts'
import type { Commit } from '../../../reconciler/git/types.ts'

const source = 'b'.repeat(40)
const older = 'a'.repeat(40)
const renderer = 'flotilla 2'
const byHand: Commit = {
  ...{ oid: 'c'.repeat(40), parents: [], tree: '', message: 'Hotfix' },
  author: { name: '', email: '', time: 0 },
}
const provenance = { sourceCommit: source, reason: 'source', renderer } as const
const none: ReadonlySet<string> = new Set()
/** The tip was rendered from this very source by this very renderer. */
const same: Change = {
  pulled: { provenance, source, handMade: [] },
  sourceSubject: 'Place web',
  renderer,
  lostBefore: none,
  lostNow: none,
  renderedBefore: undefined,
  steps: [],
}
const pulled = same.pulled

describe('why a commit is generated', () => {
  const cases: readonly (readonly [title: string, change: Partial<Change>, reason: string, subject: string])[] = [
    ['the first of a fleet', { pulled: { ...pulled, provenance: undefined } }, 'source', 'Place web'],
    [
      'another source commit',
      { pulled: { ...pulled, provenance: { ...provenance, sourceCommit: older } } },
      'source',
      'Place web',
    ],
    [
      'another source commit while a cluster is lost',
      { pulled: { ...pulled, provenance: { ...provenance, sourceCommit: older } }, lostNow: new Set(['c1']) },
      'source',
      'Place web',
    ],
    ['lost clusters', { lostNow: new Set(['c1', 'c2']) }, 'failover', 'Move replicas away from c1, c2'],
    ['clusters that are back', { lostBefore: new Set(['c1']) }, 'failback', 'Move replicas back to c1'],
    [
      'one lost and one back',
      { lostBefore: new Set(['c1']), lostNow: new Set(['c2']) },
      'failover',
      'Move replicas away from c2',
    ],
    [
      'a lost cluster after a source commit that changed nothing',
      {
        pulled: { ...pulled, provenance: { ...provenance, sourceCommit: older } },
        renderedBefore: source,
        lostNow: new Set(['c1']),
      },
      'failover',
      'Move replicas away from c1',
    ],
    [
      'another renderer',
      { pulled: { ...pulled, provenance: { ...provenance, renderer: 'flotilla 1' } } },
      'renderer',
      'Render with flotilla 2',
    ],
    ['one commit by hand', { pulled: { ...pulled, handMade: [byHand] } }, 'source', 'Undo a commit made by hand'],
    ['commits by hand', { pulled: { ...pulled, handMade: [byHand, byHand] } }, 'source', 'Undo 2 commits made by hand'],
    ['other facts', {}, 'schedule', 'Divide replicas anew'],
  ]
  for (const [title, change, reason, subject] of cases)
    it(`is told: ${title}`, () => {
      const why = whyChanged({ ...same, ...change })
      assert.deepEqual([why.reason, why.subject], [reason, subject])
      assert.match(why.why, /^[A-Za-z0-9].*\.$/, 'a whole sentence')
    })
})
