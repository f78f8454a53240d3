import assert from 'node:assert/strict'
import type { Sync } from '../../../reconciler/member/types.ts'
import type { FleetStatus } from '../../../reconciler/server/types.ts'
import { changeLines } from '../../../reconciler/views/changes.ts'
import { plainScreen } from '../../../reconciler/views/screen.ts'
import { awaitClusters, judge } from '../../../reconciler/views/verdict.ts'
import { ago, clusterOf, everyState, fleetOf, now } from './fleet.ts'

const fine = fleetOf([])
const withStates = (states: readonly Sync[], change: Partial<FleetStatus> = {}, since = ago(60)) =>
  fleetOf(
    states.map((sync, i) => clusterOf(`c${i}`, '', { sync, ...everyState[sync], since })),
    change,
  )
const warning = { path: 'a.yaml', line: 1, column: 1, severity: 'warning', code: 'duplicate', text: 'x' } as const
const error = { ...warning, severity: 'error' } as const

describe('waiting for a fleet', () => {
  const cases: readonly (readonly [what: string, status: FleetStatus, verdict: string])[] = [
    ['is done when all are synced', withStates(['synced', 'synced']), 'done: 2 synced'],
    [
      'does not wait for what is suspended on purpose',
      withStates(['synced', 'suspended']),
      'done: 1 synced, 1 suspended',
    ],
    ['does not mind warnings', withStates(['synced'], { messages: [warning] }), 'done: 1 synced'],
    [
      'goes on while something is on its way',
      withStates(['synced', 'progressing']),
      'waiting: c1 progressing: Deployment.apps/shop/web 2 of 3 replicas updated',
    ],
    [
      'goes on while a cluster is away: it may come back',
      withStates(['unreachable']),
      'waiting: c0 unreachable: dial timeout; values of 13:56:00Z',
    ],
    [
      'goes on while drift is not healed',
      withStates(['drifted']),
      'waiting: c0 drifted: 1 field, healed 3×, fought over: Deployment.apps/shop/web',
    ],
    [
      'fails when something failed',
      withStates(['progressing', 'degraded']),
      'failed: c1 degraded: Deployment.apps/shop/cart ProgressDeadlineExceeded (and 1 more)',
    ],
    [
      'fails when a cluster does not let us in',
      withStates(['unauthorized']),
      'failed: c0 unauthorized: 401 Unauthorized; values of 13:56:00Z',
    ],
    [
      'gives a failure five seconds for its next try',
      withStates(['degraded'], {}, ago(4)),
      'waiting: c0 degraded: Deployment.apps/shop/cart ProgressDeadlineExceeded (and 1 more)',
    ],
    [
      'goes on while the source cannot be fetched',
      withStates(['synced'], { source: { ...fine.source, problem: 'no\nroute' } }),
      'waiting: no route',
    ],
    [
      'goes on while the push is refused',
      withStates(['synced'], { generated: { ...fine.generated, problem: 'refused' } }),
      'waiting: refused',
    ],
    [
      'goes on before the first render',
      withStates([], { source: { ...fine.source, commit: undefined } }),
      'waiting: nothing was rendered yet',
    ],
    [
      'fails on errors in the source once the rest has arrived',
      withStates(['synced'], { messages: [error, error, warning] }),
      'failed: the source has 2 errors; the rest is synced',
    ],
    [
      'names three and counts the rest',
      withStates(Array.from({ length: 5 }, () => 'unreachable' as const)),
      'waiting: c0 unreachable: dial timeout; values of 13:56:00Z; c1 unreachable: dial timeout; values of 13:56:00Z; c2 unreachable: dial timeout; values of 13:56:00Z; and 2 more',
    ],
  ]
  for (const [what, status, verdict] of cases) {
    it(what, () => {
      const { type, text } = judge(status, awaitClusters(status, now), now)
      assert.equal(`${type}: ${text}`, verdict)
    })
  }
})

describe('lines of what changed', () => {
  const screen = plainScreen()
  const before = withStates(['synced', 'synced'])

  it('are one for each cluster that changed, with the time', () => {
    const after = withStates(['synced', 'progressing'])
    assert.deepEqual(changeLines(before, after, now, screen), [
      '14:02:00Z  c1  ◌ progressing   411/412  9b07d51  Deployment.apps/shop/web 2 of 3 replicas updated',
    ])
  })

  it('are none where nothing changed but times', () => {
    const later = { ...before, at: ago(-5), clusters: before.clusters.map((one) => ({ ...one, seenAt: ago(-5) })) }
    assert.deepEqual(changeLines(before, later, now, screen), [])
  })

  it('tell of clusters that join and leave', () => {
    const [first] = before.clusters
    assert.ok(first)
    assert.deepEqual(changeLines(before, fleetOf([first, clusterOf('new', '')]), now, screen), [
      '14:02:00Z  new  ✔ synced        412/412  9b07d51',
      '14:02:00Z  c1 left the fleet',
    ])
    assert.equal(changeLines(undefined, before, now, screen).length, 2)
  })
})
