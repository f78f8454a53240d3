import { type Clock, sleep } from '../clock.ts'
import { ApiError, isClusterWide } from './errors.ts'
import type { Transport } from './transport.ts'

/** What a heartbeat needs. */
export interface HeartbeatOptions {
  readonly transport: Transport
  readonly clock: Clock
  readonly signal: AbortSignal
  /** When the cluster answered last, in milliseconds since the epoch. */
  lastAnswer(): number
  /** Called when it answers. */
  onAnswer(): void
  /** Called when it does not answer any more. */
  onLost(error: Error): void
}

/** A cluster that was quiet for so many milliseconds is asked for its version. */
const quietFor = 45_000
const silent = new ApiError('the cluster does not answer any more', { type: 'unreachable' })
/** Longest time for that answer, in milliseconds. */
const patience = 15_000

/**
 * Notices a cluster that hangs, or whose network swallows packets, although no connection ended: while nothing else is
 * heard of it, one tiny request every 45 seconds, given up after 15. Runs until the signal is aborted; never rejects.
 */
export async function heartbeat(options: HeartbeatOptions): Promise<void> {
  const { transport, clock, signal } = options
  while (!signal.aborted) {
    const quiet = clock.now() - options.lastAnswer()
    if (quiet < quietFor) {
      await sleep(clock, quietFor - quiet, signal)
      continue
    }
    const limit = new AbortController()
    const timer = clock.after(patience, () => limit.abort())
    try {
      await transport.request('GET', '/version', { signal: AbortSignal.any([signal, limit.signal]) })
      options.onAnswer()
    } catch (error) {
      if (signal.aborted) return
      // An answer of any kind is a sign of life, only not a good one.
      if (isClusterWide(error)) return options.onLost(limit.signal.aborted ? silent : error)
      options.onAnswer()
    } finally {
      timer.cancel()
    }
  }
}
