import { folderTree } from '../../repo-layout/read/folder.ts'
import type { FleetReader } from '../../repo-layout/read/reader.ts'
import type { SourceTree } from '../../repo-layout/read/tree.ts'
import { chartFolderTree } from '../charts/source-folder.ts'
import type { Clock } from '../clock.ts'
import { type Pulled, type PullOptions, PullProblem, pull } from '../cycle/pull.ts'
import { gitTree } from '../cycle/source.ts'
import { GitError } from '../git/error.ts'
import type { Repository } from '../git/types.ts'
import { resolveRevision } from './revision.ts'
import type { Revision } from './types.ts'

/** Which change a plan is about: a folder on disk, or a revision; the tip of the source branch where neither is given. */
export interface PlanQuestion {
  readonly source?: string
  readonly base?: string
  readonly head?: string
}

/** The source that is planned, and what it is planned upon. */
export interface Points {
  readonly base: Revision & { readonly commit: string }
  readonly head: Revision
  /** The source as it shall be. */
  readonly tree: SourceTree
  /** The same with the files that only Helm reads, where `tree` lacks them. */
  readonly chartTree?: SourceTree
  /** Both branches, with the commit of `head` (that of `base` for a folder) as its source. */
  readonly pulled: Pulled
  /** What is to be known of them, a sentence each. */
  readonly notes: readonly string[]
}

/** What points are read with. */
export interface PointsOptions {
  readonly repository: Repository
  readonly branches: { readonly source: string; readonly generated: string }
  readonly reader: FleetReader
  readonly clock: Clock
  readonly start: StartChecks
}

/** What a daemon asks before it starts, and how a plan takes the answers. */
export interface StartChecks extends Pick<PullOptions, 'notNewFleet' | 'commitsInUse' | 'anew'> {
  /** Whether there is no plan where the daemon would not start; else the plan says so, and goes on. */
  readonly strict: boolean
}

/**
 * Reads both branches as the daemon does, pushing nothing, and finds the revisions that are meant. Rejects with a
 * `PullProblem` where the daemon would not go on, or a revision does not exist, and with a `GitError` where the repository
 * cannot be read.
 */
export async function readPoints(question: PlanQuestion, options: PointsOptions): Promise<Points> {
  const { repository, branches, reader, clock, start } = options
  const notes: string[] = []
  const pulled = await pull({
    ...{ repository, branches, reader, clock, inForce: undefined, readOnly: true },
    ...{ anew: start.anew, commitsInUse: start.commitsInUse },
    notNewFleet: async (source) => {
      const reason = await start.notNewFleet(source)
      if (reason === undefined || start.strict) return reason
      notes.push(
        `The daemon would not start: ${reason}. If only this checkout lacks the branch, fetch it or give --repo.`,
      )
      return undefined
    },
    log: { warn: () => undefined },
  })
  const base = await revision(question.base, branches.source, pulled.source, repository)
  const undone = pulled.handMade.map(({ oid }) => oid.slice(0, 7))
  if (undone.length > 0)
    notes.push(
      `${undone.join(', ')} on ${branches.generated} ${undone.length === 1 ? 'was' : 'were'} made by hand and would be undone.`,
    )
  if (question.source !== undefined)
    return {
      ...{ base, notes, head: { name: question.source }, tree: folderTree(question.source) },
      chartTree: chartFolderTree(question.source),
      pulled: { ...pulled, source: base.commit },
    }
  const head = await revision(question.head, branches.source, pulled.source, repository)
  if (head.commit === pulled.source && pulled.refused !== undefined) throw new PullProblem(pulled.refused)
  if (head.commit !== base.commit && !(await contains(repository, head.commit, base.commit)))
    notes.push(
      `${head.name} does not hold all of ${base.name}: what it lacks would be undone. Merge or rebase first to see the change alone.`,
    )
  return { base, head, notes, tree: gitTree(repository, head.commit), pulled: { ...pulled, source: head.commit } }
}

async function revision(
  name: string | undefined,
  branch: string,
  tip: string,
  repository: Repository,
): Promise<Revision & { readonly commit: string }> {
  if (name === undefined) return { name: branch, commit: tip }
  const commit = await resolveRevision(repository, name)
  if (commit === undefined)
    throw new PullProblem(`the repository has no branch or commit "${name}"; a commit is named by its whole id`)
  await repository.readCommit(commit)
  return { name: /^[0-9a-f]{40}$/.test(name) ? name.slice(0, 7) : name, commit }
}

async function contains(repository: Repository, commit: string, ancestor: string): Promise<boolean> {
  try {
    return await repository.isAncestor(ancestor, commit)
  } catch (error) {
    if (error instanceof GitError && error.code === 'not-found') return false
    throw error
  }
}
