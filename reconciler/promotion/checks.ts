import { milliseconds } from '../../repo-layout/schema/common.ts'
import type { RolloutCheck } from '../../repo-layout/schema/rollouts.ts'
import type { Clock } from '../clock.ts'

/** What a check has said so far. */
export interface CheckResult {
  readonly holds: boolean
  /** Why it did not hold when it was asked last, and how often in a row; empty where it did. */
  readonly problem: string
  /** Why it failed more often in a row than it may; undefined where it has not. */
  readonly failed: string | undefined
}

/** Checks that are asked again and again. */
export interface Checks {
  /** Asks these from now on, by key, and no others; one that is asked already goes on. */
  follow(wanted: ReadonlyMap<string, RolloutCheck>): void
  /** Undefined before the first answer. */
  result(key: string): CheckResult | undefined
  stop(): void
}

/** What checks are asked with. */
export interface ChecksOptions {
  readonly clock: Clock
  /** Asks once: why the check does not hold, or undefined. Never rejects. */
  readonly ask: (check: RolloutCheck, signal: AbortSignal) => Promise<string | undefined>
  readonly onChange: () => void
}

interface Runner {
  readonly check: RolloutCheck
  result: CheckResult | undefined
  failures: number
  readonly stopping: AbortController
  timer: { cancel(): void } | undefined
}

/** Makes checks; each is asked at once and then every `interval`, until it has failed for good. */
export function createChecks({ clock, ask, onChange }: ChecksOptions): Checks {
  const runners = new Map<string, Runner>()

  async function turn(runner: Runner): Promise<void> {
    const { check, stopping } = runner
    const problem = await ask(check, stopping.signal)
    if (stopping.signal.aborted) return
    runner.failures = problem === undefined ? 0 : runner.failures + 1
    const isOver = runner.failures >= check.failureLimit
    const before = runner.result
    const told = problem === undefined ? '' : `${problem}, ${runner.failures} of ${check.failureLimit} times`
    const failed = isOver ? told : undefined
    runner.result = { holds: problem === undefined, problem: told, failed }
    if (!isOver) runner.timer = clock.after(milliseconds(check.interval), () => void turn(runner))
    if (before?.problem !== told) onChange()
  }

  function end({ stopping, timer }: Runner): void {
    stopping.abort()
    timer?.cancel()
  }

  function follow(wanted: ReadonlyMap<string, RolloutCheck>): void {
    for (const [key, runner] of runners) {
      if (isSame(runner.check, wanted.get(key))) continue
      end(runner)
      runners.delete(key)
    }
    for (const [key, check] of wanted) {
      if (runners.has(key)) continue
      const stopping = new AbortController()
      const runner: Runner = { check, result: undefined, failures: 0, stopping, timer: undefined }
      runners.set(key, runner)
      void turn(runner)
    }
  }

  return { follow, result: (key) => runners.get(key)?.result, stop: () => follow(new Map()) }
}

function isSame(a: RolloutCheck, b: RolloutCheck | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
