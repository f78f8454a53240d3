import type { KubeObject } from '../../../repo-layout/json.ts'
import type { Clock } from '../../clock.ts'
import type { Resource } from '../discovery.ts'
import { messageOf } from '../errors.ts'
import { isEarlier } from '../facts.ts'
import { metadataText } from '../manifest.ts'
import type { Transport } from '../transport.ts'
import { keyOf, watchKind } from '../watch.ts'

/** What is kept of each watched object. */
interface Kept<T> {
  readonly facts: T
  readonly resourceVersion: string
}

/** Some objects of one kind in one namespace, as they are now. */
export interface Selection<T> {
  /**
   * What is known of them, the same list while nothing changed; undefined while that may not be all, or not be so any more.
   */
  facts(): readonly T[] | undefined
  /** Why they cannot be watched; empty where they can. */
  problem(): string
  /** Takes the state that was answered to a write, unless a newer one is known or the object is gone. */
  wrote(object: KubeObject): void
  stop(): void
}

/** What a selection is made of, and whom it tells. */
export interface SelectionOptions<T> {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: () => number
  readonly resource: Resource
  readonly namespace: string
  readonly labelSelector: string
  sumUp(object: KubeObject): T
  /** Facts that changed, as they were and as they are now; neither where only what is known of all of them did. */
  onChange(before: T | undefined, now: T | undefined): void
  onError(error: unknown): void
}

/** Lists and watches until it is stopped. Never rejects: what goes wrong is told, and tried again. */
export function watchSelection<T>(options: SelectionOptions<T>): Selection<T> {
  const { resource, namespace, onChange, sumUp } = options
  const kept = new Map<string, Kept<T>>()
  const stopping = new AbortController()
  let list: readonly T[] | undefined
  let isListed = false
  let problem = ''

  function take(object: KubeObject): void {
    const key = keyOf(object)
    const before = kept.get(key)
    const resourceVersion = metadataText(object, 'resourceVersion')
    if (before && (before.resourceVersion === resourceVersion || isEarlier(resourceVersion, before.resourceVersion)))
      return
    const facts = sumUp(object)
    kept.set(key, { facts, resourceVersion })
    list = undefined
    onChange(before?.facts, facts)
  }

  function forget(key: string): void {
    const before = kept.get(key)
    if (!kept.delete(key)) return
    list = undefined
    onChange(before?.facts, undefined)
  }

  function note(listed: boolean, text: string): void {
    if (isListed === listed && problem === text) return
    isListed = listed
    problem = text
    onChange(undefined, undefined)
  }

  void watchKind({
    ...options,
    signal: stopping.signal,
    onObject: take,
    onDeleted: (object) => forget(keyOf(object)),
    onSynced(seen) {
      for (const key of [...kept.keys()]) if (!seen.has(key)) forget(key)
      note(true, '')
    },
    onOpen: () => note(isListed, ''),
    onError(error) {
      if (stopping.signal.aborted) return
      note(isListed, `cannot watch ${resource.plural} in ${namespace}: ${messageOf(error)}`)
      options.onError(error)
    },
  })

  return {
    facts() {
      if (!isListed || problem !== '') return undefined
      list ??= [...kept.values()].map(({ facts }) => facts)
      return list
    },
    problem: () => problem,
    wrote(object) {
      if (kept.has(keyOf(object))) take(object)
    },
    stop: () => stopping.abort(),
  }
}
