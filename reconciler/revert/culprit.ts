import { parseProvenance, previousOfOurs } from '../git/generated.ts'
import type { BranchFile, Commit, Repository } from '../git/types.ts'
import { blamed, evidence, type FailedCluster } from './failed.ts'
import { isRevert } from './message.ts'
import type { Stretch } from './prepare.ts'

/** The commits that are to be taken back, and why. */
export interface Culprit {
  readonly commit: Commit
  /** Those that are taken back with it, newest first. */
  readonly others: readonly Commit[]
  /** What is taken back, newest first. */
  readonly stretches: readonly Stretch[]
  /** Whether what comes of that is what was wanted; left out where it may be anything. */
  readonly isRight?: (changes: ReadonlyMap<string, BranchFile | undefined>) => boolean
  /** What stands in the pull request, as Markdown. */
  readonly body: string
}

/**
 * The source commit that made a generated commit which does not work in these clusters; undefined where what fails is not its
 * doing, or where it is a revert. Rejects with a `GitError`.
 */
export async function findCulprit(
  repository: Repository,
  generated: string,
  late: readonly FailedCluster[],
  timeout: string,
): Promise<Culprit | undefined> {
  const made = await repository.readCommit(generated)
  const provenance = parseProvenance(made.message)
  const [parent] = made.parents
  // What was decided for another reason, such as a lost cluster, is not the commit's doing; a first commit has no before.
  if (provenance?.reason !== 'source' || parent === undefined) return undefined
  const filesOf = async (commit: string) =>
    new Map((await repository.list(commit)).map(({ path, oid }) => [path, oid] as const))
  const failed = blamed(late, await filesOf(parent), await filesOf(generated))
  if (failed.length === 0) return undefined
  const commit = await repository.readCommit(provenance.sourceCommit)
  if (await takesBack(repository, commit)) return undefined
  const { previous } = await previousOfOurs(repository, parent)
  const before = previous && parseProvenance(previous.message)?.sourceCommit
  const came = await repository.log(commit.oid, 50)
  const at = came.findIndex(({ oid }) => oid === before)
  const others = at > 1 ? came.slice(1, at) : []
  const from = at > 1 ? before : commit.parents[0]
  const said = `Commit ${commit.oid} was not applied and healthy within ${timeout}.`
  const body = bodyOf(said, others, evidence(failed))
  return { commit, others, stretches: [{ from, to: commit.oid }], body }
}

/** Whether a commit is a revert, or merges one. */
export async function takesBack(
  repository: Pick<Repository, 'readCommit'>,
  commit: Pick<Commit, 'message' | 'parents'>,
): Promise<boolean> {
  const [, second] = commit.parents
  return isRevert(commit, second === undefined ? undefined : await repository.readCommit(second))
}

/** What stands in the pull request: why, and the evidence. */
export function bodyOf(said: string, others: readonly Pick<Commit, 'oid'>[], shown: string): string {
  const came =
    others.length === 0 ? '' : ` With it came, and are taken back too: ${others.map(({ oid }) => oid).join(', ')}.`
  return [
    `${said}${came} This takes it back.`,
    '',
    shown,
    '',
    'Opened by Flotilla once, since the Fleet says so in `spec.onFailure`; closed, it stays closed.',
  ].join('\n')
}
