import type { Logger } from 'pino'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { milliseconds } from '../../repo-layout/schema/common.ts'
import type { Clock } from '../clock.ts'
import { parseAuthor } from '../cycle/generate.ts'
import type { Forge, PullRequest } from '../forge/types.ts'
import { explain } from '../git/error.ts'
import type { Repository } from '../git/types.ts'
import type { MemberStatus } from '../member/types.ts'
import type { FailedRollout } from '../rollout/failures.ts'
import { type Culprit, findCulprit } from './culprit.ts'
import { failedClusters } from './failed.ts'
import { findReleaseCulprit } from './failed-release.ts'
import { revertBranch, revertMessage, subjectOf } from './message.ts'
import { prepareReverts } from './prepare.ts'
import { openPull, type Proposal, type Proposed, propose } from './propose.ts'

/** What is in force, as the daemon knows it. */
export interface InForce {
  readonly source: FleetSource
  /** The tip of the source branch; nothing is done while it is not rendered. */
  readonly tip: string
  readonly generated: string
  readonly clusters: readonly MemberStatus[]
  /** Releases that failed and were given up. */
  readonly failures: readonly FailedRollout[]
}

/** Something that has failed. */
interface Failure {
  /** The same for the same failure, also after a restart. */
  readonly key: string
  /** In milliseconds since the epoch: may lie ahead. */
  readonly failedAt: number
  /** Finds what is to be taken back; undefined where nothing is. */
  find(): Promise<Culprit | undefined>
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
 * Makes what `spec.onFailure` asks for: when a source commit has failed for `after`, or a release that it made was given up so
 * long ago, the pull request that takes it back, once, with the evidence. Never for a commit that is a revert itself, nor for
 * what the commit did not change. A forge that fails is asked again, up to every five minutes, for as long as the commit is
 * in force and fails.
 */
export function createOnFailure(options: OnFailureOptions): OnFailure {
  const { repository, base, clock, log } = options
  let done: ReadonlySet<string> = new Set()
  let unopened: { readonly branch: string; readonly commit: string } | undefined
  let tries = 0
  /** What could not be done last gives way to what is due as well. */
  let waiting: string | undefined
  let notBefore = 0
  let running: Promise<void> | undefined
  let timer: { cancel(): void } | undefined
  let stopped = false

  function look(): void {
    timer?.cancel()
    timer = undefined
    const now = options.inForce()
    if (stopped || running || !now) return
    const { onFailure } = now.source.fleet.spec
    if (onFailure.action === 'None') return
    const failures = failuresOf(now)
    const keys = new Set([now.generated, ...failures.map(({ key }) => key)])
    done = new Set([...done].filter((key) => keys.has(key)))
    const dueAt = ({ failedAt }: Failure) => Math.max(notBefore, failedAt + milliseconds(onFailure.after))
    const [first] = failures
      .filter(({ key }) => !done.has(key))
      .sort((a, b) => dueAt(a) - dueAt(b) || Number(a.key === waiting) - Number(b.key === waiting))
    if (!first) return
    if (clock.now() < dueAt(first)) {
      timer = clock.after(dueAt(first) - clock.now(), look)
      return
    }
    running = act(now, first)
      .then(() => {
        done = new Set([...done, first.key])
        tries = 0
      })
      .catch((error: unknown) => {
        waiting = first.key
        notBefore = clock.now() + Math.min(longestPause, firstPause * 2 ** tries++)
        log.warn(`the revert of a failed commit waits: ${explain(error)}`)
      })
      .finally(() => {
        running = undefined
        look()
      })
  }

  function failuresOf({ source, generated, clusters, failures }: InForce): readonly Failure[] {
    const { onFailure, sync } = source.fleet.spec
    const failed = failedClusters(clusters, generated, sync.timeout)
    const after = milliseconds(onFailure.after)
    const ofReleases = failures.map((rollout) => ({
      key: keyOf(rollout),
      failedAt: rollout.since,
      find: () => ofRelease(rollout),
    }))
    if (failed.length === 0) return ofReleases
    const find = () => {
      const late = failed.filter(({ failedAt }) => failedAt + after <= clock.now())
      return findCulprit(repository, generated, late, sync.timeout)
    }
    const failedAt = Math.min(...failed.map((one) => one.failedAt))
    return [{ key: generated, failedAt, find }, ...ofReleases]
  }

  async function ofRelease(rollout: FailedRollout): Promise<Culprit | undefined> {
    const found = await findReleaseCulprit(repository, rollout)
    if (!('why' in found)) return found
    const { application, failed } = rollout
    log.warn({ application, release: failed.release, problem: found.why }, 'a release has failed; nothing is reverted')
    return undefined
  }

  async function act(now: InForce, failure: Failure): Promise<void> {
    const found = await failure.find()
    if (!found) return
    const { commit, others, stretches, body, isRight = () => true } = found
    const { spec } = now.source.fleet
    const prepared = await prepareReverts(repository, stretches, now.tip)
    const called = { commit: commit.oid, subject: subjectOf(commit) }
    if (prepared.type === 'empty') return
    if (prepared.type !== 'prepared' || !isRight(prepared.changes)) {
      log.warn({ ...called, problem: prepared.type }, 'a commit has failed and cannot be reverted by itself')
      return
    }
    const proposal: Proposal = {
      branch: revertBranch(commit.oid),
      upon: now.tip,
      changes: prepared.changes,
      message: revertMessage({ commit, with: others }),
      author: parseAuthor(spec.generated.author),
      body,
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

/** What was looked for in vain may be found in another commit. */
function keyOf({ application, failed, since, change }: FailedRollout): string {
  const what = change.type === 'found' ? change.commits[0].oid : change.why
  return [application, failed.release, since, what].join(' ')
}
