import type { KubeObject } from '../../repo-layout/json.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import type { Clock } from '../clock.ts'
import type { Api, Place } from './api.ts'
import type { LiveFacts } from './facts.ts'
import type { Inventory } from './inventory.ts'
import type { InventoryEntry } from './shards.ts'
import type { Action, DesiredObject, Drift, FieldDrift, HeldDeletion, MemberSettings } from './types.ts'

/** What working on an object needs of its member. */
export interface Work {
  readonly api: Api
  readonly inventory: Inventory
  readonly settings: MemberSettings
  readonly secretKey: string
  readonly clock: Clock
  /** Called when a CRD was established: what the server serves has changed. */
  refreshKinds(): void
  /** Writes are only rehearsed (`reconciler/plan/`), so that nothing is waited for that they would bring about. */
  readonly rehearsed?: boolean
}

/** One wanted object and what is known of it. */
export interface Task {
  readonly subject: Subject
  readonly wanted: DesiredObject
  /** What is sent, before ignored paths are taken out. */
  readonly manifest: KubeObject
  readonly place: Place
  readonly entry: InventoryEntry | undefined
  /** The drift that was known so far. */
  readonly drift: Drift | undefined
}

/** What came of working on an object. */
export interface Outcome {
  readonly action: Action
  readonly message: string
  /** The live object after it, summed up, where it was read or written. */
  readonly live?: LiveFacts
  /** The drift that is known now, undefined where there is none; left out where nothing was learned about it. */
  readonly drift?: Drift | undefined
  /** What others had set and a new manifest has undone. */
  readonly overwrote?: readonly FieldDrift[] | undefined
  /** Whether the object was written to undo what somebody did. */
  readonly healed?: boolean
  /** The deletion that waits to be allowed. */
  readonly held?: HeldDeletion
  /** Milliseconds after which to look again. */
  readonly again?: number
}
