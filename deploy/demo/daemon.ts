import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { findHelm } from '../../reconciler/charts/helm/find.ts'
import { type DaemonClient, openClient } from '../../reconciler/commands/client.ts'

/** A real `flotilla run` in a process of its own, and the way to ask it. */
export interface RunningDaemon {
  /** Where its API answers. */
  readonly server: string
  readonly client: DaemonClient
  /** Resolves when it ends, however it does. */
  readonly ended: Promise<void>
  /** The last lines of its log. */
  lastWords(): string
  /** Ends it as an orchestrator would, the hard way after five seconds. */
  stop(): Promise<void>
}

const root = join(import.meta.dirname, '../..')
const linesKept = 10
const patience = 5000
/** A daemon that does not run after so many milliseconds is ended: what it said is then the error. */
const longestStart = 30_000

/**
 * Starts the daemon as a person would, `flotilla run --repo <url>`, and resolves when its API answers. Its log goes to
 * `<dir>/daemon.log`, its clone lies beside. It ends with this process, however that does. Rejects with its last words where it
 * ends before, and is not waited for once the signal was aborted.
 */
export async function startDaemonProcess(repo: string, dir: string, signal: AbortSignal): Promise<RunningDaemon> {
  signal.throwIfAborted()
  const flags = ['--repo', repo, '--dir', join(dir, 'clone'), '--listen', '127.0.0.1:0', '--log-format', 'json']
  const leash = join(import.meta.dirname, 'leash.ts')
  const node = ['--import', 'tsx', '--import', pathToFileURL(leash).href]
  const child = spawn(process.execPath, [...node, 'reconciler/main.ts', 'run', ...flags], {
    cwd: root,
    env: { ...ownEnvironment(process.env), XDG_CACHE_HOME: cacheIn(dir) },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const log = createWriteStream(join(dir, 'daemon.log'))
  const last: string[] = []
  const lastWords = () => last.join('\n')
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      last.push(error.message)
      resolve()
    })
    child.once('close', () => log.end(resolve))
  })
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  const address = new Promise<string>((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.write(`${line}\n`)
      last.push(line)
      if (last.length > linesKept) last.shift()
      const found = addressIn(line)
      if (found !== undefined) resolve(found)
    })
  })
  const early = ended.then(() => {
    throw new Error(`the daemon ended before it ran:\n${lastWords()}`)
  })
  early.catch(() => undefined)
  const late = setTimeout(kill, longestStart)
  signal.addEventListener('abort', kill, { once: true })
  const server = await Promise.race([address, early]).finally(() => {
    signal.removeEventListener('abort', kill)
    clearTimeout(late)
  })
  const client = openClient(server, {})
  return {
    server,
    client,
    ended,
    lastWords,
    async stop() {
      await client.close()
      child.kill('SIGTERM')
      const timer = setTimeout(kill, patience)
      await ended
      clearTimeout(timer)
      process.off('exit', kill)
    },
  }
}

/** Where the daemon keeps what it may lose, below the folder of the demo: nothing stays behind. */
function cacheIn(dir: string): string {
  return join(dir, 'cache')
}

/** Settings of another daemon of this person, such as a token, are not for this one; the Helm of this machine is. */
function ownEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isForeign = (name: string) => /^(FLOTILLA|KUBERNETES)_/.test(name) && name !== 'FLOTILLA_HELM'
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isForeign(name)))
}

/** Why the daemon will find no Helm to render charts with; undefined where it will. What `npm ci` brought is unpacked. */
export async function whyNoHelm(dir: string): Promise<string | undefined> {
  const { FLOTILLA_HELM: configured, PATH: path = '' } = process.env
  const cacheFolder = join(cacheIn(dir), 'flotilla/charts/helm')
  return findHelm({ configured, path, cacheFolder }).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
}

/** The address of the API, which the daemon says once it answers there. */
function addressIn(line: string): string | undefined {
  try {
    const entry: unknown = JSON.parse(line)
    if (typeof entry !== 'object' || entry === null || !('api' in entry)) return undefined
    return typeof entry.api === 'string' ? entry.api : undefined
  } catch {
    return undefined // no line of the log
  }
}
