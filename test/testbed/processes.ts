import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'

/** A real program that lives no longer than this process. */
export interface OwnedProcess {
  readonly name: string
  /** Its process id; undefined where it could not be started. */
  readonly pid: number | undefined
  /** Resolves once the program has ended, however it did. */
  readonly ended: Promise<void>
  running(): boolean
  /** Sends a signal; does nothing once the program has ended. */
  signal(signal: NodeJS.Signals): void
  /** Ends the program at once and resolves when it is gone. */
  kill(): Promise<void>
  /** The last lines that it printed, for error messages. */
  logTail(): string
}

const children = new Set<ChildProcess>()
const folders = new Set<string>()
let watching = false

/**
 * Starts a program whose output goes to `logFile`. It does not keep Node's event loop alive, and it is killed when this
 * process exits, is interrupted or is terminated; on Linux the kernel does so even where this process is killed. Of the
 * environment it gets what any program needs, and `env`.
 */
export function startProcess(
  path: string,
  args: readonly string[],
  logFile: string,
  env: NodeJS.ProcessEnv = {},
): OwnedProcess {
  watchExit()
  const name = path.split('/').at(-1) ?? path
  const log = openSync(logFile, 'a')
  const [command, ...rest] = [...deathPrefix(), path, ...args]
  const child = spawn(command ?? path, rest, { stdio: ['ignore', log, log], env: { ...bareEnvironment(), ...env } })
  closeSync(log)
  child.unref()
  children.add(child)
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      children.delete(child)
      resolve()
    }
    child.once('exit', end)
    child.once('error', end)
  })
  const running = () => children.has(child)
  return {
    name,
    pid: child.pid,
    ended,
    running,
    signal: (signal) => {
      if (running()) child.kill(signal)
    },
    kill: async () => {
      if (running()) child.kill('SIGKILL')
      // An unreferenced child would let Node end while this is awaited.
      child.ref()
      await ended
    },
    logTail: () => readFileSync(logFile, 'utf8').split('\n').slice(-30).join('\n'),
  }
}

/** Has `folder` removed when this process ends; `FLOTILLA_TESTBED_KEEP=1` keeps it, to read the logs. */
export function removeAtExit(folder: string): void {
  watchExit()
  folders.add(folder)
}

/** Removes a folder that `removeAtExit` was told of, now. */
export function removeNow(folder: string): void {
  folders.delete(folder)
  if (process.env.FLOTILLA_TESTBED_KEEP === '1') process.stderr.write(`testbed: kept ${folder}\n`)
  else rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}

function watchExit(): void {
  if (watching) return
  watching = true
  process.on('exit', endEverything)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const onSignal = () => {
      endEverything()
      process.off(signal, onSignal)
      // A listener replaces the default of ending; where it was the only one, that default is due now.
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
    }
    process.on(signal, onSignal)
  }
}

function endEverything(): void {
  for (const child of children) child.kill('SIGKILL')
  for (const folder of folders) removeNow(folder)
}

let prefix: readonly string[] | undefined

function deathPrefix(): readonly string[] {
  const wrapper = ['setpriv', '--pdeathsig', 'KILL', '--']
  prefix ??=
    process.platform === 'linux' && spawnSync('setpriv', [...wrapper.slice(1), 'true']).status === 0 ? wrapper : []
  return prefix
}

function bareEnvironment(): NodeJS.ProcessEnv {
  // Proxy settings and a kubeconfig of the person who runs the tests must not reach what they start.
  const { PATH, HOME, TMPDIR, GOMAXPROCS, GOGC } = process.env
  return { PATH, HOME, TMPDIR, GOMAXPROCS, GOGC }
}
