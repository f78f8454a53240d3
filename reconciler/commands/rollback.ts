import { openForge } from '../forge/open.ts'
import type { Commit } from '../git/types.ts'
import { revertBranch, revertMessage, subjectOf } from '../revert/message.ts'
import { type Prepared, prepareRevert } from '../revert/prepare.ts'
import { findTarget, type Target } from '../revert/target.ts'
import type { RepositoryFlags } from '../run/fleet-repository.ts'
import type { CommandContext } from './context.ts'
import { authorOf, type OpenForge, type ProposalFlags, proposeOn } from './propose.ts'
import { tellProposal } from './tell-proposal.ts'
import { refuse } from './terminal.ts'
import { withSource } from './with-source.ts'

/** Options of `flotilla rollback`. */
export interface RollbackFlags extends RepositoryFlags, ProposalFlags {
  readonly output?: 'json' | 'yaml'
}

/**
 * `flotilla rollback`: prepares the revert of a commit, or of what the newest commit changed in the file of a workload, as a
 * branch and a pull request, or commits it. Exit code 0 where that is done, 1 where there is nothing to take back or it conflicts, 2 where
 * it could not be told or done.
 */
export async function rollbackCommand(
  name: string,
  flags: RollbackFlags,
  context: CommandContext,
  open: OpenForge = openForge,
): Promise<number> {
  const { terminal, env } = context
  return withSource(flags, 'rollback', context, async (repository, refs) => {
    const target = await findTarget(repository, refs, name)
    if (target.type === 'none') return refuse(terminal, target.why)
    const { commit } = target
    const file = target.type === 'workload' ? target.file : undefined
    const prepared = await prepareRevert(repository, { from: commit.parents[0], to: commit.oid, file }, refs.source)
    if (prepared.type !== 'prepared') return notPrepared(context, prepared, commit)
    if (file !== undefined && prepared.changes.get(file) === undefined)
      return refuse(
        terminal,
        `${named(commit)} is the commit that added ${file}: taking it back takes the workload away; if that is what you want: flotilla rollback ${commit.oid.slice(0, 12)}`,
      )
    const files = [...prepared.changes.keys()]
    terminal.note(telling(target, files, commit))
    const proposal = {
      branch: revertBranch(commit.oid, target.type === 'workload' ? name.slice(name.lastIndexOf('/') + 1) : undefined),
      upon: refs.source,
      changes: prepared.changes,
      message: revertMessage({ commit, file }),
      author: authorOf(env),
      body: `Prepared by \`flotilla rollback ${name}\`: takes back ${commit.oid} (${subjectOf(commit)})${file === undefined ? '' : ` in \`${file}\``}.`,
      base: flags.branch,
    }
    const outcome = await proposeOn(flags, proposal, repository, { context, open })
    const change = { reverts: commit.oid, subject: subjectOf(commit), files }
    return tellProposal(outcome, proposal, terminal, flags.output && { format: flags.output, change })
  })
}

function telling(target: Exclude<Target, { type: 'none' }>, files: readonly string[], commit: Commit): string {
  const merge = commit.parents.length > 1 ? ', a merge: all that it brought' : ''
  const of = target.type === 'workload' ? `, the newest commit that changed ${target.subject}; of it only` : `${merge};`
  return `taking back ${named(commit)}${of} ${files.join(', ')}`
}

function notPrepared(
  context: CommandContext,
  prepared: Exclude<Prepared, { type: 'prepared' }>,
  commit: Commit,
): number {
  const { terminal } = context
  if (prepared.type === 'refused')
    return refuse(context.terminal, `${named(commit)} cannot be taken back here: ${prepared.text}`)
  if (prepared.type === 'empty') {
    terminal.fail(`nothing is left of ${named(commit)} to be taken back`)
    return 1
  }
  const mainline = commit.parents.length > 1 ? '-m 1 ' : ''
  terminal.fail(
    `${named(commit)} cannot be taken back by itself: what it changed was changed again in ${prepared.paths.join(', ')}; run "git revert ${mainline}${commit.oid.slice(0, 12)}" in a clone and settle these by hand, or take the later commits back first`,
  )
  return 1
}

function named(commit: Commit): string {
  return `${commit.oid.slice(0, 12)} "${subjectOf(commit)}"`
}
