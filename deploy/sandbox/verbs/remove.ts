import { isJsonObject, type Json, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import { type Backend, timeText } from '../backend.ts'
import { listOf, numberOf, objectOf, textOf } from '../defaults/fill.ts'
import type { Resource } from '../resources/resource.ts'
import { badRequest, StatusError } from '../status.ts'
import { type Entry, readEntry, withRevision } from '../store/entry.ts'
import { admitDelete } from './admit.ts'
import { inVersion, stored } from './create.ts'
import { withMeta } from './meta.ts'

/** `DeleteOptions`. */
export interface DeleteOptions {
  readonly gracePeriodSeconds: number | undefined
  readonly propagation: 'Background' | 'Foreground' | 'Orphan' | undefined
  readonly uid: string
  readonly resourceVersion: string
  readonly dryRun: boolean
}

/** What a deletion led to: the object is gone, or waits for somebody. */
export interface Deletion {
  readonly gone: boolean
  readonly object: KubeObject
}

/** Reads `DeleteOptions` from a body and query; what the query says counts only without a body. */
export function deleteOptionsOf(body: Json | undefined, query: URLSearchParams, dryRun: boolean): DeleteOptions {
  const given = isJsonObject(body) ? body : {}
  const preconditions = objectOf(given.preconditions)
  const policy = textOf(given.propagationPolicy) || query.get('propagationPolicy') || ''
  const orphan = given.orphanDependents ?? query.get('orphanDependents')
  const grace = given.gracePeriodSeconds ?? query.get('gracePeriodSeconds')
  if (!['', 'Background', 'Foreground', 'Orphan'].includes(policy))
    throw badRequest(`invalid propagationPolicy ${JSON.stringify(policy)}`)
  return {
    gracePeriodSeconds: grace === null || grace === undefined ? undefined : Number(grace),
    propagation:
      policy === '' ? (orphan === true || orphan === 'true' ? 'Orphan' : undefined) : (policy as 'Background'),
    uid: textOf(preconditions.uid),
    resourceVersion: textOf(preconditions.resourceVersion),
    dryRun: dryRun || listOf(given.dryRun).includes('All'),
  }
}

/**
 * Deletes an object, or marks it where finalizers, a grace period or contents hold it. Throws 409 where a precondition
 * does not hold, 403 for what must not be deleted.
 */
export function removeObject(backend: Backend, resource: Resource, entry: Entry, options: DeleteOptions): Deletion {
  const live = inVersion(readEntry(entry), resource)
  checkPreconditions(resource, entry, live, options)
  admitDelete(resource, entry.name)
  const finalizers = finalizersAfter(resource, live, options)
  const grace = graceOf(resource, live, options)
  const held = finalizers.length > 0 || grace > 0 || (resource.storage === 'namespaces' && hasContents(live))
  if (!held) {
    if (!options.dryRun) backend.store.remove(resource.storage, entry.namespace, entry.name)
    return { gone: true, object: live }
  }
  const marked = withMeta(live, {
    ...(live.metadata.deletionTimestamp === undefined || grace < numberOf(live.metadata.deletionGracePeriodSeconds)
      ? deletionMarks(live, backend, resource, grace)
      : {}),
    finalizers: finalizers.length > 0 ? finalizers : undefined,
  })
  const object =
    resource.storage === 'namespaces'
      ? ({ ...marked, status: { ...objectOf(marked.status), phase: 'Terminating' } } as KubeObject)
      : marked
  if (options.dryRun || JSON.stringify(object) === JSON.stringify(live)) return { gone: false, object }
  backend.store.put(resource.storage, stored(resource, object))
  return { gone: false, object: inVersion(withRevision(object, backend.store.revision()), resource) }
}

function deletionMarks(live: KubeObject, backend: Backend, resource: Resource, grace: number): JsonObject {
  const { generation } = live.metadata
  return {
    deletionTimestamp: timeText(backend.clock.now() + grace * 1000),
    ...(resource.storage !== 'namespaces' && { deletionGracePeriodSeconds: grace }),
    ...(typeof generation === 'number' &&
      live.metadata.deletionTimestamp === undefined && { generation: generation + 1 }),
  }
}

function checkPreconditions(resource: Resource, entry: Entry, live: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options
  if (uid !== '' && uid !== live.metadata.uid)
    throw unmet(
      resource,
      entry.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${String(live.metadata.uid)}). The object might have been deleted and then recreated`,
    )
  if (resourceVersion !== '' && resourceVersion !== String(entry.revision))
    throw unmet(
      resource,
      entry.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${entry.revision}). The object might have been modified`,
    )
}

/** 409 for a precondition; Kubernetes names the kind here, not the resource. */
function unmet({ kind, group }: Resource, name: string, why: string): StatusError {
  const what = group === '' ? kind : `${kind}.${group}`
  return new StatusError(409, 'Conflict', `Operation cannot be fulfilled on ${what} ${JSON.stringify(name)}: ${why}`, {
    name,
    ...(group !== '' && { group }),
    kind,
  })
}

/** A policy is written as a finalizer, which the garbage collector takes away when it has done its part. */
function finalizersAfter(resource: Resource, live: KubeObject, { propagation }: DeleteOptions): readonly Json[] {
  const held = listOf(live.metadata.finalizers)
  const others = held.filter((one) => one !== 'orphan' && one !== 'foregroundDeletion')
  switch (propagation) {
    case 'Orphan':
      return [...others, 'orphan']
    case 'Foreground':
      return [...others, 'foregroundDeletion']
    case 'Background':
      return others
    default:
      // Jobs leave their pods behind where nothing is said, as they always have.
      return resource.storage === 'jobs.batch' && others.length === held.length ? [...others, 'orphan'] : held
  }
}

/** Only pods that run somewhere get time to end. */
function graceOf(resource: Resource, live: KubeObject, { gracePeriodSeconds }: DeleteOptions): number {
  if (resource.storage !== 'pods') return 0
  const spec = objectOf(live.spec)
  const phase = textOf(objectOf(live.status).phase)
  if (textOf(spec.nodeName) === '' || phase === 'Failed' || phase === 'Succeeded') return 0
  return gracePeriodSeconds ?? numberOf(spec.terminationGracePeriodSeconds, 30)
}

function hasContents(live: KubeObject): boolean {
  return listOf(objectOf(live.spec).finalizers).length > 0
}
