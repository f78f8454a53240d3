import type { Subject } from '../../repo-layout/subject.ts'
import type { DiffReport, HistoryReport } from '../server/types.ts'
import { dataText } from '../views/data.ts'
import { diffMarkdown } from '../views/diff-markdown.ts'
import { diffClosing, diffExit, flatten } from '../views/diff-summary.ts'
import { diffView } from '../views/diff-text.ts'
import { historyClosing, historyMarkdown, historyView, writtenOver } from '../views/history.ts'
import type { View } from '../views/screen.ts'
import { findAmong } from '../views/subject-status.ts'
import { askDaemon } from './ask-daemon.ts'
import { type DaemonClient, DaemonError } from './client.ts'
import { type CommandContext, screenOf } from './context.ts'
import { printView } from './status.ts'

/** Options of `flotilla diff`. */
export interface DiffOptions {
  readonly server: string
  readonly cluster: readonly string[]
  /** What was written over, instead of what differs now. */
  readonly history?: boolean
  /** False leaves out the heads of tables. */
  readonly headers?: boolean
  readonly output?: 'wide' | 'json' | 'yaml' | 'name' | 'markdown'
}

/**
 * `flotilla diff`: exit 0 where all is equal, 1 with differences, 2 where that could not be told. With `--history` it shows what
 * was written over: 0, or 2 where no cluster of those asked for is known.
 */
export async function diffCommand(
  name: string | undefined,
  options: DiffOptions,
  context: CommandContext,
): Promise<number> {
  return askDaemon(options.server, context, async (client) => {
    if (options.history) {
      const report = await client.history(options.cluster)
      const gone = report.clusters.flatMap(({ entries }) => entries.map(({ subject }) => subject))
      const subject = name === undefined ? undefined : await subjectOf(name, client, options, gone)
      const chosen = ofSubject(report, 'entries', subject)
      printView(showHistory(chosen, options, context), context)
      return chosen.clusters.some(({ problem }) => problem !== '') ? 2 : 0
    }
    const subject = name === undefined ? undefined : await subjectOf(name, client, options, [])
    const report = ofSubject(await client.diff(options.cluster), 'drifts', subject)
    printView(showDiff(report, options, context), context)
    return diffExit(report)
  })
}

/** The Subject that a person means, among those of the fleet and `more`. Throws a DaemonError where there is none. */
async function subjectOf(
  name: string,
  client: DaemonClient,
  { cluster }: DiffOptions,
  more: readonly Subject[],
): Promise<Subject> {
  const { clusters } = await client.status({ clusters: cluster })
  const known = clusters.flatMap(({ objects }) => objects.map(({ subject }) => subject))
  const { subject, nearest } = findAmong([...known, ...more], name)
  if (subject !== undefined) return subject
  throw new DaemonError(`no cluster should run ${name}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`)
}

/** A report with what is about one Subject alone. */
function ofSubject<
  Part extends string,
  Cluster extends { readonly [part in Part]: readonly { readonly subject: Subject }[] },
  Report extends { readonly clusters: readonly Cluster[] },
>(report: Report, part: Part, subject: Subject | undefined): Report {
  if (subject === undefined) return report
  const clusters = report.clusters.map((cluster) => ({
    ...cluster,
    [part]: cluster[part].filter((one) => one.subject === subject),
  }))
  return { ...report, clusters }
}

function showDiff(report: DiffReport, options: DiffOptions, context: CommandContext): View {
  const { output } = options
  const now = context.clock.now()
  const data = (body: string): View => ({ body, closing: diffClosing(report) })
  if (output === 'json' || output === 'yaml') return data(dataText(report, output))
  if (output === 'markdown') return diffMarkdown(report, now)
  if (output !== 'name') return diffView(report, { now, wide: output === 'wide' }, screenOf(context, options))
  return data(names(flatten(report).map(({ cluster, drift }) => `${cluster} ${drift.subject}`)))
}

function showHistory(report: HistoryReport, options: DiffOptions, context: CommandContext): View {
  const { output } = options
  const now = context.clock.now()
  const data = (body: string): View => ({ body, closing: historyClosing(report, now) })
  if (output === 'json' || output === 'yaml') return data(dataText(report, output))
  if (output === 'markdown') return historyMarkdown(report, now)
  if (output !== 'name') return historyView(report, { now, wide: output === 'wide' }, screenOf(context, options))
  return data(names(writtenOver(report).map(({ cluster, entry }) => `${cluster} ${entry.subject}`)))
}

function names(lines: readonly string[]): string {
  return [...new Set(lines)].map((line) => `${line}\n`).join('')
}
