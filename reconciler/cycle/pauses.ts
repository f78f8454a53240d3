import type { Logger } from 'pino'
import { didYouMean } from '../../repo-layout/suggest.ts'
import type { Clock } from '../clock.ts'
import { messageOf } from '../member/errors.ts'
import { type Pause, wholeCluster } from '../member/pause.ts'
import type { Member, MemberStatus } from '../member/types.ts'
import type { ClusterHistory, DaemonApi, PauseOutcome, PauseRequest } from '../server/types.ts'
import { findAmong } from '../views/subject-status.ts'

/** What pausing needs of the daemon. */
export interface PausingOptions {
  statuses(): readonly MemberStatus[]
  /** The member that looks after a cluster; undefined where none does. */
  member(cluster: string): Member | undefined
  readonly clock: Clock
  readonly log: Logger
}

/** Pauses, resumes and remembers for the API; each pause and each end of one is a line of the log, with who asked. */
export function createPausing(options: PausingOptions): Pick<DaemonApi, 'pause' | 'resume' | 'history'> {
  const { statuses, member, clock, log } = options

  /** The member and the Subject that a request means. */
  function meant(cluster: string, text: string | undefined, known: (member: Member) => readonly string[]) {
    const names = statuses().map((one) => one.cluster)
    if (!names.includes(cluster))
      return refused(404, `the fleet has no cluster "${cluster}"${didYouMean(cluster, names)}`, names)
    const found = member(cluster)
    if (!found) return refused(409, `${cluster}: the inventory names no connection; write spec.connection`)
    if (text === undefined) return { type: 'meant', member: found, subject: wholeCluster } as const
    const { subject, nearest } = findAmong(known(found), text)
    if (subject !== undefined) return { type: 'meant', member: found, subject } as const
    return refused(404, `${cluster} has no ${text}${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`)
  }

  return {
    async pause(request: PauseRequest) {
      const to = meant(request.cluster, request.subject, (found) =>
        found
          .status()
          .objects.filter(({ action }) => action !== 'pruned')
          .map(({ subject }) => subject),
      )
      if (to.type === 'refused') return to
      const now = clock.now()
      const { reason, by } = request
      const until = new Date(now + request.forMs).toISOString()
      const pause: Pause = { subject: to.subject, until, reason, by, at: new Date(now).toISOString() }
      try {
        await to.member.pause(pause)
      } catch (error) {
        return refused(503, `${request.cluster}: the pause is not in force: ${messageOf(error)}`)
      }
      log.info({ cluster: request.cluster, ...pause }, 'a pause began')
      return { type: 'done', cluster: request.cluster, pause }
    },
    async resume({ cluster, subject, by }) {
      const to = meant(cluster, subject, (found) => found.pauses().map((pause) => pause.subject))
      if (to.type === 'refused' && to.status === 404 && subject !== undefined && member(cluster))
        return refused(404, `${to.error.replace(` has no ${subject}`, `: no pause of ${subject} is in force`)}`)
      if (to.type === 'refused') return to
      try {
        const pause = await to.member.resume(to.subject)
        if (!pause) return refused(404, `${cluster} is not paused as a whole`)
        log.info(
          { cluster, subject: to.subject, by, pausedBy: pause.by, reason: pause.reason },
          'a pause was taken back',
        )
        return { type: 'done', cluster, pause }
      } catch (error) {
        return refused(503, `${cluster}: whether the pause was taken back is unknown: ${messageOf(error)}`)
      }
    },
    history: (clusters) =>
      statuses()
        .filter(({ cluster }) => clusters.length === 0 || clusters.includes(cluster))
        .map(({ cluster }): ClusterHistory => {
          const entries = member(cluster)?.history()
          return { cluster, entries: entries ?? [], problem: entries ? '' : 'the cluster was not reached yet' }
        }),
  }
}

function refused(
  status: number,
  error: string,
  known?: readonly string[],
): PauseOutcome & { readonly type: 'refused' } {
  return { type: 'refused', status, error, ...(known ? { known } : {}) }
}
