import type { FleetStatus } from '../server/types.ts'
import { changeLines } from '../views/changes.ts'
import { objectMessage } from '../views/object-rows.ts'
import { objectState } from '../views/state.ts'
import { findSubject, placesOf } from '../views/subject-status.ts'
import { type Awaited, awaitClusters, judge } from '../views/verdict.ts'
import { screenOf } from './context.ts'
import { follow } from './follow.ts'
import { printView, type StatusRequest, showStatus } from './status.ts'

/** Exit code when the time of `--timeout` is over. */
const lateExit = 8

/**
 * Shows the status anew after each change, until the person interrupts: on a terminal by drawing it again, else one line
 * for each cluster that changed; `-o json` writes one line of JSON a change.
 */
export async function watchStatus(request: StatusRequest): Promise<number> {
  const show = showChanges(request)
  try {
    return await follow({
      ...request,
      timeout: undefined,
      step({ status, lost }) {
        show.update(status, lost)
        return undefined
      },
      late: () => lateExit,
    })
  } finally {
    show.end()
  }
}

/**
 * Waits until everything asked for is synced: 0; 1 where something failed, 8 when the time is over. Says on stderr what it
 * waits for, each time that changes, and shows the status at the end.
 */
export async function waitForStatus(request: StatusRequest, timeout: number): Promise<number> {
  const { context, options } = request
  const { terminal } = context
  const show = options.watch ? showChanges(request) : undefined
  let said = ''
  let last: FleetStatus | undefined
  let end = ''
  const verdictOf = (status: FleetStatus) => {
    const now = context.clock.now()
    return judge(status, awaitedOf(status, request, now), now)
  }
  let exit: number
  try {
    exit = await follow({
      ...request,
      timeout,
      step({ status, lost }) {
        last = status
        show?.update(status, lost)
        const verdict = verdictOf(status)
        // What was heard before the daemon went away is no longer known to hold.
        if (lost === '' && verdict.type === 'done') return 0
        if (lost === '' && verdict.type === 'failed') {
          end = `failed: ${verdict.text}`
          return 1
        }
        const waiting = lost === '' ? verdict.text : lost
        if (!show && waiting !== said) terminal.note(`waiting: ${waiting}`)
        said = waiting
        return undefined
      },
      late() {
        end = `not synced within ${options.timeout}: ${said || 'the daemon sent no status'}`
        return lateExit
      },
    })
  } finally {
    show?.end()
  }
  if (last && (!show || context.live)) printView(showStatus(last, request, screenOf(context, options)), context)
  if (end !== '') terminal.fail(end)
  return exit
}

function awaitedOf(status: FleetStatus, { target }: StatusRequest, now: number): readonly Awaited[] {
  if (target.type !== 'subject') return awaitClusters(status, now)
  const { subject } = findSubject(status, target.name)
  if (subject === undefined)
    return [{ name: target.name, sync: 'progressing', since: status.at, message: 'not there yet' }]
  return placesOf(status, subject).map(({ cluster, object }) => {
    const lost = cluster.sync === 'unreachable' || cluster.sync === 'unauthorized'
    return {
      name: cluster.cluster,
      sync: lost ? cluster.sync : objectState(object),
      since: cluster.since,
      message: objectMessage(object, now, false),
    }
  })
}

interface Changes {
  update(status: FleetStatus, lost: string): void
  end(): void
}

function showChanges(request: StatusRequest): Changes {
  const { context, options } = request
  const { terminal, live, clock } = context
  let before: FleetStatus | undefined
  let lostBefore = ''
  return {
    update(status, lost) {
      if (options.output !== 'json' && live) {
        const { body, closing } = showStatus(status, request, screenOf(context, options))
        live.draw(`${body}${lost === '' ? closing : terminal.style('red', lost)}`)
        return
      }
      if (lost !== lostBefore && lost !== '') terminal.note(lost)
      lostBefore = lost
      if (status === before) return
      if (options.output === 'json') terminal.data(`${JSON.stringify(status)}\n`)
      else if (!before) printView(showStatus(status, request, screenOf(context, options)), context)
      else
        for (const line of changeLines(before, status, clock.now(), screenOf(context, options)))
          terminal.data(`${line}\n`)
      before = status
    },
    end: () => live?.end(),
  }
}
