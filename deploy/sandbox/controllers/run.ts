import type { Clock } from '../../../reconciler/clock.ts'
import { readEntry } from '../store/entry.ts'
import type { Change, Store } from '../store/store.ts'
import type { Delays } from '../types.ts'
import { controllers } from './all.ts'
import type { Client } from './client.ts'
import type { Controller, Tools } from './controller.ts'

/** What the controllers of a cluster need. */
export interface RunOptions {
  readonly store: Store
  readonly client: Client
  readonly clock: Clock
  readonly delays: Delays
  /** Told of a controller that failed; it goes on with the next key. */
  onError(error: unknown): void
}

/** Runs all controllers: nothing happens between changes. The result ends them. */
export function runControllers({ store, client, clock, delays, onError }: RunOptions): () => void {
  const queue = new Map<string, () => void>()
  const timers = new Map<string, { cancel(): void }>()
  let scheduled: { cancel(): void } | undefined
  let stopped = false

  function enqueue(controller: Controller, key: string, tools: Tools): void {
    queue.set(`${controller.name} ${key}`, () => controller.sync(key, tools))
    scheduled ??= clock.after(0, flush)
  }

  function flush(): void {
    scheduled = undefined
    // Work that comes up meanwhile waits for its turn, so that requests get theirs.
    const batch = [...queue.values()]
    queue.clear()
    for (const sync of batch) {
      if (stopped) return
      try {
        sync()
      } catch (error) {
        onError(error)
      }
    }
  }

  const byStorage = new Map<string, ((change: Change) => void)[]>()
  for (const controller of controllers) {
    const tools: Tools = {
      client,
      clock,
      delays,
      again(key, ms) {
        const id = `${controller.name} ${key}`
        if (timers.has(id) || stopped) return
        const timer = clock.after(ms, () => {
          timers.delete(id)
          enqueue(controller, key, tools)
        })
        timers.set(id, timer)
      },
    }
    for (const [storage, keysOf] of Object.entries(controller.watches)) {
      const held = byStorage.get(storage) ?? []
      byStorage.set(storage, held)
      held.push(({ current, previous }) => {
        const entry = current ?? previous
        if (!entry) return
        const changed = {
          object: readEntry(entry),
          gone: current === undefined,
          before: () => previous && readEntry(previous),
        }
        for (const key of keysOf(changed, tools)) enqueue(controller, key, tools)
      })
    }
  }
  const tell = (change: Change) => {
    for (const storage of [change.storage, '*']) for (const notify of byStorage.get(storage) ?? []) notify(change)
  }
  for (const storage of store.storages()) {
    for (const current of store.list(storage))
      tell({ revision: current.revision, storage, previous: undefined, current })
  }
  const unsubscribe = store.subscribe('*', tell)
  return () => {
    stopped = true
    unsubscribe()
    scheduled?.cancel()
    for (const timer of timers.values()) timer.cancel()
  }
}
