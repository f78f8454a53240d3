import type { Logger } from 'pino'
import { getIn, type JsonObject } from '../../repo-layout/json.ts'
import { parseSubject, type Subject } from '../../repo-layout/subject.ts'
import { type Clock, sleep } from '../clock.ts'
import type { Book } from './book.ts'
import { itemsOf, messageOf } from './errors.ts'
import type { WorkloadFacts } from './facts.ts'
import { nodesOf } from './nodes.ts'
import { analyzePods } from './pods.ts'
import { createQueue } from './queue.ts'
import type { Session } from './session.ts'
import type { Transport } from './transport.ts'

/** The part of observing that asks the cluster: pods of workloads that are not ready, and nodes. */
export interface Observer {
  stop(): void
}

/** Pods are looked at so many milliseconds after a workload changed: rollouts change it often. */
const settleTime = 1000
/** Again, while pods are unschedulable for less than a minute (kubefed: 10 s), and while they stay so. */
const soon = 10_000
const later = 60_000
const nodesEvery = 60_000

/**
 * Watches the book for workloads whose replicas are not all ready and counts their pods, one list each. Failures are
 * logged and leave what was known; nothing here ever ends a session.
 */
export function createObserver(
  session: Session,
  book: Book,
  options: { readonly clock: Clock; readonly log: Logger; readonly nodes: boolean },
): Observer {
  const { clock, log } = options
  const stopping = new AbortController()
  const looked = new Map<Subject, WorkloadFacts>()
  const queue = createQueue({ clock, concurrency: 2, ready: () => true, run: look })

  async function look(subject: Subject): Promise<number | undefined> {
    const item = book.items.get(subject)
    const facts = item?.live?.workload
    const namespace = parseSubject(subject)?.namespace
    if (
      !item?.wanted ||
      !facts ||
      facts.replicas === facts.readyReplicas ||
      !facts.matchLabels ||
      namespace === undefined
    ) {
      if (book.pods.delete(subject)) book.changed()
      return undefined
    }
    try {
      const labelSelector = Object.entries(facts.matchLabels)
        .map(([key, value]) => `${key}=${value}`)
        .join(',')
      const pods = await listAll(session.transport, `/api/v1/namespaces/${namespace}/pods`, { labelSelector })
      const analysis = analyzePods(pods, clock.now())
      book.pods.set(subject, analysis)
      book.changed()
      return analysis.lookAgain ? soon : analysis.unschedulablePods > 0 ? later : undefined
    } catch (error) {
      if (!stopping.signal.aborted)
        log.warn({ subject, error: messageOf(error) }, 'pods of a workload cannot be listed')
      return later
    }
  }

  function check(): void {
    for (const { subject, live } of book.items.values()) {
      const facts = live?.workload
      if (!facts || sameCounts(looked.get(subject), facts)) continue
      looked.set(subject, facts)
      queue.add(subject, facts.replicas === facts.readyReplicas ? 1 : settleTime)
    }
  }

  async function watchNodes(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const nodes = await listAll(session.transport, '/api/v1/nodes', {})
        const pods = await listAll(session.transport, '/api/v1/pods', {
          fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
        })
        book.nodes = nodesOf(nodes, pods)
        book.changed()
      } catch (error) {
        if (!stopping.signal.aborted)
          log.warn({ cluster: book.cluster, error: messageOf(error) }, 'nodes cannot be observed')
      }
      await sleep(clock, nodesEvery, stopping.signal)
    }
  }

  const unlisten = book.onChange(check)
  check()
  if (options.nodes) void watchNodes()
  return {
    stop() {
      stopping.abort()
      unlisten()
      void queue.stop()
    },
  }
}

function sameCounts(a: WorkloadFacts | undefined, b: WorkloadFacts): boolean {
  return a !== undefined && a.replicas === b.replicas && a.readyReplicas === b.readyReplicas
}

/** Every item of a list, in pages of 500. Throws an `ApiError` where any of it cannot be had. */
export async function listAll(
  transport: Transport,
  path: string,
  query: { readonly [key: string]: string },
): Promise<JsonObject[]> {
  const items: JsonObject[] = []
  let next: string | undefined
  do {
    const { json } = await transport.request('GET', path, { query: { ...query, limit: '500', continue: next } })
    items.push(...itemsOf(json))
    const token = getIn(json, ['metadata', 'continue'])
    next = typeof token === 'string' && token !== '' ? token : undefined
  } while (next !== undefined)
  return items
}
