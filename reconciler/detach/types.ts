import type { Subject } from '../../repo-layout/subject.ts'

/** What became of one object that Flotilla had applied; with `dryRun`, what would. */
export interface LetGo {
  readonly subject: Subject
  /** `left`: it is not ours any more, and was not touched. `failed`: it is ours still. */
  readonly outcome: 'released' | 'gone' | 'left' | 'failed'
  /** Why it was left or failed; empty otherwise. */
  readonly message: string
}

/** Something that stays in the cluster, and why. */
export interface Left {
  readonly subject: Subject
  readonly why: string
}

/** What taking Flotilla out of a member cluster came to. Sorted by Subject. */
export interface DetachReport {
  readonly cluster: string
  readonly fleet: string
  readonly dryRun: boolean
  readonly objects: readonly LetGo[]
  /** Our own objects that were deleted. */
  readonly removed: readonly Subject[]
  readonly left: readonly Left[]
  /** What could not be looked through for objects that are in no inventory. */
  readonly unread: readonly string[]
  /** Why it ended before its end; empty otherwise. */
  readonly problem: string
}
