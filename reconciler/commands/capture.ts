import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { Subject } from '../../repo-layout/subject.ts'
import { type Captured, capture } from '../capture/capture.ts'
import { createRenderer } from '../capture/copies.ts'
import { branchSource, type CaptureSource, folderSource } from '../capture/source.ts'
import { type HandMade, take } from '../capture/take.ts'
import { openForge } from '../forge/open.ts'
import { explain } from '../git/error.ts'
import type { Pause } from '../member/pause.ts'
import type { RepositoryFlags } from '../run/fleet-repository.ts'
import { type CaptureView, captureBody, captureLines, captureMessage, resumeHint } from '../views/capture-text.ts'
import { dataText } from '../views/data.ts'
import { patchText } from '../views/patch.ts'
import { findAmong } from '../views/subject-status.ts'
import { tame } from '../views/tame.ts'
import { askDaemon } from './ask-daemon.ts'
import { type DaemonClient, DaemonError } from './client.ts'
import type { CommandContext } from './context.ts'
import { authorOf, type OpenForge, type ProposalFlags, proposeOn } from './propose.ts'
import { tellProposal } from './tell-proposal.ts'
import { refuse, type Terminal } from './terminal.ts'
import { withSource } from './with-source.ts'

/** Options of `flotilla capture`. */
export interface CaptureFlags extends Omit<RepositoryFlags, 'repo'>, Omit<ProposalFlags, 'repo'> {
  readonly server: string
  readonly cluster: string
  readonly field: readonly string[]
  readonly history?: true
  readonly repo?: string | undefined
  /** A folder that is written into, instead of a branch. */
  readonly source?: string
  readonly message?: string
  readonly output?: 'json' | 'yaml'
}

/**
 * `flotilla capture`: writes what somebody set by hand in a cluster into Git, as overrides of that cluster, on a branch with a
 * pull request or into a folder. Exit code 0 where that is done or shown, 1 where there is nothing to capture, a field cannot
 * be, or the branch is there already, 2 where it could not be told or done.
 */
export async function captureCommand(
  name: string,
  flags: CaptureFlags,
  context: CommandContext,
  open: OpenForge = openForge,
): Promise<number> {
  const { terminal } = context
  const { repo, source } = flags
  if (source === undefined && repo === undefined)
    return refuse(terminal, 'say where it goes: --repo, the fleet repository, or --source, a folder of it')
  return askDaemon(flags.server, context, async (client) => {
    const asked = await ask(client, name, flags)
    const taken = take(asked, { fields: flags.field, history: flags.history === true })
    if (taken.type !== 'taken') return stop(taken.why, terminal)
    for (const note of taken.notes) terminal.note(tame(note))
    const request: Request = { ...asked, fields: taken.fields }
    try {
      return source === undefined
        ? await captureToBranch(request, { ...flags, repo: repo ?? '' }, context, open)
        : await captureToFolder(request, source, flags, context)
    } catch (error) {
      return refuse(terminal, explain(error))
    }
  })
}

interface Request {
  readonly subject: Subject
  readonly cluster: string
  readonly pause: Pause | undefined
  readonly fields: readonly HandMade[]
}

/** What the daemon knows of the object. Throws a DaemonError where it cannot tell. */
async function ask(client: DaemonClient, name: string, { cluster, history: onlyHistory }: CaptureFlags) {
  const { clusters } = await client.status({ clusters: [cluster] })
  const [status, ...more] = clusters
  if (!status || more.length > 0)
    throw new DaemonError(`capture takes one cluster, and "${cluster}" names ${clusters.length}`)
  const [written] = (await client.history([status.cluster])).clusters
  if (written?.problem !== '')
    throw new DaemonError(`what was written over in ${status.cluster} is not known: ${written?.problem ?? 'no answer'}`)
  const known = [...status.objects, ...written.entries].map(({ subject }) => subject)
  const { subject, nearest } = findAmong(known, name)
  if (subject === undefined)
    throw new DaemonError(
      `${status.cluster} should run no ${name}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`,
    )
  const object = status.objects.find((one) => one.subject === subject)
  const drifts = onlyHistory ? [] : await liveDrifts(client, status.cluster)
  return {
    ...{ subject, cluster: status.cluster, extras: object?.extras ?? [], pause: object?.pause ?? status.pause },
    drift: drifts.find((one) => one.subject === subject),
    history: written.entries.filter((one) => one.subject === subject),
  }
}

