import type { Logger } from 'pino'
import { formatMessage, type Message } from '../../repo-layout/message.ts'
import type { Clock } from '../clock.ts'
import type { Daemon } from '../daemon.ts'
import type { Sync } from '../member/types.ts'
import { clusterMessage } from '../views/cluster-message.ts'
import { oneLine, shortCommit } from '../views/text.ts'

/** States that somebody should look at. */
const troubled: ReadonlySet<Sync> = new Set(['drifted', 'degraded', 'unauthorized', 'unreachable'])

/**
 * Logs each state that a member cluster comes into, each problem of the generated branch and the errors of the source, so
 * that who watches the log sees the fleet arrive. Returns the way to stop it.
 */
export function logChanges(daemon: Pick<Daemon, 'status' | 'onChange'>, log: Logger, clock: Clock): () => void {
  let states: ReadonlyMap<string, string> = new Map()
  let problem = ''
  let said: readonly Message[] = []

  const look = () => {
    const { clusters, generated, messages, source } = daemon.status()
    if (messages !== said) logErrors(messages, source.branch)
    said = messages

    const next = new Map<string, string>()
    for (const member of clusters) {
      const { cluster, sync, applied, total, appliedCommit } = member
      // A cluster that is at work is told when it has arrived or failed.
      const state = sync === 'progressing' ? (states.get(cluster) ?? '') : `${sync} ${appliedCommit}`
      next.set(cluster, state)
      if (sync === 'progressing' || states.get(cluster) === state) continue
      const fields = { cluster, sync, applied, total, commit: shortCommit(appliedCommit) }
      if (troubled.has(sync))
        log.warn({ ...fields, reason: clusterMessage(member, clock.now()) }, 'a member cluster needs a look')
      else log.info(fields, 'a member cluster has arrived')
    }
    states = next
    if (generated.problem !== problem && generated.problem !== '') {
      log.warn({ branch: generated.branch, reason: oneLine(generated.problem) }, 'the generated branch needs a look')
    }
    problem = generated.problem
  }

  function logErrors(messages: readonly Message[], branch: string): void {
    const errors = messages.filter(({ severity }) => severity === 'error')
    const [first] = errors
    if (first) log.warn({ branch, errors: errors.length, first: formatMessage(first) }, 'the source has errors')
  }

  return daemon.onChange(look)
}
