import { writePack } from '../../../reconciler/git/pack.ts'
import { flush, pktLine } from '../../../reconciler/git/pkt-line.ts'
import { onBand } from './bands.ts'
import { createHistory } from './history.ts'
import { negotiate } from './negotiate.ts'
import type { BareRepository } from './repository.ts'
import { ProtocolError, readSection, splitCapabilities, textOf } from './section.ts'
import { selectObjects } from './select.ts'
import { boundaryOf, type Depth } from './shallow.ts'

/** What the server offers to one who fetches. */
export const uploadCapabilities: readonly string[] = [
  'multi_ack_detailed',
  'side-band-64k',
  'no-progress',
  'shallow',
  'deepen-relative',
  'allow-tip-sha1-in-want',
  'allow-reachable-sha1-in-want',
]

/** A request to fetch, read. */
interface UploadRequest {
  readonly wants: readonly string[]
  readonly shallows: ReadonlySet<string>
  readonly depth: Depth | undefined
  readonly haves: readonly string[]
  readonly done: boolean
  /** Whether anything follows the wants. */
  readonly asked: boolean
  readonly capabilities: ReadonlySet<string>
}

/**
 * Answers a fetch or clone: where history ends if it is cut, what both have, and then the pack of what the client lacks.
 * Any object of the repository may be wanted, not only tips. Rejects with a ProtocolError for a request that is none.
 */
export async function uploadPack(repository: BareRepository, body: Buffer): Promise<readonly Buffer[]> {
  const { objects } = repository
  const request = readRequest(body)
  const { wants, shallows, depth, capabilities } = request
  if (wants.length === 0) return []
  const stranger = wants.find((oid) => !objects.has(oid))
  if (stranger !== undefined) return [pktLine(`ERR upload-pack: not our ref ${stranger}`)]

  const history = createHistory(objects)
  // A client may know of commits that were never pushed; its history ends there, and ours never leads there.
  const known = new Set([...shallows].filter((oid) => objects.has(oid)))
  const commits: string[] = []
  for (const want of wants) {
    const { target, isCommit } = await history.peel(want)
    if (isCommit) commits.push(target)
  }
  const { shallow, unshallow, ends } = await boundaryOf(history, commits, known, depth)
  const boundary = [
    ...shallow.map((oid) => pktLine(`shallow ${oid}`)),
    ...unshallow.map((oid) => pktLine(`unshallow ${oid}`)),
    flush,
  ]
  const cut = depth ? boundary : []
  // A client over HTTP asks for the boundary alone first, and names what it has in the next request.
  if (!request.asked) return cut
  const detailed = capabilities.has('multi_ack_detailed')
  const { lines, common } = await negotiate(objects, history, { ...request, detailed })
  const answer = [...cut, ...lines]
  if (!request.done) return answer

  const chosen = await selectObjects(objects, history, { wants, common, shallows: known, unshallow, ends })
  const { bytes } = await writePack(chosen)
  return capabilities.has('side-band-64k') ? [...answer, ...onBand(1, bytes), flush] : [...answer, bytes]
}

function readRequest(body: Buffer): UploadRequest {
  const first = readSection(body, 0)
  const wants: string[] = []
  const shallows = new Set<string>()
  let count: number | undefined
  let capabilities: ReadonlySet<string> = new Set()
  for (const [index, line] of first.lines.entries()) {
    const { head, capabilities: chosen } = index === 0 ? splitCapabilities(textOf(line), ' ') : plain(line)
    if (index === 0) capabilities = chosen
    const [word, value = ''] = head.split(' ')
    if (word === 'want') wants.push(oidOf(value))
    else if (word === 'shallow') shallows.add(oidOf(value))
    else if (word === 'deepen' && /^\d+$/.test(value)) count = Number(value)
    else throw new ProtocolError(`expected want, shallow or deepen, not "${head.slice(0, 60)}"`)
  }
  const depth =
    count === undefined || count === 0 ? undefined : { count, relative: capabilities.has('deepen-relative') }
  return { wants, shallows, depth, capabilities, ...readHaves(body, first.end) }
}

function readHaves(body: Buffer, start: number): Pick<UploadRequest, 'haves' | 'done' | 'asked'> {
  const haves: string[] = []
  const asked = start < body.length
  for (let at = start; at < body.length; ) {
    const { lines, end } = readSection(body, at)
    for (const line of lines) {
      const text = textOf(line)
      if (text === 'done') return { haves, asked, done: true }
      if (!text.startsWith('have ')) throw new ProtocolError(`expected have or done, not "${text.slice(0, 60)}"`)
      haves.push(oidOf(text.slice('have '.length)))
    }
    at = end
  }
  return { haves, asked, done: false }
}

function plain(line: Buffer): { readonly head: string; readonly capabilities: ReadonlySet<string> } {
  return { head: textOf(line), capabilities: new Set() }
}

function oidOf(text: string): string {
  if (/^[0-9a-f]{40}$/.test(text)) return text
  throw new ProtocolError(`expected the id of an object, not "${text.slice(0, 60)}"`)
}
