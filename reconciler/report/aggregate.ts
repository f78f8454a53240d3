import { formatMessage } from '../../repo-layout/message.ts'
import type { StatusState } from '../forge/types.ts'
import type { Sync } from '../member/types.ts'
import type { FailedReleaseStatus, FleetStatus } from '../server/types.ts'
import { type Hindrance, withoutRelease } from '../views/hindrance.ts'
import { count } from '../views/text.ts'
import type { Verdict } from './verdict.ts'

/** Several verdicts as one. */
export interface Sum {
  readonly state: StatusState
  /**
   * The most useful first: `12/13 synced, 1 degraded: eu-1 Deployment/web ProgressDeadlineExceeded`. A release that is kept
   * back comes before the counts: `web-9a1e-0 in eu-1: 1 of 1 pods not ready: …; 12/13 synced, 1 progressing`.
   */
  readonly words: string
  /** The part of these words that says what happens once: that a release is kept back, or that one has failed. */
  readonly news?: string
}

const labels: readonly Sync[] = ['degraded', 'drifted', 'unauthorized', 'unreachable', 'progressing', 'suspended']

/** States from best to worst; a failure is something to mend in Git, so it is said before what cannot be told. */
const badness: readonly StatusState[] = ['success', 'pending', 'error', 'failure']

/** The worst of some states; `success` where there are none. */
export function worstState(states: Iterable<StatusState>): StatusState {
  let worst = 0
  for (const state of states) worst = Math.max(worst, badness.indexOf(state))
  return badness[worst] ?? 'success'
}

/** Sums up clusters: how many are synced, how many are not and why, and the first that somebody has to look at. */
export function sumOf(verdicts: readonly Verdict[]): Sum {
  const state = worstState(verdicts.map((verdict) => verdict.state))
  const synced = verdicts.filter(({ label }) => label === 'synced').length
  const counts = labels.flatMap((label) => {
    const number = verdicts.filter((verdict) => verdict.label === label).length
    return number === 0 ? [] : [`${number} ${label}`]
  })
  const tally = [`${synced}/${verdicts.length} synced`, ...counts].join(', ')
  const first = firstToSee(verdicts) ?? verdicts.find(({ hindrance }) => hindrance)
  if (first?.hindrance) {
    const words = `${releaseWords(first, first.hindrance, verdicts)}; ${tally}`
    return { state, words, news: `${first.hindrance.release} in ` }
  }
  const name = first ? `: ${`${first.cluster} ${first.reason}`.trim()}` : ''
  return { state, words: `${tally}${name}` }
}

/** `web-9a1e-0 in eu-1 (and 2 more): 1 of 1 pods not ready: …`. */
function releaseWords({ cluster }: Verdict, { release, why }: Hindrance, verdicts: readonly Verdict[]): string {
  const more = verdicts.filter(({ hindrance }) => hindrance?.release === release).length - 1
  return `${release} in ${cluster}${more > 0 ? ` (and ${more} more)` : ''}: ${why}`
}

function firstToSee(verdicts: readonly Verdict[]): Verdict | undefined {
  const seen = verdicts.filter(({ label }) => label !== 'synced' && label !== 'suspended' && label !== 'progressing')
  return [...seen].sort((a, b) => labels.indexOf(a.label) - labels.indexOf(b.label))[0]
}

/** The same for the whole fleet: errors of the source and what keeps the generated branch back count too. */
export function sumOfFleet(status: FleetStatus, verdicts: readonly Verdict[]): Sum {
  const { state, words, news } = sumOf(verdicts)
  const errors = errorWords(status)
  const problems = [errors, ...failedRollouts(status), status.generated.problem].filter((text) => text !== '')
  if (problems.length > 0) {
    const [failed] = (status.rollouts ?? []).flatMap((one) => one.failed ?? [])
    const told = failed ? { news: failedStart(failed) } : {}
    return { state: 'failure', words: [...problems, words].join('; '), ...told }
  }
  // Deletions that are judged over the whole fleet are in no cluster's state.
  if (state === 'success' && status.sync === 'progressing')
    return { state: 'pending', words: `${words}, deletions wait` }
  return { state, words, ...(news === undefined ? {} : { news }) }
}

/** `release web-1a2b-0 failed: …`, a line each: a commit whose rollout was given up has failed though all is well again. */
function failedRollouts({ rollouts = [] }: FleetStatus): readonly string[] {
  return rollouts.flatMap(({ failed }) => (failed ? [failedWords(failed)] : []))
}

/** `release web-1a2b-0 failed: …`. */
export function failedWords(failed: FailedReleaseStatus): string {
  return `${failedStart(failed)}: ${withoutRelease(failed.release, failed.reason)}`
}

/** `release web-1a2b-0 failed`. */
export function failedStart({ release }: FailedReleaseStatus): string {
  return `release ${release} failed`
}

/** `2 errors in the source: web.yaml:3:5: …`, or empty. */
export function errorWords({ messages }: Pick<FleetStatus, 'messages'>): string {
  const errors = messages.filter(({ severity }) => severity === 'error')
  const [first] = errors
  return first ? `${count(errors.length, 'error')} in the source: ${formatMessage(first)}` : ''
}
