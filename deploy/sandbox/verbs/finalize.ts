import type { Json, KubeObject } from '../../../repo-layout/json.ts'
import type { Backend } from '../backend.ts'
import { listOf, objectOf } from '../defaults/fill.ts'
import { type Entry, readEntry, withRevision } from '../store/entry.ts'

/** `PUT …/finalize`: sets the finalizers of a namespace; one that ends goes with the last of them. */
export function finalize(backend: Backend, entry: Entry, body: Json): KubeObject {
  const live = readEntry(entry)
  const finalizers = listOf(objectOf(objectOf(body).spec).finalizers)
  const next = { ...live, spec: finalizers.length > 0 ? { finalizers } : {} } as KubeObject
  const held = finalizers.length > 0 || listOf(live.metadata.finalizers).length > 0
  if (live.metadata.deletionTimestamp !== undefined && !held) {
    backend.store.remove('namespaces', '', entry.name)
    return next
  }
  backend.store.put('namespaces', next)
  return withRevision(next, backend.store.revision())
}
