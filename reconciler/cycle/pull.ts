import type { Logger } from 'pino'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import type { FleetReader } from '../../repo-layout/read/reader.ts'
import type { Clock } from '../clock.ts'
import { GitError } from '../git/error.ts'
import { type Provenance, parseProvenance, previousOfOurs } from '../git/generated.ts'
import type { Commit, Refs, Repository } from '../git/types.ts'
import { gitTree } from './source.ts'

/** Both branches as they are now, fit to be rendered upon. */
export interface Pulled {
  readonly source: string
  /** Tip of the generated branch: the parent of the next commit; undefined for a new fleet. */
  readonly tip: Commit | undefined
  /** The nearest commit of ours, whose tree is the previous one. */
  readonly previous: Commit | undefined
  readonly provenance: Provenance | undefined
  /** Commits above it that someone else made. */
  readonly handMade: readonly Commit[]
  /** The source commit before, where the branch was forced away from it. */
  readonly forced: string | undefined
  /** ISO time of the fetch. */
  readonly fetchedAt: string
}

/** Why nothing can be rendered now, in one line for a person. */
export class PullProblem extends Error {}

/** What a pull may do where the generated branch is missing. */
export interface PullOptions {
  readonly repository: Repository
  readonly clock: Clock
  readonly branches: { readonly source: string; readonly generated: string }
  readonly reader: FleetReader
  /** Why this is no new fleet; undefined where it is one. Asked only where nothing is known of the generated branch. */
  readonly notNewFleet: (source: FleetSource) => Promise<string | undefined>
  readonly log: Logger
}

/**
 * Reads both branches from the remote at once. A generated branch that was deleted is pushed back from the clone; one
 * that is not ours is refused. Rejects with a `PullProblem` where it would be unsafe to go on, and with the
 * repository's own `GitError` where the remote cannot be read.
 */
export async function pull(options: PullOptions): Promise<Pulled> {
  const { repository, branches } = options
  const refs = await repository.fetch()
  const fetchedAt = new Date(options.clock.now()).toISOString()
  if (refs.source === undefined) throw new PullProblem(`the source has no branch "${branches.source}"`)
  const tip = await generatedTip(refs.source, refs, options)
  if (!tip) {
    return {
      source: refs.source,
      tip,
      previous: undefined,
      provenance: undefined,
      handMade: [],
      forced: undefined,
      fetchedAt,
    }
  }
  const { previous, above } = await previousOfOurs(repository, tip.oid)
  if (!previous) {
    throw new PullProblem(
      `the branch "${branches.generated}" was not made by Flotilla; name another in spec.generated.branch`,
    )
  }
  const provenance = parseProvenance(previous.message)
  const forced =
    provenance && (await wasForced(repository, provenance.sourceCommit, refs.source))
      ? provenance.sourceCommit
      : undefined
  return { source: refs.source, tip, previous, provenance, handMade: above, forced, fetchedAt }
}

async function generatedTip(source: string, refs: Refs, options: PullOptions): Promise<Commit | undefined> {
  const { repository, branches, reader, log } = options
  const last = await repository.lastGenerated()
  if (refs.generated !== undefined) {
    // Upon a shorter branch, decisions that are in force would be made again from nothing.
    if (last !== undefined && !(await repository.isAncestor(last, refs.generated)))
      throw new PullProblem(
        `the branch "${branches.generated}" was rewound: it lacks commit ${last.slice(0, 12)}, which was generated here; push that commit back, or remove the clone to go on from the branch as it is`,
      )
    return repository.readCommit(refs.generated)
  }
  if (last === undefined) {
    const fleet = await reader.read(gitTree(repository, source))
    const reason = fleet.source && (await options.notNewFleet(fleet.source))
    if (reason !== undefined) throw new PullProblem(reason)
    return undefined
  }
  const pushed = await repository.restoreGenerated(last)
  if (pushed.type !== 'pushed') {
    const why = pushed.type === 'rejected' ? pushed.reason : 'someone else made it meanwhile'
    throw new PullProblem(`the branch "${branches.generated}" is gone and cannot be pushed back: ${why}`)
  }
  log.warn({ branch: branches.generated }, 'the generated branch was gone; it was pushed back from the clone')
  return repository.readCommit(last)
}

async function wasForced(repository: Repository, before: string, now: string): Promise<boolean> {
  if (before === now) return false
  try {
    return !(await repository.isAncestor(before, now))
  } catch (error) {
    // A commit that the remote has no more was rewritten away.
    if (error instanceof GitError && error.code === 'not-found') return true
    throw error
  }
}