async function liveDrifts(client: DaemonClient, cluster: string) {
  const [diff] = (await client.diff([cluster])).clusters
  if (diff && diff.problem === '') return diff.drifts
  throw new DaemonError(
    `what differs in ${cluster} now cannot be told: ${diff?.problem ?? 'no answer'}; --history takes what was written over last`,
  )
}

async function captureToFolder(
  request: Request,
  folder: string,
  flags: CaptureFlags,
  { terminal, clock }: CommandContext,
): Promise<number> {
  const source = folderSource(resolve(folder))
  const done = await captured(request, source)
  if (done.type !== 'captured') return stop(done.why, terminal)
  const view: CaptureView = { ...request, ...done }
  const patch = patchText([{ path: done.file, before: await source.read(done.file), after: done.content }])
  if (!flags.dryRun) await source.write(done.file, done.content)
  tellView(view, done.notes, clock.now(), terminal)
  if (flags.output) terminal.data(dataText({ ...report(view), ...(flags.dryRun ? { patch } : {}) }, flags.output))
  else terminal.data(flags.dryRun ? patch : `${done.file}\n`)
  terminal.note(
    flags.dryRun
      ? `not written: ${done.file}`
      : `${done.file} was written; look with flotilla plan --source ${folder}, then commit it`,
  )
  return 0
}

async function captureToBranch(
  request: Request,
  flags: CaptureFlags & RepositoryFlags,
  context: CommandContext,
  open: OpenForge,
): Promise<number> {
  const { terminal, env, clock } = context
  return withSource(flags, 'capture', context, async (repository, refs) => {
    const source = branchSource(repository, refs)
    const done = await captured(request, source)
    if (done.type !== 'captured') return stop(done.why, terminal)
    const view: CaptureView = { ...request, ...done }
    const proposal = {
      ...{ branch: captureBranch(view), upon: refs.source, base: flags.branch },
      changes: await source.change(done.file, done.content),
      message: captureMessage(view, flags.message),
      author: authorOf(env),
      body: captureBody(view),
    }
    tellView(view, done.notes, clock.now(), terminal)
    const outcome = await proposeOn(flags, proposal, repository, { context, open })
    return tellProposal(outcome, proposal, terminal, flags.output && { format: flags.output, change: report(view) })
  })
}

function captured(request: Request, source: CaptureSource): Promise<Captured> {
  return capture(request, createRenderer(source.tree, source.previous), source.read)
}

/** One branch for one set of values, so that the same is not proposed twice. */
function captureBranch({ subject, cluster, fields }: CaptureView): string {
  const values = fields.map(({ pointer, live }) => [pointer, live ?? null])
  const hash = createHash('sha256')
    .update(JSON.stringify([subject, cluster, values]))
    .digest('hex')
  const words = `${cluster}-${subject.slice(subject.lastIndexOf('/') + 1)}`.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return `flotilla/capture-${words.slice(0, 60)}-${hash.slice(0, 8)}`
}

function tellView(view: CaptureView, notes: readonly string[], now: number, terminal: Terminal): void {
  const hint = resumeHint(view, now)
  for (const line of [...captureLines(view, now), ...notes.map(tame), ...(hint === undefined ? [] : [hint])])
    terminal.note(line)
}

/** What was captured, for programs. */
function report({ subject, cluster, file, fields, pause }: CaptureView) {
  return { subject, cluster, file, fields, ...(pause ? { pause } : {}) }
}

function stop(why: string | readonly string[], terminal: Terminal): number {
  for (const text of [why].flat()) terminal.fail(tame(text))
  return 1
}
