import type { KubeObject } from '../../repo-layout/json.ts'
import { type Clock, sleep } from '../clock.ts'
import { messageOf } from './errors.ts'
import type { Session } from './session.ts'
import { watchKind } from './watch.ts'

/** A kind in the version in which it is applied: fields are recorded for that version only. */
export type KindKey = `${string}|${string}`

/** The key of a kind. */
export function kindKey(apiVersion: string, kind: string): KindKey {
  return `${apiVersion}|${kind}`
}

/** Whom watched kinds tell. */
export interface KindListener {
  onObject(key: KindKey, object: KubeObject): void
  onDeleted(key: KindKey, object: KubeObject): void
  /** A list of the kind was read to its end (nothing, where the server does not serve it yet). */
  onSynced(key: KindKey, seen: ReadonlySet<string>): void
  onError(key: KindKey, error: unknown): void
  /** What failed before goes on. */
  onRecovered(key: KindKey): void
}

/** The watches of one session, one for each kind in use. */
export interface Kinds {
  /** Starts and ends watches so that exactly these kinds are watched. */
  use(keys: ReadonlySet<KindKey>): void
  /** Whether the objects of a kind are known, or cannot be. */
  isSynced(key: KindKey): boolean
  /** Why kinds cannot be watched now. */
  problems(): readonly string[]
  /** What the server serves has changed: kinds that were missing are looked for again. */
  refresh(): void
  stop(): void
}

/** Kinds that the server does not serve are looked for again after so many milliseconds. */
const lookAgain = 30_000

/** Makes the watches of a session; nothing is watched before `use`. */
export function createKinds(
  session: Session,
  selector: string,
  options: { readonly clock: Clock; readonly random: () => number },
  listener: KindListener,
): Kinds {
  const watches = new Map<KindKey, AbortController>()
  const synced = new Set<KindKey>()
  const problems = new Map<KindKey, string>()
  let wake = new AbortController()

  async function run(key: KindKey, signal: AbortSignal): Promise<void> {
    const [apiVersion = '', kind = ''] = key.split('|')
    while (!signal.aborted) {
      const refreshed = wake.signal
      const resource = await session.discovery.resource(apiVersion, kind).catch((error: unknown) => {
        if (!signal.aborted) fail(key, error)
        return 'unknown' as const
      })
      if (signal.aborted) return
      if (resource !== 'unknown' && resource?.verbs.includes('watch')) {
        return watchKind({
          ...options,
          transport: session.transport,
          resource,
          labelSelector: selector,
          signal,
          onObject(object) {
            if (!signal.aborted) listener.onObject(key, object)
          },
          onDeleted(object) {
            if (!signal.aborted) listener.onDeleted(key, object)
          },
          onSynced(seen) {
            if (!signal.aborted) found(key, seen)
          },
          onOpen() {
            if (problems.delete(key)) listener.onRecovered(key)
          },
          onError: (error) => fail(key, error),
        })
      }
      if (resource !== 'unknown') found(key, new Set())
      await sleep(options.clock, lookAgain, AbortSignal.any([signal, refreshed]))
    }
  }

  function found(key: KindKey, seen: ReadonlySet<string>): void {
    synced.add(key)
    problems.delete(key)
    listener.onSynced(key, seen)
  }

  function fail(key: KindKey, error: unknown): void {
    // Objects of a kind that we may not list can still be applied one by one.
    synced.add(key)
    problems.set(key, `cannot watch ${key.split('|')[1]}: ${messageOf(error)}`)
    listener.onError(key, error)
  }

  return {
    use(keys) {
      for (const [key, controller] of watches) {
        if (keys.has(key)) continue
        controller.abort()
        watches.delete(key)
        synced.delete(key)
        problems.delete(key)
      }
      for (const key of keys) {
        if (watches.has(key)) continue
        const controller = new AbortController()
        watches.set(key, controller)
        void run(key, controller.signal)
      }
    },
    isSynced: (key) => synced.has(key),
    problems: () => [...problems.values()],
    refresh() {
      session.discovery.refresh()
      wake.abort()
      wake = new AbortController()
    },
    stop() {
      for (const controller of watches.values()) controller.abort()
      watches.clear()
      wake.abort()
    },
  }
}
