import type { Logger } from 'pino'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import type { FleetReader } from '../../repo-layout/read/reader.ts'
import type { Clock } from '../clock.ts'
import { type Provenance, parseProvenance, previousOfOurs } from '../git/generated.ts'
import { holds } from '../git/holds.ts'
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
  /** Why this source must not be rendered; undefined where it may. */
  readonly refused: string | undefined
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
  /** The generated commits that members say they run, by cluster. Asked only where nothing else tells what the branch held. */
  readonly commitsInUse: (source: FleetSource) => Promise<ReadonlyMap<string, string>>
  /** The generated commit that is in force in this process; undefined after a start. */
  readonly inForce: string | undefined
  /** After a start, the generated branch counts as it is, though it is missing or lacks what was generated before. */
  readonly anew: boolean
  /** Nothing is pushed: a generated branch that is gone counts as what the clone last knew of it. */
  readonly readOnly?: boolean
  readonly log: Pick<Logger, 'warn'>
}

/**
 * Reads both branches from the remote at once. A generated branch that was deleted is pushed back from the clone; one
 * that is not ours, or lacks what was generated or runs in a member, is refused. A source that was forced away from what
 * is rendered is taken; one that is merely older is not: a stale answer of the remote looks the same. Rejects with a
 * `PullProblem` where it would be unsafe to go on, and with the repository's own `GitError` where the remote cannot be
 * read.
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
      refused: undefined,
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
  const rendered = provenance?.sourceCommit
  const forced = rendered !== undefined && !(await holds(repository, refs.source, rendered)) ? rendered : undefined
  const isOlder = forced !== undefined && (await holds(repository, forced, refs.source))
  const refused = isOlder
    ? `the branch "${branches.source}" is at ${short(refs.source)}, older than ${short(forced)}, which is rendered; take a change back with "git revert", or push another commit`
    : undefined
  return { source: refs.source, tip, previous, provenance, handMade: above, forced, refused, fetchedAt }
}

async function generatedTip(source: string, refs: Refs, options: PullOptions): Promise<Commit | undefined> {
  const { repository, branches, reader, inForce, log } = options
  const isAnew = options.anew && inForce === undefined
  const before = isAnew ? [] : [await repository.lastGenerated(), inForce]
  const known = [...new Set(before)].filter((commit) => commit !== undefined)
  if (refs.generated !== undefined) {
    for (const commit of known) await mustHold(refs.generated, commit, 'was generated before', options)
    if (known.length === 0 && !isAnew) await mustHoldAllInUse(source, refs.generated, options)
    return repository.readCommit(refs.generated)
  }
  const last = await newest(repository, known)
  if (last === undefined) {
    const fleet = await reader.read(gitTree(repository, source))
    const reason = fleet.source && (await options.notNewFleet(fleet.source))
    if (reason !== undefined) throw new PullProblem(reason)
    return undefined
  }
  if (options.readOnly) return repository.readCommit(last)
  const pushed = await repository.restoreGenerated(last)
  if (pushed.type !== 'pushed') {
    const why = pushed.type === 'rejected' ? pushed.reason : 'someone else made it meanwhile'
    throw new PullProblem(`the branch "${branches.generated}" is gone and cannot be pushed back: ${why}`)
  }
  log.warn({ branch: branches.generated }, 'the generated branch was gone; it was pushed back from the clone')
  return repository.readCommit(last)
}

async function newest(repository: Repository, [a, b]: readonly string[]): Promise<string | undefined> {
  if (a === undefined || b === undefined) return a
  return (await repository.isAncestor(a, b)) ? b : a
}

/** Upon a shorter branch, decisions that are in force would be made again from nothing. */
async function mustHold(
  tip: string,
  commit: string,
  why: string,
  { repository, branches }: PullOptions,
): Promise<void> {
  if (await holds(repository, tip, commit)) return
  throw new PullProblem(
    `the branch "${branches.generated}" was rewound: it lacks commit ${commit.slice(0, 12)}, which ${why}; run "flotilla recover" to have it again, or start with --new-fleet to go on from the branch as it is`,
  )
}

async function mustHoldAllInUse(source: string, tip: string, options: PullOptions): Promise<void> {
  const fleet = await options.reader.read(gitTree(options.repository, source))
  if (!fleet.source) return
  for (const [cluster, commit] of await options.commitsInUse(fleet.source))
    await mustHold(tip, commit, `${cluster} runs`, options)
}

function short(commit: string): string {
  return commit.slice(0, 7)
}
