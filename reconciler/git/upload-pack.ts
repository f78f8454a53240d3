import { createHash } from 'node:crypto'
import { GitError } from './error.ts'
import type { GitHttp } from './http.ts'
import { delimiter, flush, isWhole, pktLine, readPktLines } from './pkt-line.ts'
import { said } from './side-band.ts'

/** What a fetch asks for: commits that are wanted, those that are at hand, and where the history at hand is cut off. */
export interface PackWish {
  readonly wants: readonly string[]
  readonly haves: readonly string[]
  readonly shallows: readonly string[]
}

/**
 * Reads from a remote by version 2 of Git's protocol, with one request for each question: what the server can is asked
 * once, not before each. Both give undefined where the server does not speak it, or answers what is not understood; then
 * the Git library reads, which knows the older versions. Rejects with a GitError where no answer came.
 */
export interface UploadPack {
  /** What these refs are at, in full names; those that do not exist are left out. */
  listRefs(refs: readonly string[]): Promise<ReadonlyMap<string, string> | undefined>
  /** A pack of all that the wanted commits need beyond those at hand. */
  fetchPack(wish: PackWish): Promise<Buffer | undefined>
}

/** A reader of the remote that `http` leads to. */
export function createUploadPack(http: Pick<GitHttp, 'advertisement' | 'read'>): UploadPack {
  let speaks: Promise<boolean | undefined> | undefined

  async function ask(lines: readonly Buffer[]): Promise<Buffer | undefined> {
    speaks ??= http.advertisement().then(isVersion2)
    const answer = await speaks.catch(forget)
    // What is no answer of a Git server (a sign-in page) says nothing of the server behind it.
    if (answer === undefined) speaks = undefined
    if (!answer) return undefined
    try {
      return await http.read(Buffer.concat([...lines, flush]))
    } catch (error) {
      // The server may have been replaced by one that speaks another version.
      return forget(error)
    }
  }

  function forget(error: unknown): never {
    speaks = undefined
    throw error
  }

  return {
    async listRefs(refs) {
      const prefixes = refs.map((ref) => pktLine(`ref-prefix ${ref}\n`))
      const answer = await ask([pktLine('command=ls-refs\n'), delimiter, ...prefixes])
      if (!answer) return undefined
      // What it lacks would count as a branch that is not there.
      if (!isWhole(answer)) throw new GitError('server', 'the Git server broke off its list of branches')
      const found = new Map<string, string>()
      for (const line of readPktLines(answer)) {
        const [, oid, ref] = /^([0-9a-f]{40}) (\S+)/.exec(line.toString('utf8')) ?? []
        if (oid === undefined || ref === undefined) return undefined
        if (refs.includes(ref)) found.set(ref, oid)
      }
      return found
    },
    async fetchPack({ wants, haves, shallows }) {
      const answer = await ask([
        ...[pktLine('command=fetch\n'), delimiter, pktLine('no-progress\n'), pktLine('ofs-delta\n')],
        ...wants.map((oid) => pktLine(`want ${oid}\n`)),
        ...shallows.map((oid) => pktLine(`shallow ${oid}\n`)),
        ...haves.map((oid) => pktLine(`have ${oid}\n`)),
        pktLine('done\n'),
      ])
      return answer && packOf(readPktLines(answer))
    },
  }
}

/** Whether a server speaks version 2; undefined where this is no answer of a Git server. */
function isVersion2(advertisement: Buffer): boolean | undefined {
  if (!isWhole(advertisement)) return undefined
  const lines = readPktLines(advertisement).map((line) => line.toString('utf8').trim())
  const can = (command: string) => lines.some((line) => line === command || line.startsWith(`${command}=`))
  return lines.includes('version 2') && can('ls-refs') && can('fetch')
}

/** The pack in an answer; undefined where there is none, or not the whole of it. */
function packOf(lines: readonly Buffer[]): Buffer | undefined {
  const start = lines.findIndex((line) => line.toString('latin1').trimEnd() === 'packfile')
  if (start < 0) return undefined
  const chunks = { data: [] as Buffer[], fatal: [] as Buffer[] }
  for (const line of lines.slice(start + 1)) {
    if (line[0] === 1) chunks.data.push(line.subarray(1))
    if (line[0] === 3) chunks.fatal.push(line.subarray(1))
  }
  if (chunks.fatal.length > 0) throw new GitError('server', `the fetch was broken off: ${said(chunks.fatal)}`)
  const pack = Buffer.concat(chunks.data)
  const end = pack.length - 20
  const isWhole = end > 0 && createHash('sha1').update(pack.subarray(0, end)).digest().equals(pack.subarray(end))
  return isWhole ? pack : undefined
}
