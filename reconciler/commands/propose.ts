import type { Clock } from '../clock.ts'
import type { openForge } from '../forge/open.ts'
import type { Forge, PullRequest } from '../forge/types.ts'
import { filesOf } from '../git/contents.ts'
import type { Repository } from '../git/types.ts'
import { type Committed, commitDirectly } from '../revert/commit-directly.ts'
import { subjectOf } from '../revert/message.ts'
import { type Proposal, propose } from '../revert/propose.ts'
import type { RepositoryFlags } from '../run/fleet-repository.ts'
import { type ForgeFlags, forgeSettings } from '../run/forge.ts'
import { patchText } from '../views/patch.ts'
import { mayGoOn } from './confirm.ts'
import type { CommandContext } from './context.ts'

/** Opens the forge of the repository; undefined where there is none, or none is to be used. */
export type OpenForge = typeof openForge

/** The options of every command that proposes a change. */
export interface ProposalFlags extends ForgeFlags, Pick<RepositoryFlags, 'repo' | 'branch' | 'gitCa'> {
  readonly dryRun?: true
  /** Commits to the source branch itself instead. */
  readonly commit?: true
  /** Does so unasked. */
  readonly yes?: true
}

/**
 * Proposes a change, or commits it, where the options say; a dry run opens no forge. Rejects as `propose` and `commitDirectly`,
 * and where the forge cannot be used now.
 */
export async function proposeOn(
  flags: ProposalFlags,
  proposal: Proposal,
  repository: Repository,
  { context, open }: { readonly context: CommandContext; readonly open: OpenForge },
): Promise<ProposalOutcome> {
  const { env, clock, terminal } = context
  if (flags.dryRun) {
    const { base, branch } = proposal
    return { type: 'shown', patch: await patchOf(proposal, repository), on: flags.commit ? base : branch }
  }
  if (flags.commit) {
    if (!flags.yes) terminal.note((await patchOf(proposal, repository)).trimEnd())
    const question = `Commit this to ${proposal.base}, "${subjectOf(proposal)}"?`
    if (!(await mayGoOn(question, flags.yes, context))) return { type: 'declined' }
    return commitDirectly(proposal, repository)
  }
  const forge = await openForgeOf(flags, env, clock, open)
  try {
    return await makeProposal(proposal, repository, forge)
  } finally {
    await forge?.close()
  }
}

async function openForgeOf(
  flags: ProposalFlags,
  env: NodeJS.ProcessEnv,
  clock: Clock,
  open: OpenForge,
): Promise<Forge | undefined> {
  const settings = await forgeSettings(flags, env)
  return settings && open(settings, clock)
}

/** What came of proposing a change. */
export type ProposalOutcome =
  /** `on` is the branch that it would be on. */
  | { readonly type: 'shown'; readonly patch: string; readonly on: string }
  | { readonly type: 'opened'; readonly pull: PullRequest }
  /** There is no forge; somebody has to open a pull request, or to merge the branch. */
  | { readonly type: 'pushed' }
  /** There was a branch of that name before, and perhaps an open pull request from it. */
  | { readonly type: 'exists'; readonly pull: PullRequest | undefined }
  | Committed
  /** It was to be committed, and the person said no, or could not be asked. */
  | { readonly type: 'declined' }

/** The change as a patch upon the tip of the source branch. */
async function patchOf({ upon, changes }: Proposal, repository: Pick<Repository, 'list' | 'read'>): Promise<string> {
  const before = await filesOf(repository, upon)
  const files = [...changes].map(async ([path, file]) => {
    const oid = before.get(path)
    return { path, before: oid === undefined ? undefined : await repository.read(oid), after: file?.content }
  })
  return patchText(await Promise.all(files))
}

/** Pushes a change as a branch and opens its pull request. Rejects as `propose`. */
async function makeProposal(
  proposal: Proposal,
  repository: Repository,
  forge: Forge | undefined,
): Promise<ProposalOutcome> {
  const { branch, base } = proposal
  const proposed = await propose(proposal, repository, forge)
  if (proposed.type !== 'exists') return proposed
  const open = await forge?.pullRequests(base)
  return { type: 'exists', pull: open?.find(({ head, fork }) => head.branch === branch && !fork) }
}

/** Who commits: as for Git itself, `GIT_AUTHOR_NAME` and `GIT_AUTHOR_EMAIL`. */
export function authorOf(env: NodeJS.ProcessEnv): { readonly name: string; readonly email: string } {
  return { name: env.GIT_AUTHOR_NAME || 'flotilla', email: env.GIT_AUTHOR_EMAIL || 'flotilla@localhost' }
}
