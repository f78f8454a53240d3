import { getIn, type KubeObject } from '../../repo-layout/json.ts'
import { annotations } from '../../repo-layout/schema/common.ts'
import { formatSubject, groupOf } from '../../repo-layout/subject.ts'
import { sleep } from '../clock.ts'
import { ApiError, isRejected } from './errors.ts'
import { factsOf, type LiveFacts } from './facts.ts'
import { isAutoscaled, withoutIgnored } from './ignore.ts'
import { metadataText } from './manifest.ts'
import { isEstablished, isPrecious, rankOf, servedKinds } from './order.ts'
import { absorbItems, handOver } from './ownership.ts'
import { clashingList, immutableFields } from './refusal.ts'
import type { InventoryEntry } from './shards.ts'
import type { Task, Work } from './work.ts'

/** What a forced apply did. */
export interface Applied {
  readonly action: 'created' | 'configured' | 'unchanged'
  readonly object: KubeObject
  readonly message: string
}

/**
 * Creates an object that must not exist yet: where one exists (ours, or anybody's) the apply is refused with 409 and
 * nothing is changed. One request.
 */
export async function createNew(work: Work, task: Task): Promise<Applied> {
  const { object } = await work.api.apply(task.place, task.manifest, { onlyNew: true })
  return { action: 'created', object: await settle(work, task, object), message: '' }
}

/**
 * Makes a live object what is wanted by a forced apply upon its uid (409 where it is another by now) and, where one is
 * given, its resourceVersion (409 where it has changed). Paths that the rules leave to others are not fought over. What
 * forced apply alone cannot do is done before or after it: list items that clash with ours are absorbed, `spec.replicas`
 * that left the manifest keeps its live value, and where the object says so, it is deleted and created because of immutable
 * fields. Throws an `ApiError` for anything else.
 */
export async function update(work: Work, task: Task, live: KubeObject, resourceVersion?: string): Promise<Applied> {
  const { api } = work
  const { place } = task
  const uid = metadataText(live, 'uid')
  const manifest = withoutIgnored(task.manifest, live, work.settings.ignoreDifferences)
  if (getIn(manifest, ['spec', 'replicas']) === undefined) await handOver(api, place, live, ['spec', 'replicas'])
  try {
    const { object } = await api.apply(place, manifest, { uid, resourceVersion })
    // Somebody took the replicas from the autoscaler while they were left to it.
    if (isAutoscaled(live) && !isAutoscaled(object)) return update(work, task, object)
    const same = metadataText(object, 'resourceVersion') === metadataText(live, 'resourceVersion')
    return { action: same ? 'unchanged' : 'configured', object: await settle(work, task, object), message: '' }
  } catch (error) {
    const list = clashingList(error)
    const absorbed = list === undefined ? undefined : await absorbItems(api, place, live, list)
    if (absorbed) {
      const { object } = await api.apply(place, manifest, { uid })
      return { action: 'configured', object, message: `items that others added to ${list} were removed` }
    }
    const fields = immutableFields(error)
    const told = task.manifest.metadata.annotations?.[annotations.recreate] === 'true'
    if (fields.length === 0 || !told || isPrecious(task.subject)) throw error
    return recreate(work, task, live, fields)
  }
}

/**
 * The same without reading the object first: for an object whose uid is known and that, as far as was seen, has nothing to
 * leave to others. One request where all goes well. It is not forced: where another manager (an autoscaler, just now) took
 * a field that the watch has not told of yet, 409 says so and nothing is changed.
 */
export async function updateUnseen(work: Work, task: Task, uid: string, resourceVersion: string): Promise<Applied> {
  const { object } = await work.api.apply(task.place, task.manifest, { uid, force: false })
  const same = metadataText(object, 'resourceVersion') === resourceVersion
  return { action: same ? 'unchanged' : 'configured', object: await settle(work, task, object), message: '' }
}

/** What `update` would answer, without writing anything. */
export async function dryRun(work: Work, task: Task, live: KubeObject): Promise<KubeObject> {
  const manifest = withoutIgnored(task.manifest, live, work.settings.ignoreDifferences)
  return (await work.api.apply(task.place, manifest, { uid: metadataText(live, 'uid'), dryRun: true })).object
}

/** Longest time that a deleted object may take to go, or a CRD to be established, in milliseconds. */
const patience = 30_000

/** Deletes exactly the object that was read and creates it anew. What holds it (finalizers) is waited for. */
async function recreate(work: Work, task: Task, live: KubeObject, fields: readonly string[]): Promise<Applied> {
  const { api, clock } = work
  await api.remove(task.place, live)
  const until = clock.now() + patience
  for (let left: KubeObject | undefined = live; left; left = await api.get(task.place)) {
    if (metadataText(left, 'uid') !== metadataText(live, 'uid')) break
    if (clock.now() > until) throw slow(`it was deleted to be created anew, but its finalizers still hold it`)
    if (left !== live) await sleep(clock, 200)
  }
  const { object } = await createNew(work, task)
  return { action: 'configured', object, message: `deleted and created, since ${fields.join(', ')} cannot be changed` }
}

/** A CRD counts as applied when it is established and served: only then can objects of its kind be sent. */
async function settle(work: Work, task: Task, applied: KubeObject): Promise<KubeObject> {
  if (rankOf(task.subject) !== 1 || work.rehearsed) return applied
  const until = work.clock.now() + patience
  for (let object: KubeObject = applied; ; ) {
    if (isEstablished(object)) {
      work.refreshKinds()
      if (await isServed(work, object)) return object
    }
    if (work.clock.now() > until) throw slow('the CustomResourceDefinition was applied but is not established')
    await sleep(work.clock, 50)
    object = (await work.api.get(task.place)) ?? applied
  }
}

/** Whether the kind of a CRD can be found: the server lists it some time after it said that it is established. */
async function isServed({ api }: Work, definition: KubeObject): Promise<boolean> {
  for (const { apiVersion, kind } of servedKinds(definition)) {
    const subject = formatSubject({ group: groupOf(apiVersion), kind, namespace: undefined, name: 'any' })
    const place = await api.place(apiVersion, subject).catch((error: unknown) => {
      if (!isRejected(error, 404)) throw error
      return undefined
    })
    if (!place) return false
  }
  return true
}

function slow(message: string): ApiError {
  return new ApiError(message, { type: 'server', status: 504, retryAfterMs: 1000 })
}

/** Sums up a live object of a task. */
export function look(work: Work, task: Task, object: KubeObject): LiveFacts {
  return factsOf(object, task.wanted.object, work.secretKey)
}

/** Notes in the inventory that an object was just applied and is as `live` says. */
export function record(work: Work, task: Task, live: LiveFacts, state: InventoryEntry['state']): void {
  const { subject, manifest, wanted } = task
  const { uid, fingerprint } = live
  work.inventory.set({ subject, state, apiVersion: manifest.apiVersion, uid, oid: wanted.oid, fingerprint })
}

/** Whether a refusal says that the object is there, or is another one, or has changed: read it and decide anew. */
export function isConflict(error: unknown): boolean {
  return isRejected(error, 409)
}
