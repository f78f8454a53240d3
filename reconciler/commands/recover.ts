import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { formatMessage } from '../../repo-layout/message.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { createFleetReader } from '../../repo-layout/read/reader.ts'
import { gitTree } from '../cycle/source.ts'
import { explain } from '../git/error.ts'
import type { Repository } from '../git/types.ts'
import { type Diagnosis, diagnose } from '../recover/diagnose.ts'
import { type Reading, type Survey, surveyMembers } from '../recover/reading.ts'
import { prepareRecovery } from '../recover/recover.ts'
import { openFleetRepository, type RepositoryFlags } from '../run/fleet-repository.ts'
import { type HostFlags, openReach, type Reach } from '../run/reach.ts'
import { takeOffice } from '../run/take-office.ts'
import { version } from '../run/version.ts'
import { dataText } from '../views/data.ts'
import { diagnosisText, recoveryText, unreadText } from '../views/recovery.ts'
import { confirm } from './confirm.ts'
import type { CommandContext } from './context.ts'
import { refuse } from './terminal.ts'

/** The options of `flotilla recover` as the command line gives them. */
export interface RecoverFlags extends RepositoryFlags, HostFlags {
  readonly without: readonly string[]
  readonly dryRun?: true
  readonly yes?: true
  readonly output?: 'json' | 'yaml'
}

/**
 * `flotilla recover`: says what is the matter with the generated branch, and has it again: from the clone, else from what the
 * members run, with the Lease of the fleet in its hands where there is one. Exit code 0 where the branch is fine or was
 * recovered, 1 where something is left to be recovered, 2 where it could not be done.
 */
export async function recoverCommand(flags: RecoverFlags, context: CommandContext): Promise<number> {
  const { terminal, env, clock } = context
  const open: (() => Promise<void>)[] = []
  const told: { [part: string]: unknown } = { branch: flags.generatedBranch }
  const tell = (text: string) => (flags.output ? undefined : terminal.data(text))
  const end = (outcome: string, code: number) => {
    told.outcome = outcome
    return code
  }
  try {
    const reach = openReach(flags, flags.repo, env, clock, 'flotilla (recover)')
    open.push(reach.close)
    const repository = await openFleetRepository(flags, env, clock, terminal.note)
    open.push(repository.close)
    const look = async () => {
      const found = await lookAround(flags, context, repository, reach)
      if (typeof found === 'string') return found
      open.push(found.close)
      told.diagnosis = found.diagnosis
      told.unread = found.unread
      tell(diagnosisText(flags.generatedBranch, found.diagnosis))
      return found
    }
    const first = await look()
    const settled = typeof first === 'string' ? undefined : settledBy(first, flags)
    if (typeof first === 'string') return end('refused', refuse(terminal, first))
    if (settled) return end(settled.outcome, settled.text === '' ? settled.code : refuse(terminal, settled.text))

    const office = flags.dryRun ? undefined : await takeOffice(flags, officeOf(flags, reach, clock), terminal.note)
    if (office?.type === 'refused')
      return end('refused', refuse(terminal, `${office.why}; end it first, or look with --dry-run`))
    if (office) open.push(office.end)
    // A daemon may have gone on until it gave the Lease back.
    const now = office?.isLease ? await look() : first
    if (typeof now === 'string') return end('refused', refuse(terminal, now))
    const then = settledBy(now, flags)
    if (then) return end(then.outcome, then.text === '' ? then.code : refuse(terminal, then.text))
    const { diagnosis, readings, source, sourceCommit } = now
    if (!('lost' in diagnosis)) return end('fine', 0)

    const renderer = `flotilla ${version()}`
    const recovery = await prepareRecovery({ repository, source, sourceCommit, diagnosis, readings, renderer })
    const { remedy, members, applications, size } = recovery
    told.recovery = { remedy, members, applications, files: size }
    tell(recoveryText(recovery))
    if (flags.dryRun) return end('shown', 1)
    if (!flags.yes && !(await isConfirmed(context))) return end('not confirmed', 1)
    const closed = office?.closed()
    if (closed !== undefined) return end('refused', refuse(terminal, closed))
    const { commit, push } = await recovery.carryOut()
    if (push.type === 'rejected') return end('refused', refuse(terminal, `the push was rejected: ${push.reason}`))
    if (push.type === 'lost') return end('refused', refuse(terminal, 'somebody else pushed meanwhile; run it again'))
    told.commit = commit
    terminal.note(`recovered: "${flags.generatedBranch}" is at ${commit.slice(0, 12)}`)
    return end('recovered', 0)
  } catch (error) {
    return end('failed', refuse(terminal, explain(error)))
  } finally {
    for (const close of open.reverse()) await close()
    if (flags.output) terminal.data(dataText(told, flags.output))
  }
}

/** What was found, with the members that it was found in. */
interface Found extends Pick<Survey, 'readings' | 'close'> {
  readonly diagnosis: Diagnosis
  readonly source: FleetSource
  readonly sourceCommit: string
  readonly unread: readonly Unread[]
}

type Unread = Extract<Reading, { readonly type: 'unread' }>

/** Reads the branch and all members; or says why there is nothing to be read. */
async function lookAround(
  { branch }: RecoverFlags,
  context: CommandContext,
  repository: Repository,
  reach: Reach,
): Promise<Found | string> {
  const refs = await repository.fetch()
  const { source: sourceCommit } = refs
  if (sourceCommit === undefined) return `the source has no branch "${branch}"`
  const source = await readSource(context, repository, sourceCommit)
  if (!source) return 'the fleet cannot be read, so its clusters cannot be asked'
  const { readings, close } = await surveyMembers(source, reach)
  try {
    const diagnosis = await diagnose(repository, refs.generated, readings)
    const unread = readings.filter((reading): reading is Unread => reading.type === 'unread')
    return { diagnosis, readings, source, sourceCommit, unread, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Where nothing is to be recovered, or nothing can be: the exit code, and why where it is no good. */
function settledBy(
  { diagnosis, unread }: Found,
  { without }: RecoverFlags,
): { readonly outcome: string; readonly code: number; readonly text: string } | undefined {
  if (diagnosis.type === 'foreign') return { outcome: 'foreign', code: 2, text: '' }
  const missed = unread.filter(({ cluster }) => !without.includes(cluster))
  if (missed.length > 0) return { outcome: 'unread', code: 2, text: unreadText(missed) }
  return diagnosis.type === 'fine' ? { outcome: 'fine', code: 0, text: '' } : undefined
}

/** The Lease holds as long as that of a daemon that says nothing else. */
const leaseDuration = 10_000

function officeOf({ hostNamespace: namespace }: RecoverFlags, { hostApi }: Reach, clock: CommandContext['clock']) {
  const holder = `recover/${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`
  return { hostApi, namespace, holder, duration: leaseDuration, clock }
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
