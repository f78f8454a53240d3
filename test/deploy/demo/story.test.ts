import assert from 'node:assert/strict'
import { type StoryLine, storyOf } from '../../../deploy/demo/view/story.ts'
import type { ObjectStatus } from '../../../reconciler/member/types.ts'
import type { ClusterStatus, FleetStatus } from '../../../reconciler/server/types.ts'

const first = 'a'.repeat(40)
const second = 'b'.repeat(40)
const generatedMessage = `Start the fleet\n\nRendered.\n\nSource-Commit: ${first}\nReason: failover\nRenderer: flotilla 1\n`

function cluster(change: Partial<ClusterStatus> = {}): ClusterStatus {
  return {
    cluster: 'eu-1',
    region: 'eu-west',
    sync: 'synced',
    message: '7/7 applied',
    appliedCommit: second,
    wantedCommit: second,
    applied: 7,
    total: 7,
    seenAt: '2026-01-02T03:04:05Z',
    since: '2026-01-02T03:04:05Z',
    kubernetesVersion: 'v1.35.4',
    credentialExpiresAt: undefined,
    objects: [],
    ...change,
  }
}

function fleet(change: Partial<FleetStatus> = {}): FleetStatus {
  return {
    fleet: 'demo',
    at: '2026-01-02T03:04:06Z',
    sync: 'synced',
    heartbeatAt: '2026-01-02T03:04:05Z',
    source: { branch: 'main', commit: first, fetchedAt: '2026-01-02T03:04:05Z', problem: '' },
    generated: { branch: 'generated', commit: second, problem: '' },
    messages: [],
    clusters: [cluster()],
    ...change,
  }
}

function deployment(change: Partial<ObjectStatus> = {}): ObjectStatus {
  return {
    subject: 'Deployment.apps/test-ns/web',
    source: 'workloads/web.yaml',
    action: 'unchanged',
    health: 'Current',
    message: '',
    drift: undefined,
    extras: [],
    held: undefined,
    ...change,
  }
}

const drifted: NonNullable<ObjectStatus['drift']> = {
  subject: 'Deployment.apps/test-ns/web',
  reason: 'changed',
  fields: [{ path: '/spec/replicas', live: 7, wanted: 3, manager: 'kubectl (scale)' }],
  since: '2026-01-02T03:04:05Z',
  healedAt: '2026-01-02T03:04:05Z',
  healed: 1,
  fight: false,
}

const words = (lines: readonly StoryLine[]) => lines.map(({ word, text }) => `${word}: ${text}`)
const untold = { source: undefined, generated: undefined }

describe('demo: the story of two statuses', () => {
  it('tells a new commit from the pull to the clusters, in the order of the cycle', () => {
    const before = fleet({
      source: { branch: 'main', commit: undefined, fetchedAt: undefined, problem: '' },
      generated: { branch: 'generated', commit: undefined, problem: '' },
      clusters: [cluster({ sync: 'progressing', appliedCommit: undefined })],
    })
    const lines = storyOf(before, fleet(), { source: 'Start the fleet\n\nMore.', generated: generatedMessage })
    assert.deepEqual(words(lines), [
      'pulled: main aaaaaaa  Start the fleet',
      'rendered: 7 objects for 1 cluster, 0 errors',
      'committed: generated bbbbbbb (failover)  Start the fleet',
      'applied: eu-1  bbbbbbb, 7/7 objects',
      'synced: eu-1  every object is there and ready',
    ])
  })

  it('tells nothing where nothing happened', () => {
    assert.deepEqual(storyOf(fleet(), fleet({ at: '2026-01-02T03:05:00Z' }), untold), [])
  })

  it('tells who drifted what, and that it was healed, once', () => {
    const after = fleet({ clusters: [cluster({ objects: [deployment({ drift: drifted })] })] })
    assert.deepEqual(words(storyOf(fleet(), after, untold)), [
      'healed: eu-1  /spec/replicas 3 → 7 by kubectl (scale), Deployment.apps/test-ns/web',
    ])
    assert.deepEqual(storyOf(after, after, untold), [])
    const again = { ...drifted, healed: 2 }
    const later = fleet({ clusters: [cluster({ objects: [deployment({ drift: again })] })] })
    assert.equal(storyOf(after, later, untold).length, 1)
  })

  it('tells of a drift that is only reported, and of an object that is gone', () => {
    const reported = { ...drifted, healedAt: undefined, healed: 0 }
    const gone = { ...drifted, reason: 'deleted' as const, fields: [] }
    for (const [drift, line] of [
      [reported, 'drifted: eu-1  /spec/replicas 3 → 7 by kubectl (scale), Deployment.apps/test-ns/web'],
      [gone, 'healed: eu-1  deleted: Deployment.apps/test-ns/web'],
    ] as const) {
      const after = fleet({ clusters: [cluster({ objects: [deployment({ drift })] })] })
      assert.deepEqual(words(storyOf(fleet(), after, untold)), [line])
    }
  })

  it('tells that a cluster is lost only where it was there before', () => {
    const after = fleet({ clusters: [cluster({ sync: 'unreachable', message: 'dial timeout; 7/7 applied' })] })
    assert.deepEqual(words(storyOf(fleet(), after, untold)), [
      'lost: eu-1  unreachable: dial timeout; values of 03:04:05Z',
    ])
    assert.deepEqual(
      storyOf(undefined, after, untold).filter(({ word }) => word === 'lost'),
      [],
    )
  })

  it('tells a problem of the source once, on one line', () => {
    const source = { branch: 'main', commit: first, fetchedAt: undefined, problem: 'the remote\n\u001b[31mis gone' }
    const after = fleet({ source })
    assert.deepEqual(words(storyOf(fleet(), after, untold)), ['problem: the remote [31mis gone'])
    assert.deepEqual(storyOf(after, after, untold), [])
  })
})
