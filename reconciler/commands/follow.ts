import { sleep } from '../clock.ts'
import type { StatusQuery } from '../server/select.ts'
import type { FleetStatus } from '../server/types.ts'
import { type DaemonClient, DaemonError } from './client.ts'
import type { CommandContext } from './context.ts'

/** What a follower is told: the last status, and why no newer one comes, or an empty text. */
export interface Followed {
  readonly status: FleetStatus
  readonly lost: string
}

/** How a status is followed. */
export interface FollowOptions {
  readonly client: DaemonClient
  readonly query: StatusQuery
  readonly context: Pick<CommandContext, 'clock' | 'onInterrupt'>
  /** Milliseconds after which `late` is called once; undefined never. */
  readonly timeout: number | undefined
  /** Called after each event and each second; an exit code ends the following. */
  step(followed: Followed): number | undefined
  /** The timeout has passed; gives the exit code. */
  late(followed: Followed | undefined): number
}

/** Exit code of a command that was interrupted, as shells expect it. */
const interruptedExit = 130

/**
 * Follows a status until a step ends it, the timeout passes or the person interrupts; resolves with the exit code.
 * Rejects with a DaemonError where no daemon answers at first; one that goes away later is waited for.
 */
export async function follow(options: FollowOptions): Promise<number> {
  const { client, query, context, timeout, step, late } = options
  const { clock } = context
  const stop = new AbortController()
  let last: Followed | undefined

  // Timers of a clock never keep the process alive, and between two connections nothing else does.
  const hold = setInterval(() => {}, 2 ** 30)
  const timers = new Set<{ cancel(): void }>()
  try {
    return await new Promise<number>((resolve, reject) => {
      const turn = () => {
        try {
          const exit = last && step(last)
          if (exit !== undefined) resolve(exit)
        } catch (error) {
          reject(error)
        }
      }
      let second = clock.after(1000, tick)
      function tick() {
        turn()
        second = clock.after(1000, tick)
      }
      timers.add({ cancel: () => second.cancel() })
      if (timeout !== undefined) timers.add(clock.after(timeout, () => resolve(late(last))))
      const stopListening = context.onInterrupt(() => resolve(interruptedExit))
      timers.add({ cancel: stopListening })

      const listen = async () => {
        for (let failures = 0; !stop.signal.aborted; failures += 1) {
          try {
            for await (const status of client.events(query, stop.signal)) {
              failures = 0
              last = { status, lost: '' }
              turn()
            }
            if (last) last = { ...last, lost: 'the daemon closed the connection' }
          } catch (error) {
            if (stop.signal.aborted) return
            if (!last || !(error instanceof DaemonError)) throw error
            last = { ...last, lost: error.message }
          }
          if (stop.signal.aborted) return
          turn()
          await sleep(clock, Math.min(30_000, 500 * 2 ** failures), stop.signal)
        }
      }
      listen().catch(reject)
    })
  } finally {
    stop.abort()
    clearInterval(hold)
    for (const timer of timers) timer.cancel()
  }
}
