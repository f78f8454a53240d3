import type { CommitStatus, Forge, PostedStatus } from '../forge/types.ts'
import type { Limits, SharedLimits } from './budget.ts'

/** Where statuses of commits are shown. Its methods reject with a `ForgeError`. */
export interface Board {
  /** As people call it: `gitea`, `notes`. */
  readonly name: string
  /** The newest status of each context of a commit. */
  statuses(commit: string): Promise<readonly CommitStatus[]>
  /** What was posted on a commit since then, in milliseconds since the epoch, oldest first; none where that is not kept. */
  since(commit: string, at: number): Promise<readonly PostedStatus[]>
  /** Shows these statuses beside those that are there, in one write. */
  post(commit: string, statuses: readonly CommitStatus[]): Promise<void>
  /** How many statuses one write can take. */
  readonly atOnce: number
  readonly limits: Limits
  /** Limits that statuses share with what else is written there; left out where there are none. */
  readonly shared?: SharedLimits | undefined
  /** The page of a generated commit; undefined where there is none. */
  pageOf(commit: string): string | undefined
}

/**
 * GitHub documents 80 content-creating requests a minute and 500 an hour, which comments on pull requests share. The others
 * have no such limit, or the one of their administrator; this is what none of them feels.
 */
const limits: Readonly<Record<Forge['kind'], Limits>> = {
  github: { perMinute: 60, perHour: 400 },
  gitlab: { perMinute: 240, perHour: 3000 },
  gitea: { perMinute: 600, perHour: 6000 },
}

/** As GitHub documents it, for all that one credential writes. */
const githubLimits: Limits = { perMinute: 80, perHour: 500 }

/** The commit statuses of a forge. */
export function forgeBoard(forge: Forge): Board {
  const others = forge.otherWrites
  return {
    name: forge.kind,
    statuses: (commit) => forge.statuses(commit),
    since: (commit, at) => forge.statusesSince(commit, at),
    async post(commit, statuses) {
      for (const status of statuses) await forge.setStatus(commit, status)
    },
    atOnce: 1,
    limits: limits[forge.kind],
    ...(others ? { shared: { limits: githubLimits, others } } : {}),
    pageOf: (commit) => forge.commitUrl(commit),
  }
}
