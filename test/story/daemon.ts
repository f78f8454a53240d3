import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { eventually } from '../reconciler/daemon/harness.ts'
import { type OwnedProcess, startProcess } from '../testbed/processes.ts'

const main = fileURLToPath(new URL('../../reconciler/main.ts', import.meta.url))
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

/** `flotilla run` on a forge, a process of its own that is told of changes by webhooks alone. */
export interface ForgeDaemon {
  readonly process: OwnedProcess
  /** Its address. */
  readonly api: string
  /** The last lines of its log. */
  explain(): string
}

/** How it is started. */
export interface ForgeDaemonOptions {
  readonly repo: string
  readonly token: string
  readonly webhookToken: string
  /** Where the clone and the log are kept. */
  readonly folder: string
}

/** Starts it and resolves once it listens; its first turn is under way then. */
export async function startForgeDaemon(options: ForgeDaemonOptions): Promise<ForgeDaemon> {
  const logFile = join(options.folder, 'daemon.log')
  const flags = ['--repo', options.repo, '--dir', join(options.folder, 'clone'), '--listen', '127.0.0.1:0']
  // Nothing is pulled by the clock, so what is seen was told by a webhook.
  const told = ['--poll', '0 0 1 1 *', '--log-format', 'json']
  const env = { FLOTILLA_GIT_TOKEN: options.token, FLOTILLA_WEBHOOK_TOKEN: options.webhookToken }
  const child = startProcess(process.execPath, ['--import', tsx, main, 'run', ...flags, ...told], logFile, env)
  const lines = () => (existsSync(logFile) ? readFileSync(logFile, 'utf8').split('\n') : [])
  const explain = () => lines().slice(-40).join('\n')
  const line = await eventually(
    () => {
      if (!child.running()) throw new Error(`the daemon has ended:\n${explain()}`)
      return lines().find((text) => text.includes('"msg":"flotilla is running"'))
    },
    'the daemon runs',
    { explain, limit: 60_000 },
  )
  return { process: child, api: (JSON.parse(line) as { api: string }).api, explain }
}
