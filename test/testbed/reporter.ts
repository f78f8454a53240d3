import Mocha from 'mocha'
import { closingLine } from './closing-line.ts'
import { leftOutCount, takeLeftOutReport } from './left-out.ts'

/**
 * Mocha's dots and full failures, then the suites that were left out, and last the one line `N passed, N failed, N
 * skipped` that says how the run ended; a suite that was left out counts as one skipped.
 */
function closingLineReporter(runner: Mocha.Runner, options: Mocha.MochaOptions): Mocha.reporters.Base {
  const dots = new Mocha.reporters.Dot(runner, options)
  // The dots' own summary listens for the same event and was registered first, so this prints below it.
  runner.once('end', () => {
    const { passes, failures, pending } = dots.stats
    const skipped = pending + leftOutCount()
    process.stdout.write(`${takeLeftOutReport()}\n${closingLine({ passed: passes, failed: failures, skipped })}\n`)
  })
  return dots
}

// biome-ignore lint/style/noDefaultExport: mocha takes a reporter from the default export of its file
export default closingLineReporter
