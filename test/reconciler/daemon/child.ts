import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { fleetStatusSchema } from '../../../reconciler/server/wire.ts'
import { type OwnedProcess, startProcess } from '../../testbed/processes.ts'
import { eventually, isApplied, type TestFleet } from './harness.ts'

/** `flotilla run` as a process of its own, which a test can kill. */
export interface ChildDaemon {
  readonly process: OwnedProcess
  /** Resolves once the log holds this message. */
  logged(message: string): Promise<void>
  /** Resolves once all clusters run the generated commit, as its API says. */
  applied(): Promise<void>
  /** Has it pull now, as a person with `kill -HUP` does. */
  pullNow(): void
}

const main = fileURLToPath(new URL('../../../reconciler/main.ts', import.meta.url))
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
let counter = 0

/** Starts `flotilla run` on a fleet, by default on the clone that daemons of this fleet had before. */
export function startChild(fleet: TestFleet, { clone = 'clone' } = {}): ChildDaemon {
  const logFile = join(fleet.folder, `child-${++counter}.log`)
  const flags = ['--repo', fleet.url, '--dir', join(fleet.folder, clone), '--listen', '127.0.0.1:0']
  const quiet = ['--poll', '0 0 1 1 *', '--log-format', 'json']
  const process_ = startProcess(process.execPath, ['--import', tsx, main, 'run', ...flags, ...quiet], logFile)
  const lines = () => (existsSync(logFile) ? readFileSync(logFile, 'utf8').split('\n') : [])
  const find = (message: string) => lines().find((line) => line.includes(`"msg":"${message}"`))
  const explain = () => lines().slice(-30).join('\n')

  async function status() {
    const line = find('flotilla is running')
    if (line === undefined) return undefined
    const { api } = JSON.parse(line) as { api: string }
    const answer = await fetch(`${api}/api/v1/status`)
    return fleetStatusSchema.parse(await answer.json())
  }
  return {
    process: process_,
    pullNow: () => process_.signal('SIGHUP'),
    async logged(message) {
      await eventually(() => find(message) !== undefined, `the log says: ${message}`, { explain })
    },
    async applied() {
      await eventually(
        async () => {
          const now = await status()
          return now !== undefined && isApplied(now)
        },
        'all clusters run the generated commit',
        { explain },
      )
    },
  }
}
