import assert from 'node:assert/strict'
import { type ClusterState, statesOf } from './daemon.ts'

const cluster = { cluster: 'a', sync: 'synced', appliedCommit: 'g1', applied: 2, total: 2 }

function read(changes: object, one: object = {}, of = 's1'): readonly ClusterState[] {
  const status = {
    source: { commit: 's1' },
    generated: { commit: 'g1' },
    clusters: [{ ...cluster, ...one }],
    ...changes,
  }
  return statesOf(status, of)
}

describe('what the benchmark takes from a status', () => {
  it('a cluster is applied when all its objects are, of the commit in force', () => {
    assert.deepEqual(read({}), [{ sync: 'synced', isApplied: true }])
    assert.equal(read({}, { applied: 1 })[0]?.isApplied, false)
    assert.equal(read({}, { applied: 0, total: 0 })[0]?.isApplied, false)
    assert.equal(read({ generated: { commit: 'g2' } })[0]?.isApplied, false)
  })

  it('nothing counts while the daemon is at another source commit or does not answer', () => {
    assert.deepEqual(read({}, {}, 's2'), [])
    assert.deepEqual(statesOf(undefined, 's1'), [])
  })
})
