import type { Json, JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import type { Backend } from '../backend.ts'
import { decode } from '../decode/decode.ts'
import type { Resource } from '../resources/resource.ts'
import { StatusError } from '../status.ts'
import { readEntry } from '../store/entry.ts'
import { createObject } from '../verbs/create.ts'
import { finalize } from '../verbs/finalize.ts'
import { type DeleteOptions, removeObject } from '../verbs/remove.ts'
import { updateObject } from '../verbs/update.ts'

/** How a controller reads and writes: through the same verbs as everybody, under its own manager's name. */
export interface Client {
  get(storage: string, namespace: string, name: string): KubeObject | undefined
  list(storage: string, namespace?: string): readonly KubeObject[]
  /** Every object in whose text a word stands: a quick way to those that refer to a uid. */
  mentioning(word: string): readonly KubeObject[]
  /** Creates an object; undefined where one of that name exists or its namespace ends. */
  create(manager: string, object: KubeObject): KubeObject | undefined
  /** Writes the object that `change` makes of the live one; undefined where there is none any more. */
  update(
    manager: string,
    object: KubeObject,
    change: (live: KubeObject) => KubeObject,
    subresource?: string,
  ): KubeObject | undefined
  /** Writes a status, where it differs. */
  setStatus(manager: string, object: KubeObject, status: JsonObject): void
  remove(object: KubeObject, options?: Partial<DeleteOptions>): void
  /** Sets the finalizers of a namespace; one that ends goes with the last of them. */
  finalize(namespace: KubeObject, finalizers: readonly Json[]): void
  /** The names of every kind that has objects. */
  storages(): readonly string[]
  resource(apiVersion: string, kind: string): Resource | undefined
}

const plainDelete: DeleteOptions = {
  gracePeriodSeconds: undefined,
  propagation: undefined,
  uid: '',
  resourceVersion: '',
  dryRun: false,
}

/** The client of one cluster. */
export function createClient(backend: Backend): Client {
  const { store, registry } = backend

  function resourceOf({ apiVersion, kind }: KubeObject): Resource {
    const resource = registry.byKind(apiVersion, kind)
    if (!resource) throw new Error(`${apiVersion} ${kind} is not served`)
    return resource
  }

  function entryOf(object: KubeObject) {
    const resource = resourceOf(object)
    const { namespace = '', name, uid } = object.metadata
    const entry = store.get(resource.storage, namespace, name)
    return entry && readEntry(entry).metadata.uid === uid ? { resource, entry } : undefined
  }

  const client: Client = {
    get(storage, namespace, name) {
      const entry = store.get(storage, namespace, name)
      return entry && readEntry(entry)
    },
    list: (storage, namespace) => store.list(storage, namespace).map(readEntry),
    mentioning: (word) =>
      store.storages().flatMap((storage) =>
        store
          .list(storage)
          .filter((entry) => entry.text.includes(word))
          .map(readEntry),
      ),
    create(manager, object) {
      const resource = resourceOf(object)
      const decoded = decode({ resource, validation: 'Strict', duplicates: [], warn: () => undefined }, object)
      const by = { manager, apiVersion: resource.apiVersion, subresource: '' }
      return ignoring([403, 404, 409], () =>
        createObject(backend, resource, object.metadata.namespace ?? '', decoded, { by, dryRun: false }),
      )
    },
    update(manager, object, change, subresource = '') {
      const found = entryOf(object)
      if (!found) return undefined
      const { resource, entry } = found
      const by = { manager, apiVersion: resource.apiVersion, subresource }
      const next = change(readEntry(entry))
      const decoded = decode({ resource, validation: 'Ignore', duplicates: [], warn: () => undefined }, next)
      return updateObject(backend, resource, entry, decoded, { by, dryRun: false, patch: true })
    },
    setStatus: (manager, object, status) =>
      void client.update(manager, object, (live) => ({ ...live, status }) as KubeObject, 'status'),
    remove(object, options = {}) {
      const found = entryOf(object)
      if (found)
        ignoring([403], () => removeObject(backend, found.resource, found.entry, { ...plainDelete, ...options }))
    },
    finalize(namespace, finalizers) {
      const found = entryOf(namespace)
      if (found) finalize(backend, found.entry, { spec: { finalizers } })
    },
    storages: () => store.storages(),
    resource: (apiVersion, kind) => registry.byKind(apiVersion, kind),
  }
  return client
}

/** What is refused for a reason that the next change will clear up is left; anything else is an error. */
function ignoring<T>(codes: readonly number[], run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if (error instanceof StatusError && codes.includes(error.code)) return undefined
    throw error
  }
}
