import type { Clock } from '../../../../reconciler/clock.ts'
import type { Place } from '../../../../reconciler/forge/place.ts'
import type { CommitStatus, Forge } from '../../../../reconciler/forge/types.ts'
import type { FakeRepository } from './repository.ts'
import type { FakeServer } from './server.ts'

/** A status that a fake took. */
export interface PostedStatus extends CommitStatus {
  readonly commit: string
  /** The time of the injected clock, in milliseconds. */
  readonly at: number
}

/**
 * A forge in memory with the repository `acme/fleet`, which enforces the limits that its real one documents. Tests read what
 * was posted, let time pass on the injected clock, and turn it off with `server.weather('down')`.
 */
export interface FakeForge {
  readonly place: Place
  readonly repository: FakeRepository
  readonly server: FakeServer
  /** The token that it takes. */
  readonly token: string
  /** Every status and check that it took, in order, in our words. */
  readonly posted: readonly PostedStatus[]
  /** Our adapter on it, with a good token unless another is given. */
  open(options?: { readonly token?: string }): Forge
  close(): Promise<void>
}

/** What a fake is made of. */
export interface FakeOptions {
  readonly clock: Clock
}
