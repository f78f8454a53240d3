import type { StatusState } from '../forge/types.ts'
import type { Sync } from '../member/types.ts'
import type { ClusterStatus } from '../server/types.ts'
import type { Hindrance } from '../views/hindrance.ts'
import { clusterReason, lastSeen, syncedWords } from './words.ts'

/** What a commit has come to in one cluster. */
export interface Verdict {
  readonly cluster: string
  readonly region: string
  readonly state: StatusState
  readonly label: Sync
  /** Why, in one line; empty where there is nothing to say. */
  readonly reason: string
  /** The release that is kept back here, and by what. */
  readonly hindrance: Hindrance | undefined
  /** The status description of the cluster. */
  readonly words: string
  /** When the verdict becomes another without anything happening, in milliseconds since the epoch. */
  readonly until?: number | undefined
  /**
   * Before these times a pending verdict does not take the place of a success, or of a failure or an error: those stay until
   * the cluster is synced, or was on its way for longer than it may be.
   */
  readonly patience: { readonly success: number; readonly failed: number }
}

/** What verdicts on one commit are measured by; times are in milliseconds since the epoch. */
export interface Frame {
  readonly now: number
  /** When this process saw the commit in force. */
  readonly inForceSince: number
  /** The generated commit in force. */
  readonly generated: string
  /** How long a cluster may take, in milliseconds. */
  readonly timeout: number
}

/** A failure that is younger may be a first try that the next one mends, and a drift one that is healed at once. */
const firmAfter = 5000
/** A cluster that was settled and moves again is not told about before. */
const settledPatience = 60_000

/**
 * Judges one cluster. Success is said only of a cluster that runs the generated commit and is healthy, or is left alone on
 * purpose. What cannot be told (unreachable after the timeout, not let in) is an error, and no failure of the commit.
 * A release that is kept back is said before anything else. Pure.
 */
export function judgeCluster(cluster: ClusterStatus, frame: Frame, kept?: Hindrance): Verdict {
  const { now, timeout } = frame
  const began = Date.parse(cluster.since)
  // What is said of a cluster that cannot be seen is old.
  const hindrance = cluster.sync === 'progressing' || cluster.sync === 'degraded' ? kept : undefined
  const release = hindrance ? `${hindrance.release}: ${hindrance.why}` : ''
  const reason = [release, clusterReason(cluster, now)].filter((text) => text !== '').join('; ')
  const make = (state: StatusState, label: Sync, words: string, until?: number): Verdict => ({
    cluster: cluster.cluster,
    region: cluster.region,
    state,
    label,
    reason: label === 'unreachable' ? `since ${lastSeen(cluster)}` : reason,
    hindrance,
    words,
    until,
    // What has taken too long is noticed, and told, a little later than it has. A cause that has a name is worth telling at once.
    patience: { success: began + (hindrance ? firmAfter : settledPatience), failed: began + timeout + settledPatience },
  })
  const colon = reason === '' ? '' : `: ${reason}`

  if (cluster.sync === 'suspended') return make('success', 'suspended', `suspended, left as it is${colon}`)
  if (cluster.sync === 'unreachable') {
    const words = `unreachable since ${lastSeen(cluster)}${colon}`
    const deadline = began + timeout
    return now < deadline ? make('pending', 'unreachable', words, deadline) : make('error', 'unreachable', words)
  }
  const firm = Math.max(began, frame.inForceSince) + firmAfter
  const isFirm = now >= firm
  if (cluster.sync === 'unauthorized' && isFirm) return make('error', 'unauthorized', `not let in${colon}`)
  const runs = cluster.wantedCommit === frame.generated
  if (runs && cluster.sync === 'synced') return make('success', 'synced', syncedWords(cluster))
  if (runs && isFirm && (cluster.sync === 'degraded' || cluster.sync === 'drifted'))
    return make('failure', cluster.sync, `${cluster.sync}${colon}`)
  const waits = cluster.sync === 'synced' || cluster.sync === 'progressing'
  return make('pending', 'progressing', `${cluster.applied}/${cluster.total} applied${colon}`, waits ? undefined : firm)
}
