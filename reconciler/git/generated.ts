import type { ClusterChanges } from './changes.ts'
import { describeChanges } from './describe-changes.ts'
import { oneLine } from './error.ts'
import { formatTrailers, parseTrailers } from './trailers.ts'
import type { Commit, Repository } from './types.ts'

/** Why a commit was generated. */
export type Reason = (typeof reasons)[number]

const reasons = ['source', 'rollout-step', 'failover', 'failback', 'schedule', 'renderer', 'recovery'] as const

/** What a generated commit says about where it comes from. */
export interface Provenance {
  readonly sourceCommit: string
  readonly reason: Reason
  /** Versions of Flotilla and of the template engines, as one line. */
  readonly renderer: string
  /** The source commit before, where the source branch was force-pushed away from it. */
  readonly forced?: string
}

/** What goes into the message of a generated commit. */
export interface GeneratedMessage extends Provenance {
  readonly subject: string
  /** Whole sentences, with the facts that were read. */
  readonly why: string
  readonly changes: readonly ClusterChanges[]
}

const longestSubject = 72

/**
 * The message of a generated commit: a subject of at most 72 signs, why, what changes in which cluster, trailers. Pure;
 * text of others cannot forge a trailer, since only the last paragraph holds them.
 */
export function formatGeneratedMessage(message: GeneratedMessage): string {
  const trailers = [
    { key: 'Source-Commit', value: message.sourceCommit },
    { key: 'Reason', value: message.reason },
    { key: 'Renderer', value: message.renderer },
    ...(message.forced === undefined ? [] : [{ key: 'Source-Forced', value: message.forced }]),
  ]
  const paragraphs = [
    shortened(oneLine(message.subject)) || `Render ${message.sourceCommit.slice(0, 12)}`,
    message.why.trim(),
    describeChanges(message.changes),
    formatTrailers(trailers),
  ]
  return `${paragraphs.filter((paragraph) => paragraph !== '').join('\n\n')}\n`
}

/** What a generated commit's message says about its origin, or undefined where the commit is not one of ours. */
export function parseProvenance(message: string): Provenance | undefined {
  const trailers = new Map(parseTrailers(message).map(({ key, value }) => [key.toLowerCase(), value]))
  const sourceCommit = trailers.get('source-commit')
  const reason = reasons.find((known) => known === trailers.get('reason'))
  const renderer = trailers.get('renderer')
  const forced = trailers.get('source-forced')
  if (sourceCommit === undefined || !isOid(sourceCommit) || reason === undefined || renderer === undefined) {
    return undefined
  }
  return { sourceCommit, reason, renderer, ...(forced !== undefined && isOid(forced) ? { forced } : {}) }
}

/** Whether a commit of the generated branch was made by Flotilla: it carries all of our trailers. */
export function isOurs(commit: Pick<Commit, 'message'>): boolean {
  return parseProvenance(commit.message) !== undefined
}

/** The nearest commit of ours, and the hand-made ones above it, newest first. */
export interface PreviousOfOurs {
  readonly previous: Commit | undefined
  readonly above: readonly Commit[]
}

/**
 * Walks from `tip` backwards along first parents to the nearest commit of ours. `previous` is undefined where there is
 * none among `limit` commits: the branch is then not one that Flotilla may overwrite. Rejects as `log` does.
 */
export async function previousOfOurs(
  repository: Pick<Repository, 'log'>,
  tip: string,
  limit = 1000,
): Promise<PreviousOfOurs> {
  // The tip is nearly always ours, so history is only read further back where it is not.
  for (let count = 1; ; count *= 16) {
    const commits = await repository.log(tip, Math.min(count, limit))
    const index = commits.findIndex(isOurs)
    if (index >= 0) return { previous: commits[index], above: commits.slice(0, index) }
    if (count >= limit || commits.length < count) return { previous: undefined, above: commits }
  }
}

function isOid(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text)
}

function shortened(subject: string): string {
  const signs = [...subject]
  return signs.length <= longestSubject
    ? subject
    : `${signs
        .slice(0, longestSubject - 1)
        .join('')
        .trimEnd()}…`
}
