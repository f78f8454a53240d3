import type { KubeObject } from '../../../repo-layout/json.ts'
import { type Entry, keyOf, makeEntry } from './entry.ts'

/** What happened to one object at one revision. `previous` is missing for what was created, `current` for what is gone. */
export interface Change {
  readonly revision: number
  readonly storage: string
  readonly previous: Entry | undefined
  readonly current: Entry | undefined
}

/** The objects of one cluster and what happened to them lately. */
export interface Store {
  /** The revision of the last change. */
  revision(): number
  get(storage: string, namespace: string, name: string): Entry | undefined
  /** All objects of a kind by key; with a namespace only those in it. */
  list(storage: string, namespace?: string): readonly Entry[]
  /** The same as it was at an earlier revision; undefined where that is no longer known. */
  listAt(storage: string, revision: number, namespace?: string): readonly Entry[] | undefined
  /** Writes an object as it is, with a new revision. */
  put(storage: string, object: KubeObject): Entry
  /** Takes an object away, with a new revision; nothing where there is none. */
  remove(storage: string, namespace: string, name: string): void
  /** The changes of a kind after a revision, oldest first; undefined where some are no longer known. */
  since(storage: string, revision: number): readonly Change[] | undefined
  /** Calls back at every change of a kind, or of all kinds for `*`, until the result is called. */
  subscribe(storage: string, listener: (change: Change) => void): () => void
  /** The names of everything that has objects. */
  storages(): readonly string[]
  clear(): void
}

/** Changes that are remembered. A watch that is further behind must list again. */
const remembered = 1000

/** Revisions begin here: clients take 0 and 1 for special. */
const firstRevision = 100

/** An empty store. */
export function createStore(): Store {
  const collections = new Map<string, Map<string, Entry>>()
  const listeners = new Map<string, Set<(change: Change) => void>>()
  let history: Change[] = []
  let last = firstRevision
  /** Everything after this revision is in `history`. */
  let forgotten = firstRevision

  function note(change: Change): void {
    history.push(change)
    if (history.length >= 2 * remembered) {
      forgotten = history[remembered - 1]?.revision ?? forgotten
      history = history.slice(remembered)
    }
    for (const key of [change.storage, '*']) {
      for (const listener of [...(listeners.get(key) ?? [])]) listener(change)
    }
  }

  function list(storage: string, namespace?: string): readonly Entry[] {
    const all = [...(collections.get(storage)?.values() ?? [])]
    return sorted(namespace === undefined ? all : all.filter((entry) => entry.namespace === namespace))
  }

  return {
    revision: () => last,
    get: (storage, namespace, name) => collections.get(storage)?.get(keyOf(namespace, name)),
    list,
    listAt(storage, revision, namespace) {
      if (revision < forgotten) return undefined
      const entries = new Map(list(storage).map((entry) => [keyOf(entry.namespace, entry.name), entry]))
      for (let i = history.length - 1; i >= 0; i--) {
        const change = history[i]
        if (!change || change.revision <= revision) break
        if (change.storage !== storage) continue
        const one = change.previous ?? change.current
        if (!one) continue
        const key = keyOf(one.namespace, one.name)
        if (change.previous) entries.set(key, change.previous)
        else entries.delete(key)
      }
      const all = [...entries.values()]
      return sorted(namespace === undefined ? all : all.filter((entry) => entry.namespace === namespace))
    },
    put(storage, object) {
      const current = makeEntry(object, ++last)
      const collection = collections.get(storage) ?? new Map<string, Entry>()
      collections.set(storage, collection)
      const key = keyOf(current.namespace, current.name)
      const previous = collection.get(key)
      collection.set(key, current)
      note({ revision: last, storage, previous, current })
      return current
    },
    remove(storage, namespace, name) {
      const collection = collections.get(storage)
      const previous = collection?.get(keyOf(namespace, name))
      if (!collection || !previous) return
      collection.delete(keyOf(namespace, name))
      if (collection.size === 0) collections.delete(storage)
      note({ revision: ++last, storage, previous, current: undefined })
    },
    since(storage, revision) {
      if (revision < forgotten) return undefined
      return history.filter((change) => change.revision > revision && change.storage === storage)
    },
    subscribe(storage, listener) {
      const held = listeners.get(storage) ?? new Set()
      listeners.set(storage, held)
      held.add(listener)
      return () => {
        held.delete(listener)
        if (held.size === 0) listeners.delete(storage)
      }
    },
    storages: () => [...collections.keys()],
    clear() {
      collections.clear()
      listeners.clear()
      history = []
    },
  }
}

/** By namespace and name, bytewise, as the paths in etcd are. */
function sorted(entries: readonly Entry[]): readonly Entry[] {
  return [...entries].sort((a, b) => {
    const [x, y] = [keyOf(a.namespace, a.name), keyOf(b.namespace, b.name)]
    return x < y ? -1 : x > y ? 1 : 0
  })
}
