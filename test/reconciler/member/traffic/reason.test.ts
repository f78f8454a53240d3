import assert from 'node:assert/strict'
import { whyNotReady } from '../../../../reconciler/member/traffic/reason.ts'
import type { JsonObject } from '../../../../repo-layout/json.ts'

const scheduled = { type: 'PodScheduled', status: 'True' }

function running(...containers: readonly JsonObject[]): JsonObject {
  const message = 'containers with unready status: [app]'
  const ready = { type: 'Ready', status: 'False', reason: 'ContainersNotReady', message }
  return { phase: 'Running', conditions: [scheduled, ready], containerStatuses: containers }
}

function pending(...containers: readonly JsonObject[]): JsonObject {
  return { phase: 'Pending', conditions: [scheduled], containerStatuses: containers }
}

const app = { name: 'app', image: 'shop/app:2', ready: false }
const ended = (exitCode: number, reason = 'Error') => ({ terminated: { exitCode, reason } })

const cases: readonly (readonly [what: string, status: JsonObject, why: string])[] = [
  [
    'fits nowhere',
    {
      phase: 'Pending',
      conditions: [
        {
          ...{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' },
          message:
            '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
        },
      ],
    },
    'Unschedulable: 0/1 nodes are available: 1 Insufficient cpu',
  ],
  [
    'waits for its image to be pulled again',
    pending({ ...app, state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image' } } }),
    'ImagePullBackOff: shop/app:2',
  ],
  [
    'has just failed to pull it',
    pending({ ...app, state: { waiting: { reason: 'ErrImagePull', message: 'not found' } } }),
    'ImagePullBackOff: shop/app:2',
  ],
  [
    'crashes and is waited for',
    running({
      ...app,
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s' } },
      lastState: ended(1),
    }),
    'CrashLoopBackOff: app ends with exit code 1',
  ],
  [
    'runs between two crashes',
    running({ ...app, state: { running: {} }, lastState: ended(137, 'OOMKilled') }),
    'CrashLoopBackOff: app ends with exit code 137 (OOMKilled)',
  ],
  ['has just crashed', running({ ...app, state: ended(2) }), 'CrashLoopBackOff: app ends with exit code 2'],
  [
    'has an init container that crashes',
    { ...pending(), initContainerStatuses: [{ name: 'migrate', ready: false, state: ended(3) }] },
    'CrashLoopBackOff: migrate ends with exit code 3',
  ],
  [
    'has a configuration that is not there',
    pending({ ...app, state: { waiting: { reason: 'CreateContainerConfigError', message: 'secret "a" not found' } } }),
    'CreateContainerConfigError: secret "a" not found',
  ],
  ['is being started', pending({ ...app, state: { waiting: { reason: 'ContainerCreating' } } }), 'not started yet'],
  ['was seen by nobody yet', {}, 'not started yet'],
  [
    'runs, and its probe says no',
    running({ ...app, state: { running: {} } }),
    'not ready: containers with unready status: [app]',
  ],
  [
    'was evicted',
    { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' },
    'Evicted: The node was low on resource: memory.',
  ],
]

describe('why a pod is not ready', () => {
  for (const [what, status, why] of cases)
    it(`is told where it ${what}`, () => {
      assert.equal(whyNotReady({ status }), why)
    })
})
