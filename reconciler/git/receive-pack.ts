import { GitError, oneLine } from './error.ts'
import type { GitHttp } from './http.ts'
import { flush, pktLine, readPktLines } from './pkt-line.ts'
import { said } from './side-band.ts'

/** The id that stands for "no commit" when a branch is created. */
export const zeroOid = '0'.repeat(40)

/** What a server said to a push; `reason` is in its own words, on one line. */
export type ReceiveAnswer = { readonly type: 'ok' } | { readonly type: 'refused'; readonly reason: string }

/**
 * Sends one pack and asks the server to move `ref` from `from` to `to`, in one request. The server moves it only if it
 * is still at `from`. Rejects with a GitError where no answer came: the push may then have got through all the same.
 */
export async function sendPack(
  http: Pick<GitHttp, 'post'>,
  remote: string,
  update: { readonly ref: string; readonly from: string | undefined; readonly to: string; readonly pack: Uint8Array },
): Promise<ReceiveAnswer> {
  const command = `${update.from ?? zeroOid} ${update.to} ${update.ref}\0 report-status side-band-64k agent=flotilla`
  const body = Buffer.concat([pktLine(command), flush, update.pack])
  return parseReport(await http.post('git-receive-pack', body), update.ref, remote)
}

/** Reads the answer to a push, with or without side bands. Rejects with `server` where it does not say how it ended. */
export function parseReport(answer: Buffer, ref: string, remote: string): ReceiveAnswer {
  const { report, words, fatal } = splitBands(readPktLines(answer))
  if (fatal !== '') throw new GitError('server', `${remote} broke off the push: ${fatal}`)

  let unpacked: string | undefined
  let verdict: ReceiveAnswer | undefined
  for (const line of report) {
    const text = oneLine(line.toString('utf8'))
    if (text.startsWith('unpack ')) unpacked = text.slice('unpack '.length)
    else if (text === `ok ${ref}`) verdict = { type: 'ok' }
    else if (text.startsWith(`ng ${ref}`)) verdict = refused(text.slice(`ng ${ref}`.length).trim(), words)
  }
  if (unpacked !== undefined && unpacked !== 'ok') return refused(`the server could not store it: ${unpacked}`, words)
  if (verdict === undefined) throw new GitError('server', `${remote} ended the push without saying how it went`)
  return verdict
}

function refused(reason: string, words: string): ReceiveAnswer {
  const parts = [reason, words].filter((part) => part !== '')
  return { type: 'refused', reason: oneLine(parts.join(': ')) || 'the server gave no reason' }
}

interface Bands {
  readonly report: readonly Buffer[]
  readonly words: string
  readonly fatal: string
}

function splitBands(lines: readonly Buffer[]): Bands {
  const bands: Record<1 | 2 | 3, Buffer[]> = { 1: [], 2: [], 3: [] }
  const first = lines[0]?.[0] ?? 0
  // A server that knows no side bands answers with the bare report, whose lines begin with a letter.
  if (first > 3) return { report: lines, words: '', fatal: '' }
  for (const line of lines) {
    const band = line[0]
    if (band === 1 || band === 2 || band === 3) bands[band].push(line.subarray(1))
  }
  return {
    report: readPktLines(Buffer.concat(bands[1])),
    words: said(bands[2]),
    fatal: said(bands[3]),
  }
}
