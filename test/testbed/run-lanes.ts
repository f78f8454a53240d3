import { type ChildProcess, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { addCounts, type Counts, closingLine, readClosingLine } from './closing-line.ts'
import type { Lane } from './lanes.ts'

const root = join(import.meta.dirname, '../..')
const mocha = join(root, 'node_modules/mocha/lib/cli/cli.js')

/** So many lanes keep all processors busy although most of each is waiting, and are not yet in the way of time limits. */
const lanesAtOnce = Math.max(5, 2 * availableParallelism())

/**
 * Runs each lane in a mocha process of its own upon the compiled program `main`, up to `atOnce` of them at the same time in
 * the order given, and hands what a lane printed to `print` in one piece when it ends; last comes the closing line over
 * all lanes. A lane that ends without one, or in another way than it says, counts as one failure more. Resolves with
 * what was counted.
 */
export async function runLanes(
  lanes: readonly Lane[],
  main: string,
  print: (text: string) => void,
  atOnce = lanesAtOnce,
): Promise<Counts> {
  const children = new Set<ChildProcess>()
  const waiting = [...lanes.entries()]
  // Mocha forwards no signal by itself where only this process gets it; what a lane started dies with the lane.
  const forward = (signal: NodeJS.Signals) => {
    waiting.length = 0
    for (const child of children) child.kill(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, forward)
  const counts: Counts[] = []
  const runThem = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [number, lane] = next
      const startedAt = performance.now()
      const ended = await runLane(lane, { FLOTILLA_TEST_LANE: String(number), FLOTILLA_TEST_PROGRAM: main }, children)
      const seconds = Math.round((performance.now() - startedAt) / 1000)
      print(`\n== ${lane.name}: ${lane.files.length} files in ${seconds} s ==\n${ended.all}`)
      counts.push(judge(lane, ended, print))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, runThem))
  for (const signal of signals) process.off(signal, forward)
  const total = addCounts(counts)
  print(`\n${closingLine(total)}\n`)
  return total
}

/**
 * The lanes keep all processors busy, and a dozen idle API servers beside them would spend a third of one on handing work from
 * thread to thread: Go programs get one thread each, and collect garbage less often.
 */
const goEnvironment = { GOMAXPROCS: '1', GOGC: '200' }

interface Ended {
  /** What it printed, in the order in which it came. */
  readonly all: string
  readonly stdout: string
  /** The exit code, or the signal that ended it. */
  readonly code: number | string
}

function runLane(lane: Lane, env: NodeJS.ProcessEnv, children: Set<ChildProcess>): Promise<Ended> {
  const child = spawn(process.execPath, ['--import', 'tsx', mocha, ...lane.files], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...goEnvironment, ...env },
  })
  children.add(child)
  const [all, stdout]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (piece: Buffer) => {
    all.push(piece)
    stdout.push(piece)
  })
  child.stderr.on('data', (piece: Buffer) => all.push(piece))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      children.delete(child)
      resolve({ all: text(all), stdout: text(stdout), code: code ?? signal ?? 'unknown' })
    })
  })
}

function text(pieces: readonly Buffer[]): string {
  return Buffer.concat(pieces).toString('utf8')
}

function judge(lane: Lane, { stdout, code }: Ended, print: (text: string) => void): Counts {
  const counts = readClosingLine(stdout)
  // Mocha's exit code is the number of failures; anything else means that it died before or after it had counted.
  if (counts !== undefined && (code === 0) === (counts.failed === 0)) return counts
  const what = counts === undefined ? 'did not come to its end' : 'did not end as it says'
  print(`\nThe lane ${lane.name} ${what} (exit ${code}): this counts as a failure.\n`)
  return addCounts([counts ?? { passed: 0, failed: 0, skipped: 0 }, { passed: 0, failed: 1, skipped: 0 }])
}
