import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { explain } from '../git/error.ts'
import type { Refs, Repository } from '../git/types.ts'
import type { FleetStatus } from '../server/types.ts'

/** What a daemon does while another one is active: it keeps the clone warm and writes nothing anywhere. */
export interface Standby {
  /** Fetches now. Never rejects. */
  fetch(): Promise<void>
  /** Whether a first fetch has ended, well or not. */
  ready(): boolean
  /** The status of the fleet as far as a standby knows it; `standby` says who is active instead. */
  status(standby: string): FleetStatus
  /** Breaks off a fetch and closes the repository, which the next fetch opens again. */
  release(): Promise<void>
}

/** What a standby needs. */
export interface StandbyOptions {
  readonly open: () => Promise<Repository>
  readonly branches: { readonly source: string; readonly generated: string }
  readonly clock: Clock
  readonly log: Logger
}

/** Makes a standby that has done nothing yet. */
export function createStandby({ open, branches, clock, log }: StandbyOptions): Standby {
  let repository: Repository | undefined
  let refs: Refs = { source: undefined, generated: undefined }
  let fetchedAt: string | undefined
  let heartbeatAt: string | undefined
  let problem = ''
  let ready = false
  let running: Promise<void> | undefined
  let released = false

  async function fetchOnce(): Promise<void> {
    try {
      repository ??= await open()
      refs = await repository.fetch()
      fetchedAt = new Date(clock.now()).toISOString()
      problem = ''
    } catch (error) {
      if (released) return
      problem = explain(error)
      log.warn({ error: problem }, 'a standby cannot fetch')
    }
    ready = true
    heartbeatAt = new Date(clock.now()).toISOString()
  }

  return {
    ready: () => ready,
    fetch() {
      released = false
      running ??= fetchOnce().finally(() => {
        running = undefined
      })
      return running
    },
    status: (standby) => ({
      fleet: '',
      at: new Date(clock.now()).toISOString(),
      heartbeatAt,
      standby,
      sync: 'progressing',
      source: { branch: branches.source, commit: undefined, fetchedAt, problem },
      generated: { branch: branches.generated, commit: refs.generated, problem: '' },
      messages: [],
      clusters: [],
    }),
    async release() {
      released = true
      await repository?.close()
      await running
      await repository?.close()
      repository = undefined
    },
  }
}
