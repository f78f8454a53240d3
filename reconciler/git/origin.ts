import type { Pack } from './pack.ts'
import type { Store, StoredObject } from './store.ts'
import type { PushResult, Refs } from './types.ts'

/** The two branches of a fleet, by name without `refs/heads/`. */
export interface Branches {
  readonly source: string
  readonly generated: string
}

/** A new commit on its way to a ref, by its full name. */
export interface Push {
  readonly ref: string
  readonly commit: string
  readonly parent: string | undefined
  /** Everything that the parent lacks. */
  readonly pack: Pack
}

/** Where a fleet's commits come from and go to. The same for a remote and for a repository on this disk. */
export interface Origin {
  /** Its name in messages, without a credential. */
  readonly where: string
  /** Both branches; everything they need is at hand afterwards. */
  fetch(): Promise<Refs>
  read(oid: string): Promise<StoredObject | undefined>
  /** Says that an object is missing which ought to be there: a clone is then made anew by the next `fetch`. */
  distrust(): void
  /** Tries to bring a commit that is not at hand; nothing changes where the remote does not give it. */
  obtain(oid: string): Promise<void>
  tips(): Promise<readonly string[]>
  /** What a ref is at, given by its full name; undefined where there is none. */
  refAt(ref: string): Promise<string | undefined>
  deepen(tip: string, step: number): Promise<boolean>
  /** Moves a ref by compare-and-swap. On `pushed` the commit is at hand. */
  push(push: Push): Promise<PushResult>
  lastGenerated(): Promise<string | undefined>
  close(): Promise<void>
}

/** Reads an object from the first of these stores that holds it. */
export async function readFirst(stores: readonly Store[], oid: string): Promise<StoredObject | undefined> {
  for (const store of stores) {
    const found = await store.read(oid)
    if (found) return found
  }
  return undefined
}
