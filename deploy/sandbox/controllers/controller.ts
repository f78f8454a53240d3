import type { Clock } from '../../../reconciler/clock.ts'
import type { KubeObject } from '../../../repo-layout/json.ts'
import type { Delays } from '../types.ts'
import type { Client } from './client.ts'

/** An object that changed: as it is now, or as it was last. */
export interface Changed {
  readonly object: KubeObject
  readonly gone: boolean
  /** The object as it was before; undefined for what is new. */
  before(): KubeObject | undefined
}

/** What a controller works with. */
export interface Tools {
  readonly client: Client
  readonly clock: Clock
  readonly delays: Delays
  /** Looks at a key of the same controller again after so many milliseconds; an earlier wish for the same key stays. */
  again(key: string, ms: number): void
}

/**
 * A loop that brings what is towards what is wanted. `sync` is called for a key some time after each change that names it,
 * never twice at once, and must be right whatever happened in between; it looks at the state of now alone.
 */
export interface Controller {
  readonly name: string
  /** Which keys a change of a kind concerns, by the name that the kind is stored under. */
  readonly watches: { readonly [storage: string]: (changed: Changed, tools: Tools) => readonly string[] }
  sync(key: string, tools: Tools): void
}

/** The key of an object: `namespace/name`, or the name alone. */
export function keyOf({ metadata }: KubeObject): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`
}

/** A key taken apart. */
export function parseKey(key: string): { readonly namespace: string; readonly name: string } {
  const at = key.indexOf('/')
  return at < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, at), name: key.slice(at + 1) }
}

/** Names the changed object itself. */
export function itself({ object }: Changed): readonly string[] {
  return [keyOf(object)]
}
