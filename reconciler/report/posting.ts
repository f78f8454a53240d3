import type { CommitStatus } from '../forge/types.ts'

/** A status that a commit should have, with how much it matters. */
export interface Posting extends CommitStatus {
  /** Lower is sent first. */
  readonly rank: number
  /**
   * Before these times it is not sent: where nothing stands yet, where a success stands, where a failure or an error does. In
   * milliseconds since the epoch; left out where it is sent at once.
   */
  readonly patience?: { readonly fresh: number; readonly success: number; readonly failed: number }
  /** Words of the description that say what happens once: where none that was sent has them, they do not wait. */
  readonly news?: string
}

/** What is sent first: whether the fleet is well, then what is not, then the rest. */
export const ranks = { fleet: 0, refused: 1, bad: 2, overtaken: 3, part: 4, overtakenPart: 5 } as const

/** From here on a status is one of many, and waits where requests become scarce. */
export const minorRank: number = ranks.part

/** When a posting may take the place of what stands. */
export function dueAt({ patience }: Posting, posted: CommitStatus | undefined): number {
  if (!patience || posted?.state === 'pending') return Number.NEGATIVE_INFINITY
  if (!posted) return patience.fresh
  return posted.state === 'success' ? patience.success : patience.failed
}

/** Whether a forge would show the same. */
export function isSame(a: CommitStatus, b: CommitStatus): boolean {
  return a.state === b.state && a.description === b.description
}
