/** A suite that did not run because the components it needs are not on this machine. */
export interface LeftOut {
  readonly title: string
  readonly missing: readonly string[]
}

interface Registry {
  readonly suites: LeftOut[]
  printed: boolean
}

// Mocha loads its reporter through another module loader than the tests, so a plain module variable would exist twice.
const key = Symbol.for('flotilla.testbed.leftOut')

function registry(): Registry {
  const held = globalThis as typeof globalThis & { [key]?: Registry }
  held[key] ??= { suites: [], printed: false }
  return held[key]
}

/**
 * Notes a suite as left out. It is named when the process ends unless `takeLeftOutReport` was called before, so that
 * a run with another reporter is not silent about it either.
 */
export function leaveOut(suite: LeftOut): void {
  const state = registry()
  if (state.suites.length === 0) {
    process.once('exit', () => {
      if (!state.printed) process.stderr.write(takeLeftOutReport())
    })
  }
  state.suites.push(suite)
}

/** How many suites were left out so far. */
export function leftOutCount(): number {
  return registry().suites.length
}

/** The paragraph that names what was left out and how to build it, empty where nothing was; it is not printed again. */
export function takeLeftOutReport(): string {
  const state = registry()
  state.printed = true
  if (state.suites.length === 0) return ''
  const missing = [...new Set(state.suites.flatMap((suite) => suite.missing))]
  const lines = state.suites.map((suite) => `    ${suite.title} (needs ${suite.missing.join(', ')})\n`)
  return [
    `\n  LEFT OUT: ${state.suites.length} suites that need real components, not found on this machine\n`,
    ...lines,
    `  To run them, build the components once: npm run testbed -- build ${missing.join(' ')}\n`,
  ].join('')
}
