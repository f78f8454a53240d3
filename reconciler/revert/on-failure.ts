import type { Logger } from 'pino'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { milliseconds } from '../../repo-layout/schema/common.ts'
import type { Clock } from '../clock.ts'
import { parseAuthor } from '../cycle/generate.ts'
import type { Forge, PullRequest } from '../forge/types.ts'
import { explain } from '../git/error.ts'
import { parseProvenance, previousOfOurs } from '../git/generated.ts'
import type { Commit, Repository } from '../git/types.ts'
import type { MemberStatus } from '../member/types.ts'
import { blamed, evidence, type FailedCluster, failedClusters } from './failed.ts'
import { isRevert, revertBranch, revertMessage, subjectOf } from './message.ts'
import { prepareRevert } from './prepare.ts'
import { openPull, type Proposal, type Proposed, propose } from './propose.ts'

/** What is in force, as the daemon knows it. */
export interface InForce {
  readonly source: FleetSource
  /** The tip of the source branch; nothing is done while it is not rendered. */
  readonly tip: string
  readonly generated: string
  readonly clusters: readonly MemberStatus[]
}

/** What the revert of failed commits needs. */
export interface OnFailureOptions {
  readonly repository: Repository
  /** The forge once it is found; without one the branch is pushed and that is all. */
  readonly forge: Promise<Forge | undefined>
  readonly base: string
  /** Undefined while nothing is in force, or this process may not speak for the fleet. */
  readonly inForce: () => InForce | undefined
  readonly clock: Clock
  readonly log: Pick<Logger, 'info' | 'warn'>
}

/** Looks after failed commits. */
export interface OnFailure {
  /** Looks whether a commit has failed for long enough; cheap, and returns at once. */
  look(): void
  /** Resolves when nothing is under way. */
  settled(): Promise<void>
  stop(): Promise<void>
}

const [firstPause, longestPause] = [5000, 300_000]
/** A branch without a pull request that is older was left so by a person, who closed it. */
const unfinishedFor = 15 * 60_000

/**
 * Makes what `spec.onFailure` asks for: when a source commit has failed for `after`, the pull request that takes it back, once,
 * with the evidence. Never for a commit that is a revert itself, nor for what the commit did not change. A forge that fails
 * is asked again, up to every five minutes, for as long as the commit is in force and fails.
 */
export function createOnFailure(options: OnFailureOptions): OnFailure {
  const { repository, base, clock, log } = options
  let done: string | undefined
  let unopened: { readonly branch: string; readonly commit: string } | undefined
  let tries = 0
  let notBefore = 0
  let running: Promise<void> | undefined
  let timer: { cancel(): void } | undefined
  let stopped = false

  function look(): void {
    timer?.cancel()
    timer = undefined
    const now = options.inForce()
    if (stopped || running || !now || now.generated === done) return
    const { onFailure, sync } = now.source.fleet.spec
    if (onFailure.action === 'None') return
    const failed = failedClusters(now.clusters, now.generated, sync.timeout)
    if (failed.length === 0) return
    const after = milliseconds(onFailure.after)
    const due = Math.max(notBefore, Math.min(...failed.map(({ failedAt }) => failedAt)) + after)
    if (clock.now() < due) {
      timer = clock.after(due - clock.now(), look)
      return
    }
    const late = failed.filter(({ failedAt }) => failedAt + after <= clock.now())
    running = act(now, late)
      .then(() => {
        done = now.generated
        tries = 0
      })
      .catch((error: unknown) => {
        notBefore = clock.now() + Math.min(longestPause, firstPause * 2 ** tries++)
        log.warn(`the revert of a failed commit waits: ${explain(error)}`)
      })
      .finally(() => {
        running = undefined
        look()
      })
  }

  async function act(now: InForce, late: readonly FailedCluster[]): Promise<void> {
    const found = await findCulprit(repository, now, late)
    if (!found) return
    const { commit, others, from, failed } = found
    const { spec } = now.source.fleet
    const prepared = await prepareRevert(repository, { from, to: commit.oid }, now.tip)
    const called = { commit: commit.oid, subject: subjectOf(commit) }
    if (prepared.type === 'empty') return
    if (prepared.type !== 'prepared') {
      log.warn({ ...called, problem: prepared.type }, 'a commit has failed and cannot be reverted by itself')
      return
    }
    const proposal: Proposal = {
      branch: revertBranch(commit.oid),
      upon: now.tip,
      changes: prepared.changes,
      message: revertMessage({ commit, with: others }),
      author: parseAuthor(spec.generated.author),
      body: bodyOf(commit, others, failed, spec.sync.timeout),
      base,
    }
    const forge = await options.forge
    const pull = await pullFor(proposal, forge)
    if (!pull) {
      log.warn({ ...called, branch: proposal.branch }, 'a commit has failed; its revert is a branch')
      return
    }
    log.warn({ ...called, url: pull.url }, 'a commit has failed; its revert is a pull request')
    if (spec.onFailure.action === 'MergeRevert' && forge && pull.state === 'open') {
      await forge.merge(pull.number, pull.head.commit)
      log.warn({ ...called, url: pull.url }, 'the revert of a failed commit was merged')
    }
  }

  async function pullFor(proposal: Proposal, forge: Forge | undefined): Promise<PullRequest | undefined> {
    const { branch } = proposal
    if (unopened?.branch !== branch) {
      // Asked first: a commit that is made again within a second has the same id, and its push would seem to be the first.
      const there = await repository.refAt(`refs/heads/${branch}`)
      const proposed: Proposed =
        there === undefined ? await propose(proposal, repository, undefined) : { type: 'exists', commit: there }
      if (proposed.type === 'exists') {
        const open = (await forge?.pullRequests(base))?.find(({ head, fork }) => head.branch === branch && !fork)
        if (open || !forge) return open
        const { author } = await repository.readCommit(proposed.commit)
        if (clock.now() - author.time * 1000 > unfinishedFor) return undefined
      }
      unopened = { branch, commit: proposed.commit }
    }
    return forge && openPull(proposal, forge)
  }

  return {
    look,
    async settled() {
      while (running) await running
    },
    async stop() {
      stopped = true
      timer?.cancel()
      await running
    },
  }
}

interface Culprit {
  readonly commit: Commit
  readonly others: readonly Commit[]
  /** The commit that it is taken back to. */
  readonly from: string | undefined
  readonly failed: readonly FailedCluster[]
}

async function findCulprit(
  repository: Repository,
  { generated }: InForce,
  late: readonly FailedCluster[],
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
  const [first, second] = commit.parents
  if (isRevert(commit, second === undefined ? undefined : await repository.readCommit(second))) return undefined
  const { previous } = await previousOfOurs(repository, parent)
  const before = previous && parseProvenance(previous.message)?.sourceCommit
  const came = await repository.log(commit.oid, 50)
  const at = came.findIndex(({ oid }) => oid === before)
  const others = at > 1 ? came.slice(1, at) : []
  return { commit, others, from: at > 1 ? before : first, failed }
}

function bodyOf(commit: Commit, others: readonly Commit[], failed: readonly FailedCluster[], timeout: string): string {
  const came =
    others.length === 0 ? '' : ` With it came, and are taken back too: ${others.map(({ oid }) => oid).join(', ')}.`
  return [
    `Commit ${commit.oid} was not applied and healthy within ${timeout}.${came} This takes it back.`,
    '',
    evidence(failed),
    '',
    'Opened by Flotilla once, since the Fleet says so in `spec.onFailure`; closed, it stays closed.',
  ].join('\n')
}
