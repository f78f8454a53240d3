import type { Clock } from '../clock.ts'
import type { openForge } from '../forge/open.ts'
import type { Forge, PullRequest } from '../forge/types.ts'
import type { Repository } from '../git/types.ts'
import { type Proposal, propose } from '../revert/propose.ts'
import type { RepositoryFlags } from '../run/fleet-repository.ts'
import { type ForgeFlags, forgeSettings } from '../run/forge.ts'
import { patchText } from '../views/patch.ts'
import type { Terminal } from './terminal.ts'

/** Opens the forge of the repository; undefined where there is none, or none is to be used. */
export type OpenForge = typeof openForge

/** The options of every command that proposes a change. */
export type ProposalFlags = ForgeFlags & Pick<RepositoryFlags, 'repo' | 'branch' | 'gitCa'> & { readonly dryRun?: true }

/**
 * Proposes a change where the options say; a dry run opens no forge. Rejects as `propose`, and where the forge cannot be
 * used now.
 */
export async function proposeOn(
  flags: ProposalFlags,
  proposal: Proposal,
  repository: Proposing['repository'],
  { env, clock, open }: { readonly env: NodeJS.ProcessEnv; readonly clock: Clock; readonly open: OpenForge },
): Promise<ProposalOutcome> {
  const dryRun = flags.dryRun === true
  const forge = dryRun ? undefined : await openForgeOf(flags, env, clock, open)
  try {
    return await makeProposal(proposal, { repository, forge, dryRun })
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

/** How a change is proposed. */
interface Proposing {
  readonly repository: Pick<Repository, 'createBranch' | 'list' | 'read'>
  readonly forge: Forge | undefined
  /** Shows the change and does nothing. */
  readonly dryRun: boolean
}

/** What came of proposing a change. */
export type ProposalOutcome =
  | { readonly type: 'shown'; readonly patch: string }
  | { readonly type: 'opened'; readonly pull: PullRequest }
  /** There is no forge; somebody has to open a pull request, or to merge the branch. */
  | { readonly type: 'pushed' }
  /** There was a branch of that name before, and perhaps an open pull request from it. */
  | { readonly type: 'exists'; readonly pull: PullRequest | undefined }

/** Pushes a change as a branch and opens its pull request, or shows it as a patch. Rejects as `propose`. */
async function makeProposal(proposal: Proposal, { repository, forge, dryRun }: Proposing): Promise<ProposalOutcome> {
  const { branch, base, upon, changes } = proposal
  if (dryRun) {
    const before = new Map((await repository.list(upon)).map((entry) => [entry.path, entry.oid]))
    const files = [...changes].map(async ([path, file]) => {
      const oid = before.get(path)
      return { path, before: oid === undefined ? undefined : await repository.read(oid), after: file?.content }
    })
    return { type: 'shown', patch: patchText(await Promise.all(files)) }
  }
  const proposed = await propose(proposal, repository, forge)
  if (proposed.type !== 'exists') return proposed
  const open = await forge?.pullRequests(base)
  return { type: 'exists', pull: open?.find(({ head, fork }) => head.branch === branch && !fork) }
}

/** Says what came of a proposal, and gives the exit code: 1 where the branch was there before. */
export function tellProposal(
  outcome: ProposalOutcome,
  { branch, base, message }: Pick<Proposal, 'branch' | 'base' | 'message'>,
  terminal: Pick<Terminal, 'data' | 'note' | 'fail'>,
): number {
  switch (outcome.type) {
    case 'shown':
      terminal.data(outcome.patch)
      terminal.note(`not written: branch ${branch}, "${message.split('\n')[0]}"`)
      return 0
    case 'opened':
      terminal.data(`${outcome.pull.url}\n`)
      return 0
    case 'pushed':
      terminal.data(`${branch}\n`)
      terminal.note(
        `pushed ${branch}; open a pull request from it, or: git fetch && git merge origin/${branch} on ${base}`,
      )
      return 0
    case 'exists': {
      const { pull } = outcome
      if (pull) terminal.data(`${pull.url}\n`)
      terminal.fail(
        pull
          ? `the branch ${branch} is there already, with this pull request`
          : `the branch ${branch} is there already; merge it, or delete it: git push origin --delete ${branch}`,
      )
      return 1
    }
  }
}

/** Who commits: as for Git itself, `GIT_AUTHOR_NAME` and `GIT_AUTHOR_EMAIL`. */
export function authorOf(env: NodeJS.ProcessEnv): { readonly name: string; readonly email: string } {
  return { name: env.GIT_AUTHOR_NAME || 'flotilla', email: env.GIT_AUTHOR_EMAIL || 'flotilla@localhost' }
}
