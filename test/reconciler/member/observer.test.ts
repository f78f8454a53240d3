import assert from 'node:assert/strict'
import { type Book, createBook } from '../../../reconciler/member/book.ts'
import { createItem } from '../../../reconciler/member/items.ts'
import { createObserver } from '../../../reconciler/member/observer.ts'
import type { Session } from '../../../reconciler/member/session.ts'
import type { JsonObject } from '../../../repo-layout/json.ts'
import { type TestClock, testClock } from '../../clocks.ts'
import { log } from './support.ts'

type Answer = (selector: string | undefined) => readonly JsonObject[]

const subjectOf = (name: string) => `Deployment.apps/shop/${name}`
const runningPod = (app: string): JsonObject => ({
  metadata: { labels: { app, other: 'label' } },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
})

/** A member with Deployments `names` of two replicas of which one is ready, and what it lists pods with. */
function observed(names: readonly string[], answer: Answer) {
  const clock = testClock()
  const book = createBook('a', clock)
  const selectors: (string | undefined)[] = []
  const transport = {
    async request(_method: string, path: string, { query }: { query: Record<string, string | undefined> }) {
      assert.equal(path, '/api/v1/namespaces/shop/pods')
      selectors.push(query.labelSelector)
      return { status: 200, json: { items: answer(query.labelSelector) } }
    },
  }
  for (const name of names) setReady(book, name, 1)
  const session = { transport } as unknown as Session
  const observer = createObserver(session, book, { clock, log, nodes: false })
  return { clock, book, selectors, observer }
}

function setReady(book: Book, name: string, readyReplicas: number): void {
  const item = book.items.get(subjectOf(name)) ?? createItem(subjectOf(name))
  book.items.set(item.subject, item)
  item.wanted = {
    subject: item.subject,
    source: '',
    oid: '',
    object: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name } },
  }
  const workload = { replicas: 2, readyReplicas, availableReplicas: readyReplicas, matchLabels: { app: name } }
  item.live = { workload } as unknown as typeof item.live
  book.changed()
}

async function pass(clock: TestClock, ms: number): Promise<void> {
  clock.pass(ms)
  await new Promise((resolve) => setImmediate(resolve))
}

describe('pods of workloads that are not ready', () => {
  it('are listed for the workload alone where it is the only one of its namespace', async () => {
    const { clock, book, selectors } = observed(['web'], () => [runningPod('web'), runningPod('web')])
    await pass(clock, 1000)
    assert.deepEqual(selectors, ['app=web'])
    assert.equal(book.pods.get(subjectOf('web'))?.runningPods, 2)
    await pass(clock, 120_000)
    assert.equal(selectors.length, 1, 'nothing asks again for what does not change')
  })

  it('are listed once for a namespace where many workloads roll out, and each gets its own', async () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const pods = [runningPod('a'), runningPod('c'), runningPod('c'), { metadata: {} }, runningPod('else')]
    const { clock, book, selectors } = observed(names, () => pods)
    await pass(clock, 1000)
    assert.deepEqual(selectors, [undefined])
    const counts = names.map((name) => book.pods.get(subjectOf(name))?.total)
    assert.deepEqual(counts, [1, 0, 2, 0, 0])
  })

  it('are forgotten once all replicas are ready, also where that is seen while they are listed', async () => {
    const { clock, book } = observed(['web', 'api'], (selector) => {
      if (selector === 'app=web') {
        setReady(book, 'web', 2)
        clock.pass(1000)
      }
      return [runningPod('web')]
    })
    await pass(clock, 1000)
    assert.deepEqual([...book.pods.keys()], [subjectOf('api')])
    setReady(book, 'api', 2)
    await pass(clock, 1000)
    assert.deepEqual([...book.pods.keys()], [])
  })

  it('stay as they were known where they cannot be listed, and are asked for again after a minute', async () => {
    let broken = false
    const { clock, book, selectors } = observed(['web'], () => {
      if (broken) throw new Error('forbidden')
      return [runningPod('web')]
    })
    await pass(clock, 1000)
    broken = true
    setReady(book, 'web', 0)
    await pass(clock, 2000)
    assert.equal(selectors.length, 2)
    assert.equal(book.pods.get(subjectOf('web'))?.runningPods, 1)
    broken = false
    await pass(clock, 60_000)
    assert.equal(selectors.length, 3)
  })
})
