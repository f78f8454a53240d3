import assert from 'node:assert/strict'
import { createBook } from '../../../reconciler/member/book.ts'
import { createItem } from '../../../reconciler/member/items.ts'
import { observationOf } from '../../../reconciler/member/observe.ts'
import { testClock } from '../../clocks.ts'
import { desired } from './support.ts'

const subject = 'Deployment.apps/shop/web'
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' } }

/** What is said of a workload with so many of its four replicas ready; `pods` are those that were counted, if any. */
function seen(readyReplicas: number, pods?: { readonly running: number; readonly unschedulable: number }) {
  const book = createBook('eu', testClock())
  const item = createItem(subject)
  const [wanted] = desired(deployment).objects.values()
  const counts = { replicas: 4, readyReplicas, availableReplicas: undefined, isObserved: true, failure: '' }
  const workload = { ...counts, matchLabels: { app: 'web' } }
  const live = {
    ...{ uid: 'u', resourceVersion: '1', fingerprint: '', autoscaled: false, ownsReplicas: true },
    ...{ message: '', extras: [], workload },
    health: 'InProgress' as const,
  }
  book.items.set(subject, { ...item, wanted, live })
  book.link = { type: 'connected' }
  book.appliedTree = 'sha256:t'
  if (pods)
    book.pods.set(subject, {
      ...{ total: 4, runningPods: pods.running, unschedulablePods: pods.unschedulable },
      lookAgain: false,
    })
  return observationOf(book).workloads?.[subject]
}

describe('what a member says of a workload', () => {
  it('is that its pods run, where all of its replicas are ready', () => {
    assert.deepEqual(seen(4), { replicas: 4, readyReplicas: 4, runningPods: 4, unschedulablePods: 0 })
  })

  it('is what its pods say, where some are not ready', () => {
    const found = seen(1, { running: 2, unschedulable: 2 })
    assert.deepEqual(found, { replicas: 4, readyReplicas: 1, runningPods: 2, unschedulablePods: 2 })
  })

  it('is that its pods were not counted, where they cannot be listed: then nothing is decided upon them', () => {
    assert.equal(seen(1)?.podsCounted, false)
  })
})
