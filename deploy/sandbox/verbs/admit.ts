import type { KubeObject } from '../../../repo-layout/json.ts'
import type { Backend } from '../backend.ts'
import type { Resource } from '../resources/resource.ts'
import { aboutStorage, notFound, StatusError } from '../status.ts'
import { readEntry } from '../store/entry.ts'

/** Namespaces that are never deleted. */
const permanent = new Set(['default', 'kube-system', 'kube-public'])

/** Refuses to create in a namespace that is missing (404) or ends (403). */
export function admitCreate(backend: Backend, resource: Resource, namespace: string, name: string): void {
  if (!resource.namespaced) return
  const entry = backend.store.get('namespaces', '', namespace)
  if (!entry) throw notFound('namespaces', namespace)
  if (readEntry(entry).metadata.deletionTimestamp === undefined) return
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`
  throw new StatusError(
    403,
    'Forbidden',
    `${resource.storage} ${JSON.stringify(name)} is forbidden: ${why}`,
    aboutStorage(resource.storage, name),
    [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  )
}

/** Refuses what whoever started the cluster does not admit (422). */
export function admitWrite(
  { admit }: Backend,
  { storage }: Resource,
  operation: 'CREATE' | 'UPDATE',
  object: KubeObject,
): void {
  const why = admit?.({ operation, resource: storage, object })
  if (why === undefined) return
  const { name } = object.metadata
  const message = `${storage} ${JSON.stringify(name)} is forbidden: ${why}`
  throw new StatusError(422, 'Invalid', message, aboutStorage(storage, name))
}

/** Refuses to delete a namespace that the cluster cannot live without. */
export function admitDelete(resource: Resource, name: string): void {
  if (resource.storage !== 'namespaces' || !permanent.has(name)) return
  throw new StatusError(
    403,
    'Forbidden',
    `namespaces ${JSON.stringify(name)} is forbidden: this namespace may not be deleted`,
    aboutStorage('namespaces', name),
  )
}
