import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FleetStatus } from '../../reconciler/server/types.ts'
import { fleetStatusSchema } from '../../reconciler/server/wire.ts'
import { eventually } from '../reconciler/daemon/harness.ts'
import { type OwnedProcess, startProcess } from '../testbed/processes.ts'
import { programArgs } from '../testbed/program.ts'

/** A line of the daemon's log. */
export interface LogLine {
  readonly msg: string
  /** When it was written, in ISO. */
  readonly time: string
  readonly [field: string]: unknown
}

/** `flotilla run` on a forge, a process of its own that is told of changes by webhooks alone. */
export interface ForgeDaemon {
  readonly process: OwnedProcess
  /** Its address. */
  readonly api: string
  /** What it says of the fleet now. */
  status(): Promise<FleetStatus>
  /** Its log so far. */
  log(): readonly LogLine[]
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
  /** More options of `run`, and more of its environment. */
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

let started = 0

/** Starts it and resolves once it listens; its first turn is under way then. */
export async function startForgeDaemon(options: ForgeDaemonOptions): Promise<ForgeDaemon> {
  const logFile = join(options.folder, `daemon-${++started}.log`)
  const flags = ['--repo', options.repo, '--dir', join(options.folder, 'clone'), '--listen', '127.0.0.1:0']
  // Nothing is pulled by the clock, so what is seen was told by a webhook.
  const told = ['--poll', '0 0 1 1 *', '--log-format', 'json', ...(options.flags ?? [])]
  const env = { FLOTILLA_GIT_TOKEN: options.token, FLOTILLA_WEBHOOK_TOKEN: options.webhookToken, ...options.env }
  const child = startProcess(process.execPath, [...programArgs(), 'run', ...flags, ...told], logFile, env)
  const lines = () => (existsSync(logFile) ? readFileSync(logFile, 'utf8').split('\n') : [])
  const log = () =>
    lines().flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line) as LogLine] : []))
  const explain = () => lines().slice(-40).join('\n')
  const line = await eventually(
    () => {
      if (!child.running()) throw new Error(`the daemon has ended:\n${explain()}`)
      return log().find(({ msg }) => msg === 'flotilla is running')
    },
    'the daemon runs',
    { explain, limit: 60_000 },
  )
  const api = String(line.api)
  return {
    process: child,
    api,
    status: async () => fleetStatusSchema.parse(await (await fetch(`${api}/api/v1/status`)).json()),
    log,
    explain,
  }
}
