import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FleetStatus } from '../../../reconciler/server/types.ts'
import { fleetStatusSchema } from '../../../reconciler/server/wire.ts'
import { type OwnedProcess, startProcess } from '../../testbed/processes.ts'
import { programArgs } from '../../testbed/program.ts'
import { eventually, isApplied, type TestFleet } from './harness.ts'

/** `flotilla run` as a process of its own, which a test can kill. */
export interface ChildDaemon {
  readonly process: OwnedProcess
  /** Resolves once the log holds this message. */
  logged(message: string): Promise<void>
  /** Resolves once all clusters run the generated commit, as its API says. */
  applied(): Promise<void>
  /** Resolves with the status, once its API gives one that is so. */
  until(is: (status: FleetStatus) => boolean, what: string, limit?: number): Promise<FleetStatus>
  /** Asks something of its HTTP server. */
  get(path: string): Promise<{ readonly status: number; readonly text: string }>
  /** Has it pull now, as a person with `kill -HUP` does. */
  pullNow(): void
  /** Ends it in order: what it applied is noted in the clusters then, which a kill in the same moment may prevent. */
  end(): Promise<void>
}

let counter = 0

/** How a daemon is started; by default on the clone that daemons of this fleet had before, and without a host cluster. */
export interface ChildOptions {
  readonly clone?: string
  readonly more?: readonly string[]
  /** More of its environment. */
  readonly env?: NodeJS.ProcessEnv
}

/** Starts `flotilla run` on a fleet. */
export function startChild(fleet: TestFleet, { clone = 'clone', more = [], env = {} }: ChildOptions = {}): ChildDaemon {
  const logFile = join(fleet.folder, `child-${++counter}.log`)
  const flags = ['--repo', fleet.url, '--dir', join(fleet.folder, clone), '--listen', '127.0.0.1:0']
  const quiet = ['--poll', '0 0 1 1 *', '--log-format', 'json']
  const process_ = startProcess(process.execPath, [...programArgs(), 'run', ...flags, ...quiet, ...more], logFile, env)
  const lines = () => (existsSync(logFile) ? readFileSync(logFile, 'utf8').split('\n') : [])
  const find = (message: string) => lines().find((line) => line.includes(`"msg":"${message}"`))
  const explain = () => lines().slice(-30).join('\n')

  async function get(path: string) {
    const line = await eventually(() => find('flotilla is running'), 'it runs', { explain })
    const { api } = JSON.parse(line) as { api: string }
    const answer = await fetch(`${api}${path}`)
    return { status: answer.status, text: await answer.text() }
  }
  const until: ChildDaemon['until'] = (is, what, limit) =>
    eventually(
      async () => {
        const status = fleetStatusSchema.parse(JSON.parse((await get('/api/v1/status')).text))
        return is(status) && status
      },
      what,
      { explain, limit },
    )
  return {
    process: process_,
    pullNow: () => process_.signal('SIGHUP'),
    async end() {
      process_.signal('SIGTERM')
      await process_.ended
    },
    async logged(message) {
      await eventually(() => find(message) !== undefined, `the log says: ${message}`, { explain })
    },
    get,
    until,
    async applied() {
      await until(isApplied, 'all clusters run the generated commit')
    },
  }
}
