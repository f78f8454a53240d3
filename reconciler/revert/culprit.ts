import { parseSteps, recordPath } from '../../render/shipper/record.ts'
import { labels } from '../../render/shipper/rollout.ts'
import { getIn } from '../../repo-layout/json.ts'
import { firstDocument } from '../../repo-layout/yaml/parse.ts'
import { filesOf, readText } from '../git/contents.ts'
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
  const [before, after] = [await filesOf(repository, parent), await filesOf(repository, generated)]
  const failed = await withoutMoves(repository, blamed(late, before, after), before, after)
  if (failed.length === 0) return undefined
  const commit = await repository.readCommit(provenance.sourceCommit)
  if (await takesBack(repository, commit)) return undefined
  const { previous } = await previousOfOurs(repository, parent)
  const source = previous && parseProvenance(previous.message)?.sourceCommit
  const came = await repository.log(commit.oid, 50)
  const at = came.findIndex(({ oid }) => oid === source)
  const others = at > 1 ? came.slice(1, at) : []
  const from = at > 1 ? source : commit.parents[0]
  const said = `Commit ${commit.oid} was not applied and healthy within ${timeout}.`
  const body = bodyOf(said, others, evidence(failed))
  return { commit, others, stretches: [{ from, to: commit.oid }], body }
}

/** The same without objects of releases that the commit neither began nor sent to another step: these moved by themselves. */
async function withoutMoves(
  repository: Pick<Repository, 'read'>,
  failed: readonly FailedCluster[],
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Promise<readonly FailedCluster[]> {
  const read = async (oid: string | undefined) => (oid === undefined ? undefined : readText(repository, oid))
  const stepIn = async (files: ReadonlyMap<string, string>, path: string) =>
    parseSteps((await read(files.get(path))) ?? '')?.targetStep
  const isMove = async (path: string) => {
    const record = recordOfObject((await read(after.get(path))) ?? '')
    const step = record && (await stepIn(before, record))
    return record !== undefined && step !== undefined && step === (await stepIn(after, record))
  }
  const found: FailedCluster[] = []
  for (const one of failed) {
    const objects: FailedCluster['objects'][number][] = []
    for (const object of one.objects) if (!(await isMove(object.path))) objects.push(object)
    if (objects.length > 0) found.push({ ...one, objects })
  }
  return found
}

/** Where the record of the release is that an object is of; undefined for what is of none. */
function recordOfObject(text: string): string | undefined {
  const metadata = getIn(firstDocument(text), ['metadata'])
  const own = (label: string) => getIn(metadata, ['labels', label])
  const [namespace, application, name] = [getIn(metadata, ['namespace']), own(labels.app), own(labels.release)]
  if (typeof namespace !== 'string' || typeof application !== 'string' || typeof name !== 'string') return undefined
  return recordPath({ namespace, application, name })
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
