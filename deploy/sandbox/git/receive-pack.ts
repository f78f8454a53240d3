import { GitError } from '../../../reconciler/git/error.ts'
import { flush, pktLine } from '../../../reconciler/git/pkt-line.ts'
import { zeroOid } from '../../../reconciler/git/receive-pack.ts'
import { onBand } from './bands.ts'
import { isConnected } from './connected.ts'
import type { RefUpdate } from './push.ts'
import { type BareRepository, defaultBranch } from './repository.ts'
import { ProtocolError, readSection, splitCapabilities, textOf } from './section.ts'

/** What the server offers to one who pushes. Thin packs are not taken, so that every pack can be read alone. */
export const receiveCapabilities: readonly string[] = [
  'report-status',
  'delete-refs',
  'side-band-64k',
  'quiet',
  'atomic',
  'ofs-delta',
  'no-thin',
]

/** What came of a push: the refs that moved, and the answer to the client. */
export interface Received {
  readonly moved: readonly RefUpdate[]
  readonly answer: readonly Buffer[]
}

/**
 * Takes a push: the pack first, then each ref by compare-and-swap, so that of two pushes at a time one loses. `admit` is
 * asked before any ref moves; what it gives is said to the client, and refuses the push. Rejects with a ProtocolError for
 * a request that is none. Pushes of one repository must be taken one after the other.
 */
export async function receivePack(
  repository: BareRepository,
  body: Buffer,
  admit: (updates: readonly RefUpdate[]) => Promise<string | undefined>,
): Promise<Received> {
  const { updates, capabilities, end } = readCommands(body)
  // A client that is about to send much first asks with nothing whether it may.
  if (updates.length === 0) return { moved: [], answer: [] }
  const report = (unpacked: string, verdicts: readonly string[], words = ''): readonly Buffer[] => {
    if (!capabilities.has('report-status')) return []
    const lines = Buffer.concat([...[`unpack ${unpacked}`, ...verdicts].map((line) => pktLine(`${line}\n`)), flush])
    if (!capabilities.has('side-band-64k')) return [lines]
    return [...(words === '' ? [] : onBand(2, `${words}\n`)), ...onBand(1, lines), flush]
  }
  const refuseAll = (reason: string) => updates.map(({ ref }) => `ng ${ref} ${reason}`)

  try {
    if (updates.some(({ to }) => to !== undefined)) await repository.objects.addPack(body.subarray(end))
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return { moved: [], answer: report(error.message, refuseAll('unpacker error')) }
  }
  const said = await admit(updates)
  if (said !== undefined) return { moved: [], answer: report('ok', refuseAll('pre-receive hook declined'), said) }

  const before = await repository.refs()
  const problems = new Map<string, string>()
  for (const update of updates) {
    const problem = await problemOf(repository, update, before)
    if (problem !== undefined) problems.set(update.ref, problem)
  }
  if (capabilities.has('atomic') && problems.size > 0) {
    for (const { ref } of updates) if (!problems.has(ref)) problems.set(ref, 'atomic push failed')
  }
  const moved: RefUpdate[] = []
  for (const update of updates) {
    if (problems.has(update.ref)) continue
    const problem = await move(repository, update)
    if (problem === undefined) moved.push(update)
    else problems.set(update.ref, problem)
  }
  const verdicts = updates.map(({ ref }) => (problems.has(ref) ? `ng ${ref} ${problems.get(ref)}` : `ok ${ref}`))
  return { moved, answer: report('ok', verdicts) }
}

async function problemOf(
  { objects }: BareRepository,
  { ref, from, to }: RefUpdate,
  before: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  if (!isRefName(ref)) return 'funny refname'
  if (before.get(ref) !== from) return 'incorrect old value provided'
  if (to === undefined) return ref === defaultBranch ? 'deletion of the current branch prohibited' : undefined
  if (!(await isConnected(objects, to, before.values()))) return 'missing necessary objects'
  if (ref.startsWith('refs/heads/') && (await objects.read(to))?.type !== 'commit')
    return 'a branch must be at a commit'
  return undefined
}

async function move(repository: BareRepository, { ref, from, to }: RefUpdate): Promise<string | undefined> {
  try {
    return (await repository.move(ref, from, to)) ? undefined : 'incorrect old value provided'
  } catch (error) {
    if (error instanceof GitError) return error.message
    throw error
  }
}

interface Commands {
  readonly updates: readonly RefUpdate[]
  readonly capabilities: ReadonlySet<string>
  /** Where the pack begins. */
  readonly end: number
}

function readCommands(body: Buffer): Commands {
  const { lines, end } = readSection(body, 0)
  const updates: RefUpdate[] = []
  let capabilities: ReadonlySet<string> = new Set()
  for (const line of lines) {
    const { head, capabilities: chosen } = splitCapabilities(textOf(line), '\0')
    // Where the history of who pushes ends: whether something is missing here is looked at anyway.
    if (head.startsWith('shallow ')) continue
    if (updates.length === 0) capabilities = chosen
    const [, from, to, ref] = /^([0-9a-f]{40}) ([0-9a-f]{40}) (\S+)$/.exec(head) ?? []
    if (from === undefined || to === undefined || ref === undefined) {
      throw new ProtocolError(`expected a command to move a ref, not "${head.slice(0, 60)}"`)
    }
    updates.push({ ref, from: present(from), to: present(to) })
  }
  return { updates, capabilities, end }
}

function present(oid: string): string | undefined {
  return oid === zeroOid ? undefined : oid
}

/** Branches, tags and notes with a name that Git takes: anything else could lead to another file of the folder. */
function isRefName(ref: string): boolean {
  return /^refs\/(heads|tags|notes)\/[^\s~^:?*[\\]+$/.test(ref) && !/\.\.|\/\/|@\{|\/\.|\.lock(\/|$)|[/.]$/.test(ref)
}
