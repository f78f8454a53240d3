import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { request } from 'undici'
import { requestHeader } from '../../reconciler/server/guard.ts'
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../repo-layout/json.ts'
import { freePort } from '../testbed/ports.ts'
import { type OwnedProcess, startProcess } from '../testbed/processes.ts'
import { type Usage, usageOf } from './usage.ts'

/** `flotilla run` as a process of its own, and what can be asked of it. Times are milliseconds since the epoch. */
export interface Daemon {
  /** Starts it, with more flags; gives the time of the start. */
  start(...flags: readonly string[]): number
  /** Tells it that there is something new, as a webhook would; gives the time before it was told. */
  tell(): Promise<number>
  /**
   * Waits until `enough` says so of the states of the clusters under a source commit; rejects where that never comes. It
   * asks `every` so many milliseconds: of a large fleet each answer is work.
   */
  until(sourceCommit: string, enough: (clusters: readonly ClusterState[]) => boolean, every?: number): Promise<void>
  /** Requests to API servers that it counted so far. */
  requests(): Promise<number>
  /** What its process has used since it was started; undefined where the system cannot tell. */
  usage(): Usage | undefined
  /** Ends it as a person would, and waits until it is gone. */
  stop(): Promise<void>
}

/** What a status says of one cluster. */
export interface ClusterState {
  readonly sync: string
  /** Everything of the commit in force was applied, healthy or not. */
  readonly isApplied: boolean
}

const checkout = fileURLToPath(new URL('../../', import.meta.url))
/** Below `node_modules`, so that the built program finds its dependencies as an installed one does. */
const built = join(checkout, 'node_modules', '.cache', 'flotilla-bench')
const patience = 300_000

/** Builds Flotilla as it is installed; gives the folder with the built program. */
export async function buildFlotilla(): Promise<string> {
  rmSync(built, { recursive: true, force: true })
  const tsc = join(checkout, 'node_modules', '.bin', 'tsc')
  await promisify(execFile)(tsc, ['--project', join(checkout, 'tsconfig.build.json'), '--outDir', built])
  return built
}

/** Prepares a daemon of a built Flotilla for a repository; it is not started yet. Profiles go to `profile`, if given. */
export async function createDaemon(
  program: string,
  url: string,
  folder: string,
  profile: string | undefined,
): Promise<Daemon> {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  let daemon: OwnedProcess | undefined
  return {
    start(...more) {
      const flags = ['--repo', url, '--dir', join(folder, 'clone'), '--listen', `127.0.0.1:${port}`, ...more]
      const node = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
      const args = [...node, join(program, 'reconciler', 'main.js'), 'run', ...flags]
      const at = Date.now()
      daemon = startProcess(process.execPath, args, join(folder, 'flotilla.log'))
      return at
    },
    async tell() {
      const at = Date.now()
      const headers = { [requestHeader]: '1' }
      const { statusCode, body } = await request(`${origin}/api/v1/sync`, { method: 'POST', headers })
      await body.dump()
      if (statusCode !== 202) throw new Error(`flotilla refused to sync: ${statusCode}`)
      return at
    },
    async until(sourceCommit, enough, every = 50) {
      for (const end = Date.now() + patience; ; await sleep(every)) {
        const status = await statusOf(origin)
        if (enough(statesOf(status, sourceCommit))) return
        if (Date.now() > end || daemon?.running() !== true) {
          const told = JSON.stringify(status)?.slice(0, 2000)
          throw new Error(`flotilla does not settle: ${told}\n${daemon?.logTail()}`)
        }
      }
    },
    async requests() {
      const { body } = await request(`${origin}/metrics`)
      const counts = (await body.text()).matchAll(/^flotilla_api_requests_total\{.*\} (\d+)$/gm)
      return [...counts].reduce((sum, [, value]) => sum + Number(value), 0)
    },
    usage: () => (daemon?.pid === undefined ? undefined : usageOf(daemon.pid)),
    async stop() {
      daemon?.signal('SIGTERM')
      await daemon?.ended
    },
  }
}

async function statusOf(origin: string): Promise<Json | undefined> {
  try {
    const { body } = await request(`${origin}/api/v1/status?objects=notable`)
    return (await body.json()) as Json
  } catch {
    return undefined // it does not listen yet
  }
}

/** The states of all clusters; none while the status is of another source commit. */
export function statesOf(status: Json | undefined, sourceCommit: string): readonly ClusterState[] {
  if (!isJsonObject(status) || !isJsonObject(status.source) || !isJsonObject(status.generated)) return []
  if (status.source.commit !== sourceCommit) return []
  const { commit } = status.generated
  const clusters: readonly Json[] = isJsonArray(status.clusters) ? status.clusters : []
  return clusters.filter(isJsonObject).map((one) => stateOf(one, commit))
}

function stateOf({ sync, appliedCommit, applied, total }: JsonObject, generated: Json | undefined): ClusterState {
  return { sync: String(sync), isApplied: appliedCommit === generated && applied === total && Number(total) > 0 }
}
