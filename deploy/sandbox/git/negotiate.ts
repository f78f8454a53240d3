import { pktLine } from '../../../reconciler/git/pkt-line.ts'
import type { History } from './history.ts'
import type { Objects } from './objects.ts'

/** What client and server found out about what they share. */
export interface Negotiated {
  /** The lines to answer with. */
  readonly lines: readonly Buffer[]
  /** Commits that both have. */
  readonly common: readonly string[]
}

/** What a client asked with: one request holds one round of commits that it has. */
export interface Round {
  readonly wants: readonly string[]
  readonly haves: readonly string[]
  /** It wants the pack now; otherwise it goes on with older commits. */
  readonly done: boolean
  /** It understands more than one answer a round (`multi_ack_detailed`). */
  readonly detailed: boolean
}

/**
 * Answers a round as version 0 of Git's protocol has it: every shared commit is acknowledged, "ready" says that older
 * ones are not worth naming, and a round without a pack ends in NAK.
 */
export async function negotiate(objects: Objects, history: History, round: Round): Promise<Negotiated> {
  const { wants, haves, done, detailed } = round
  const common: string[] = []
  for (const oid of haves) {
    if (objects.has(oid) && (await objects.read(oid))?.type === 'commit') common.push(oid)
  }
  const lines: string[] = []
  const newest = common.at(-1)
  if (detailed) lines.push(...common.map((oid) => `ACK ${oid} common\n`))
  else if (common[0] !== undefined) lines.push(`ACK ${common[0]}\n`)
  if (done) {
    if (newest === undefined) lines.push('NAK\n')
    else if (detailed) lines.push(`ACK ${newest}\n`)
  } else {
    if (detailed && newest !== undefined && (await suffices(history, wants, common))) {
      lines.push(`ACK ${newest} ready\n`)
    }
    if (detailed || newest === undefined) lines.push('NAK\n')
  }
  return { lines: lines.map((line) => pktLine(line)), common }
}

/** Whether every line of history that is wanted leads to something that both have. */
async function suffices(history: History, wants: readonly string[], common: readonly string[]): Promise<boolean> {
  const ends = new Set(common)
  for (const want of wants) {
    const { target, isCommit } = await history.peel(want)
    if (!isCommit) continue
    const reached = await history.reach([target], ends)
    if (!common.some((oid) => reached.has(oid))) return false
  }
  return true
}
