import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { parseAuthor } from '../cycle/generate.ts'
import type { Forge } from '../forge/types.ts'
import type { Repository } from '../git/types.ts'
import { type Board, forgeBoard } from './board.ts'
import { noteBoard } from './note-board.ts'
import { createReporter, type Reporter, type ReporterOptions } from './reporter.ts'

/** Where a daemon reports to. */
export interface ReportSettings {
  /** The forge once it is found; undefined where there is none. Never rejects. */
  readonly forge: Promise<Forge | undefined>
  /** Whether notes are written into the fleet repository. */
  readonly notes: boolean
  /** Where statuses lead; see `ReporterOptions`. */
  readonly dashboardUrl?: string | undefined
}

/** What reporting needs of the daemon. */
export interface ReportingOptions extends Pick<ReporterOptions, 'read' | 'mayPost' | 'metrics'> {
  readonly settings: ReportSettings | undefined
  readonly repository: Repository
  readonly clock: Clock
  readonly log: Pick<Logger, 'warn'>
}

/** Reports to a forge once it is found, as notes, to both, or to nobody. */
export function createReporting({ settings, ...options }: ReportingOptions): Reporter {
  const { repository, read, clock, metrics } = options
  const reporters: Reporter[] = []
  const counts = new Map<string, number>()
  let stopped = false

  function begin(board: Board): void {
    if (stopped) return
    const statusesWaiting = (count: number) => {
      counts.set(board.name, count)
      metrics.statusesWaiting?.([...counts.values()].reduce((sum, one) => sum + one, 0))
    }
    const dashboardUrl = settings?.dashboardUrl
    const reporter = createReporter({ ...options, board, metrics: { ...metrics, statusesWaiting }, dashboardUrl })
    reporters.push(reporter)
    reporter.tell()
  }

  async function open({ forge: search, notes }: ReportSettings): Promise<void> {
    const author = () => parseAuthor(read().fleet?.spec.generated.author ?? '')
    if (notes) begin(noteBoard({ repository, author, clock }))
    const forge = await search
    if (forge) begin(forgeBoard(forge))
  }

  const opened = settings && open(settings)
  return {
    tell: () => {
      for (const reporter of reporters) reporter.tell()
    },
    problem: () =>
      reporters
        .map((reporter) => reporter.problem())
        .filter((text) => text !== '')
        .join('; '),
    async reported() {
      await opened
      await Promise.all(reporters.map((reporter) => reporter.reported()))
    },
    async stop() {
      stopped = true
      await Promise.all(reporters.map((reporter) => reporter.stop()))
    },
  }
}
