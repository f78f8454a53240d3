import assert from 'node:assert/strict'
import type { Attempt } from '../../../reconciler/pulls/types.ts'
import { annotationsOf, verdictOf } from '../../../reconciler/pulls/verdict.ts'
import type { Message } from '../../../repo-layout/message.ts'
import { attemptOf, clusterPlan, errorOf, planned } from './plans.ts'

const over = {
  objects: 30,
  clusters: 2,
  takes: 0,
  verdict: 'over',
  digest: 'abc',
  text: '30 objects are not deleted',
} as const
const upon = { base: { name: 'main', commit: 'b'.repeat(40) }, generated: undefined }
const path = 'clusters/c1/shop/ConfigMap/a.yaml'
const refused = clusterPlan('c1', [planned('ConfigMap/shop/a', { action: 'failed', why: 'quota exceeded' })])
const error = errorOf('a.yaml', 'the path is not there')

const cases: readonly {
  readonly name: string
  readonly attempt: Attempt
  readonly known?: readonly Message[]
  readonly state: string
  readonly says: RegExp
}[] = [
  {
    name: 'succeeds with the numbers',
    attempt: attemptOf([clusterPlan('c1', [planned('ConfigMap/shop/a')])]),
    ...{ state: 'success', says: /^1 configured in 1 cluster/ },
  },
  {
    name: 'fails for an error, with its place',
    attempt: attemptOf([], { messages: [error] }),
    ...{ state: 'failure', says: /^1 error: a\.yaml:7: the path is not there/ },
  },
  {
    name: 'succeeds with an error that the base has',
    attempt: attemptOf([], { messages: [{ ...error, line: 9 }] }),
    ...{ known: [error], state: 'success', says: /No cluster/ },
  },
  {
    name: 'succeeds with a warning',
    attempt: attemptOf([], { messages: [{ ...error, severity: 'warning' }] }),
    ...{ state: 'success', says: /No cluster/ },
  },
  {
    name: 'fails over the budget where it deletes',
    attempt: attemptOf([], { deletions: over, paths: { [path]: undefined } }),
    ...{ state: 'failure', says: /30 objects are not deleted/ },
  },
  {
    name: 'succeeds over the budget where it deletes nothing',
    attempt: attemptOf([], { deletions: over, paths: { [path]: 'new' } }),
    ...{ state: 'success', says: /over budget/ },
  },
  {
    name: 'fails for an object of its own that is refused',
    attempt: attemptOf([refused], { paths: { [path]: 'new' } }),
    ...{ state: 'failure', says: /1 object would fail: ConfigMap\/shop\/a: quota exceeded/ },
  },
  {
    name: 'succeeds with an object that is refused anyway',
    attempt: attemptOf([refused]),
    ...{ state: 'success', says: /1 would fail/ },
  },
  {
    name: 'fails for clusters that leave over the budget',
    attempt: attemptOf([], { removals: 'c2 and c3 stay' }),
    ...{ state: 'failure', says: /c2 and c3 stay/ },
  },
  {
    name: 'fails for a conflict',
    attempt: { type: 'conflict', paths: ['a', 'b', 'c', 'd', 'e'], ...upon },
    ...{ state: 'failure', says: /^does not merge; conflicts in a, b, c and 2 more$/ },
  },
  {
    name: 'fails for a fleet that cannot be read',
    attempt: { type: 'unreadable', messages: [error], brought: new Set(), ...upon },
    ...{ state: 'failure', says: /a\.yaml:7/ },
  },
  {
    name: 'is an error, not a failure, where the head is not to blame',
    attempt: { type: 'unplannable', text: 'no route\nto the forge' },
    ...{ state: 'error', says: /^not planned: no route to the forge$/ },
  },
]

describe('the verdict on a pull request', () => {
  for (const { name, attempt, known = [], state, says } of cases)
    it(name, () => {
      const verdict = verdictOf(attempt, known)
      assert.equal(verdict.state, state)
      assert.match(verdict.description, says)
    })

  it('annotates only files that the head brings', () => {
    const messages = [error, errorOf('elsewhere.yaml', 'wrong before')]
    assert.deepEqual(annotationsOf(attemptOf([], { messages })), [
      { path: 'a.yaml', line: 7, column: 3, severity: 'error', text: 'the path is not there [override-failed]' },
    ])
  })
})
