import type { Logger } from 'pino'
import { type Clock, sleep } from '../clock.ts'
import type { Daemon } from '../daemon.ts'
import { explain } from '../git/error.ts'
import type { Repository } from '../git/types.ts'
import { deferred } from '../member/deferred.ts'
import type { Fence } from '../member/fence.ts'
import type { Election } from './election.ts'
import type { Pulse } from './pulse.ts'
import { createStandby } from './standby.ts'
import type { Term } from './term.ts'

/** What leading a fleet needs. */
export interface LeadOptions {
  /** Undefined where there is no host cluster: this daemon is then active at once, and the members' epochs fence alone. */
  readonly election: Election | undefined
  readonly pulse: Pulse
  readonly branches: { readonly source: string; readonly generated: string }
  /** Opens the repository; called for each time of being active, and for each of waiting. */
  readonly open: () => Promise<Repository>
  /** Starts the work of the active daemon, whose writes pass the fence. It closes the repository at its end. */
  readonly start: (repository: Repository, fence: Fence) => Daemon
  readonly clock: Clock
  readonly log: Logger
}

/** After a start that failed, the lease is given back and asked for again after so many milliseconds. */
const pause = 5000

/**
 * One daemon to the outside, which is active while it holds the lease and a standby otherwise. Each time of being active is
 * a daemon of its own, started from nothing: it holds no state that could be out of date. Rejects where the repository
 * cannot be opened.
 */
export async function lead(options: LeadOptions): Promise<Daemon> {
  const { election, pulse, open, start, clock, log } = options
  const listeners = new Set<() => void>()
  const stopping = new AbortController()
  const { promise: stopped, resolve: stop } = deferred<undefined>()
  const standby = createStandby(options)
  let active: Daemon | undefined

  function tell(): void {
    for (const listener of listeners) listener()
  }

  function begin(repository: Repository, term?: Term): Daemon {
    const { closed = () => undefined, opened = () => Promise.resolve() } = term ?? {}
    const daemon = start(repository, { standstills: pulse.standstills, closed, opened })
    daemon.onChange(tell)
    active = daemon
    tell()
    return daemon
  }

  /** Waits for the lease, works while it holds, and waits again. */
  async function takeTurns({ campaign }: Election): Promise<void> {
    while (!stopping.signal.aborted) {
      const term = await campaign(stopping.signal)
      if (!term) return
      try {
        await standby.release()
        await work(term)
      } catch (error) {
        log.error({ error: explain(error) }, 'the active daemon cannot start')
        await term.end()
        await sleep(clock, pause, stopping.signal)
      } finally {
        active = undefined
        await term.end()
        if (!stopping.signal.aborted) void standby.fetch().then(tell)
      }
    }
  }

  async function work(term: Term): Promise<void> {
    const daemon = begin(await open(), term)
    log.info('this daemon is the active one')
    void daemon.sync()
    const reason = await Promise.race([term.over, stopped])
    if (reason !== undefined) log.warn({ reason }, 'this daemon is not the active one any more')
    await daemon.stop()
  }

  const refusal = () => ({
    type: 'refused' as const,
    status: 503,
    error: `this daemon is a standby; ${election ? whoIsActive(election) : ''}`,
  })

  let turns: Promise<void> = Promise.resolve()
  if (election) {
    await (await open()).close()
    void standby.fetch().then(tell)
    turns = takeTurns(election)
  } else begin(await open())

  return {
    status: () => active?.status() ?? standby.status(election ? whoIsActive(election) : ''),
    diff: async (clusters) => active?.diff(clusters) ?? [],
    observations: () => active?.observations() ?? { clusters: {} },
    async sync() {
      await election?.tried
      await (active ? active.sync() : standby.fetch())
    },
    pause: async (request) => active?.pause(request) ?? refusal(),
    resume: async (request) => active?.resume(request) ?? refusal(),
    history: (clusters) => active?.history(clusters) ?? [],
    ready: () => active?.ready() ?? standby.ready(),
    healthy: () => active?.healthy() ?? true,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    settled: async () => active?.settled(),
    onPullRequest: (number) => active?.onPullRequest(number),
    planned: async () => active?.planned(),
    reported: async () => active?.reported(),
    async stop() {
      stopping.abort()
      stop(undefined)
      await turns
      await active?.stop()
      await standby.release()
      pulse.stop()
    },
  }
}

function whoIsActive({ state }: Election): string {
  const { holder, problem } = state()
  if (problem !== '') return `it cannot be told who is active: ${problem}`
  return holder === '' ? 'no daemon is active yet' : `${holder} is active`
}
