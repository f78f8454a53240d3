import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { programArgs } from '../../testbed/program.ts'

/** The root of the checkout. */
export const root = join(import.meta.dirname, '../../..')

/** How a command ended. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that may still run. */
export interface RunningCommand {
  readonly child: ChildProcess
  /** Resolves when it has ended. */
  readonly ended: Promise<Ended>
  /** Resolves as soon as what it wrote to both streams so far matches; rejects when it ends before. */
  until(pattern: RegExp): Promise<void>
}

/** Starts the command line as a person would, in an environment that says nothing but what a test says. */
export function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningCommand {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [...programArgs(), ...args], {
    cwd: root,
    env: { PATH, HOME, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  let over = false
  let heard = () => {}
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
    heard()
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
    heard()
  })
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => {
      over = true
      heard()
      resolve({ code, stdout, stderr })
    })
  })
  return {
    child,
    ended,
    async until(pattern) {
      while (!pattern.test(stdout + stderr)) {
        if (over) throw new Error(`it ended before ${pattern}:\n${stdout}${stderr}`)
        await new Promise<void>((resolve) => (heard = resolve))
      }
    },
  }
}

/** Runs the command line to its end. */
export function flotilla(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended> {
  return start(args, env).ended
}
