import type { Logger } from 'pino'
import { getIn, isJsonObject, type JsonObject } from '../../repo-layout/json.ts'
import { parseSubject, type Subject } from '../../repo-layout/subject.ts'
import { type Clock, sleep } from '../clock.ts'
import type { Book } from './book.ts'
import { itemsOf, messageOf } from './errors.ts'
import type { WorkloadFacts } from './facts.ts'
import type { Item } from './items.ts'
import { listAll, pagesOf } from './list.ts'
import { nodesOf } from './nodes.ts'
import { analyzePods } from './pods.ts'
import { createQueue } from './queue.ts'
import type { Session } from './session.ts'

/** The part of observing that asks the cluster: pods of workloads that are not ready, and nodes. */
export interface Observer {
  stop(): void
}

/** Pods are looked at so many milliseconds after a workload changed: rollouts change it often. */
const settleTime = 1000
/** Until they were counted once, nothing is decided upon the workload. */
const firstLook = 100
/** From so many workloads of a namespace on, one list of all its pods costs less than one for each of them. */
const shared = 4
/** Again, while pods are unschedulable for less than a minute (kubefed: 10 s), and while they stay so. */
const soon = 10_000
const later = 60_000
const nodesEvery = 60_000

/**
 * Watches the book for workloads whose replicas are not all ready and counts their pods: one list of each, or one of their
 * namespace where many are not ready in it. Failures are logged and leave what was known; nothing here ever ends a session.
 */
export function createObserver(
  session: Session,
  book: Book,
  options: { readonly clock: Clock; readonly log: Logger; readonly nodes: boolean },
): Observer {
  const { clock, log } = options
  const stopping = new AbortController()
  const looked = new Map<Subject, WorkloadFacts>()
  /** Workloads whose pods are to be looked at, by namespace. */
  const due = new Map<string, Set<Subject>>()
  const queue = createQueue({ clock, concurrency: 2, ready: () => true, run: look })

  /** Looks at the pods of all workloads of a namespace that are due; gives when to do so again. */
  async function look(namespace: string): Promise<number | undefined> {
    const subjects = [...(due.get(namespace) ?? [])]
    due.delete(namespace)
    const labelsOf = new Map<Subject, Labels>()
    for (const subject of subjects) {
      const labels = unreadyLabels(book.items.get(subject))
      if (labels) labelsOf.set(subject, labels)
      else if (book.pods.delete(subject)) book.changed()
    }
    try {
      const again: number[] = []
      for (const [subject, pods] of await podsOf(namespace, labelsOf)) {
        // It may have become ready meanwhile; then its pods were forgotten already.
        if (!unreadyLabels(book.items.get(subject))) continue
        const analysis = analyzePods(pods, clock.now())
        book.pods.set(subject, analysis)
        const pause = analysis.lookAgain ? soon : analysis.unschedulablePods > 0 ? later : undefined
        if (pause === undefined) continue
        again.push(pause)
        makeDue(namespace, subject)
      }
      if (labelsOf.size > 0) book.changed()
      return again.length === 0 ? undefined : Math.min(...again)
    } catch (error) {
      if (!stopping.signal.aborted)
        log.warn({ namespace, error: messageOf(error) }, 'pods of workloads cannot be listed')
      for (const subject of labelsOf.keys()) makeDue(namespace, subject)
      return later
    }
  }

  async function podsOf(
    namespace: string,
    labelsOf: ReadonlyMap<Subject, Labels>,
  ): Promise<ReadonlyMap<Subject, readonly JsonObject[]>> {
    const path = `/api/v1/namespaces/${namespace}/pods`
    const pods = new Map<Subject, JsonObject[]>([...labelsOf.keys()].map((subject) => [subject, []]))
    if (labelsOf.size < shared) {
      for (const [subject, labels] of labelsOf) {
        const labelSelector = selectorOf(labels)
        pods.set(subject, await listAll(session.transport, path, { labelSelector }))
      }
      return pods
    }
    for await (const json of pagesOf(session.transport, path)) {
      for (const pod of itemsOf(json)) {
        const own = getIn(pod, ['metadata', 'labels'])
        if (!isJsonObject(own)) continue
        for (const [subject, labels] of labelsOf)
          if (labels.every(([key, value]) => own[key] === value)) pods.get(subject)?.push(pod)
      }
    }
    return pods
  }

  function makeDue(namespace: string, subject: Subject): void {
    const known = due.get(namespace)
    if (known) known.add(subject)
    else due.set(namespace, new Set([subject]))
  }

  function check(): void {
    for (const { subject, live } of book.items.values()) {
      const facts = live?.workload
      if (!facts || sameCounts(looked.get(subject), facts)) continue
      looked.set(subject, facts)
      const namespace = parseSubject(subject)?.namespace
      if (facts.replicas === facts.readyReplicas || namespace === undefined) {
        if (book.pods.delete(subject)) book.changed()
        continue
      }
      makeDue(namespace, subject)
      queue.add(namespace, book.pods.has(subject) ? settleTime : firstLook)
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

type Labels = readonly (readonly [key: string, value: string])[]

/** Labels as the selector of a list. */
export function selectorOf(labels: Labels): string {
  return labels.map(([key, value]) => `${key}=${value}`).join(',')
}

/** What finds the pods of a workload that is wanted and not ready; undefined for every other. */
export function unreadyLabels(item: Pick<Item, 'wanted' | 'live'> | undefined): Labels | undefined {
  const facts = item?.live?.workload
  if (!item?.wanted || !facts || facts.replicas === facts.readyReplicas) return undefined
  return facts.matchLabels && Object.entries(facts.matchLabels)
}
