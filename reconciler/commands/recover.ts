import { formatMessage } from '../../repo-layout/message.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { createFleetReader } from '../../repo-layout/read/reader.ts'
import { gitTree } from '../cycle/source.ts'
import { explain } from '../git/error.ts'
import type { Repository } from '../git/types.ts'
import { diagnose } from '../recover/diagnose.ts'
import { type Reading, surveyMembers } from '../recover/reading.ts'
import { prepareRecovery } from '../recover/recover.ts'
import { openFleetRepository, type RepositoryFlags } from '../run/fleet-repository.ts'
import { type HostFlags, openReach } from '../run/reach.ts'
import { version } from '../run/version.ts'
import { diagnosisText, recoveryText, unreadText } from '../views/recovery.ts'
import { confirm } from './confirm.ts'
import type { CommandContext } from './context.ts'
import { refuse } from './terminal.ts'

/** The options of `flotilla recover` as the command line gives them. */
export interface RecoverFlags extends RepositoryFlags, HostFlags {
  readonly without: readonly string[]
  readonly dryRun?: true
  readonly yes?: true
}

/**
 * `flotilla recover`: says what is the matter with the generated branch, and has it again: from the clone, else from what the
 * members run. Exit code 0 where the branch is fine or was recovered, 1 where something is left to be recovered, 2 where
 * it could not be done.
 */
export async function recoverCommand(flags: RecoverFlags, context: CommandContext): Promise<number> {
  const { terminal, env, clock } = context
  const open: (() => Promise<void>)[] = []
  try {
    const reach = openReach(flags, flags.repo, env, clock, 'flotilla (recover)')
    open.push(reach.close)
    const repository = await openFleetRepository(flags, env, clock, terminal.note)
    open.push(repository.close)
    const refs = await repository.fetch()
    const { source: sourceCommit } = refs
    if (sourceCommit === undefined) return refuse(context.terminal, `the source has no branch "${flags.branch}"`)
    const source = await readSource(context, repository, sourceCommit)
    if (!source) return refuse(context.terminal, 'the fleet cannot be read, so its clusters cannot be asked')

    const survey = await surveyMembers(source, reach)
    open.push(survey.close)
    const diagnosis = await diagnose(repository, refs.generated, survey.readings)
    terminal.data(diagnosisText(flags.generatedBranch, diagnosis))
    const unread = survey.readings.filter(
      (reading): reading is Extract<Reading, { readonly type: 'unread' }> => reading.type === 'unread',
    )
    const missed = unread.filter(({ cluster }) => !flags.without.includes(cluster))
    if (diagnosis.type === 'foreign') return 2
    if (missed.length > 0) return refuse(context.terminal, unreadText(missed))
    if (diagnosis.type === 'fine') return 0

    const renderer = `flotilla ${version()}`
    const { readings } = survey
    const recovery = await prepareRecovery({ repository, source, sourceCommit, diagnosis, readings, renderer })
    terminal.data(recoveryText(recovery))
    if (flags.dryRun) return 1
    if (!flags.yes && !(await isConfirmed(context))) return 1
    const { commit, push } = await recovery.carryOut()
    if (push.type === 'rejected') return refuse(context.terminal, `the push was rejected: ${push.reason}`)
    if (push.type === 'lost') return refuse(context.terminal, 'somebody else pushed meanwhile; run it again')
    terminal.note(`recovered: "${flags.generatedBranch}" is at ${commit.slice(0, 12)}`)
    return 0
  } catch (error) {
    return refuse(context.terminal, explain(error))
  } finally {
    for (const close of open.reverse()) await close()
  }
}

async function readSource(
  { terminal }: CommandContext,
  repository: Repository,
  commit: string,
): Promise<FleetSource | undefined> {
  const { source, messages } = await createFleetReader().read(gitTree(repository, commit))
  if (!source) for (const message of messages) terminal.message(message, formatMessage(message))
  return source
}

async function isConfirmed({ terminal, live }: CommandContext): Promise<boolean> {
  const answer = live ? await confirm('Do it?') : undefined
  if (answer === undefined) terminal.note('nothing was done; run it again with --yes')
  return answer === true
}
