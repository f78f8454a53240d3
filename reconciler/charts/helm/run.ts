import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../clock.ts'
import { finalError, passingError } from '../error.ts'
import { formatSize, helmTimeout, maxOutputSize } from '../limits.ts'

/** What a run of Helm printed, and whether it went well. */
export interface HelmResult {
  readonly ok: boolean
  readonly stdout: string
  readonly stderr: string
}

/** Runs Helm with arguments, and with a text on its standard input. */
export type RunHelm = (args: readonly string[], input?: string) => Promise<HelmResult>

/** What is kept of the complaints of a run, in signs. */
const maxComplaint = 20_000

/**
 * Runs a Helm shut off from everything: its own empty home without plugins, repositories and credentials, no variable of
 * ours, no kubeconfig, a proxy that leads nowhere. The home is a folder in `work` and gone afterwards. A run that takes too
 * long or prints too much is ended. Rejects with a `ChartError` then, final where it printed too much, and where Helm cannot
 * be started.
 */
export function helmRunner(helm: string, work: string, clock: Clock): RunHelm {
  return async (args, input = '') => {
    await mkdir(work, { recursive: true })
    const home = await mkdtemp(join(work, 'run-'))
    try {
      return await runIn(helm, home, { args, input }, clock)
    } finally {
      await rm(home, { recursive: true, force: true })
    }
  }
}

interface Run {
  readonly args: readonly string[]
  readonly input: string
}

function environmentIn(home: string): NodeJS.ProcessEnv {
  const nowhere = 'http://127.0.0.1:9'
  return {
    PATH: '',
    HOME: home,
    TMPDIR: home,
    TZ: 'UTC',
    LC_ALL: 'C',
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
    HELM_PLUGINS: join(home, 'plugins'),
    KUBECONFIG: join(home, 'no-kubeconfig'),
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    NO_PROXY: '',
  }
}

function runIn(helm: string, home: string, { args, input }: Run, clock: Clock): Promise<HelmResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(helm, args, { cwd: home, env: environmentIn(home), stdio: 'pipe' })
    const stop = (error: Error) => {
      child.kill('SIGKILL')
      child.stdout.destroy()
      child.stderr.destroy()
      reject(error)
    }
    const timer = clock.after(helmTimeout, () =>
      stop(passingError(`helm took longer than ${helmTimeout / 1000} s and was ended`)),
    )
    const chunks: Buffer[] = []
    let size = 0
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > maxOutputSize) stop(finalError(`the chart renders to more than ${formatSize(maxOutputSize)}`))
      else chunks.push(chunk)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < maxComplaint) stderr += text
    })
    // One that ends before it has read everything says itself what is wrong.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    child.on('error', (error) => {
      timer.cancel()
      reject(passingError(`${helm} cannot be run: ${error.message}`, error))
    })
    child.on('close', (code, signal) => {
      timer.cancel()
      if (signal !== null) return reject(passingError(`helm was ended by ${signal}`))
      resolve({ ok: code === 0, stdout: Buffer.concat(chunks).toString('utf8'), stderr })
    })
  })
}
