import type { Overwritten } from '../member/history.ts'
import type { HistoryReport } from '../server/types.ts'
import { age, clockTime } from './age.ts'
import { fieldLines } from './diff-text.ts'
import { showValue } from './drift-text.ts'
import { type Screen, type View, viewOf } from './screen.ts'
import { glyph, styleOf } from './state.ts'
import { type Cell, escapeMarkdown, layoutTable, markdownTable } from './table.ts'
import { tame } from './tame.ts'
import { count, oneLine } from './text.ts'

/** What was written over in one object of one cluster. */
interface Written {
  readonly cluster: string
  readonly entry: Overwritten
  readonly source: string
}

/** All entries of a report, the newest first. */
export function writtenOver(report: HistoryReport): readonly Written[] {
  return report.clusters
    .flatMap(({ cluster, entries, sources }) =>
      entries.map((entry) => ({ cluster, entry, source: sources[entry.subject] ?? '' })),
    )
    .sort((a, b) => (a.entry.at === b.entry.at ? 0 : a.entry.at > b.entry.at ? -1 : 1))
}

/** What was written over as text: `-` is what stood there, `+` what Git said. A block an object, or a table. */
export function historyView(
  raw: HistoryReport,
  { now, wide }: { readonly now: number; readonly wide?: boolean },
  screen: Screen,
): View {
  const report = tame(raw)
  const written = writtenOver(report)
  const rows = written.flatMap((one) => rowsOf(one, now, true))
  const table = rows.length > 0 ? layoutTable(header, rows, { ...screen, columns: undefined }) : []
  const blocks = written.flatMap(({ cluster, entry, source }) => [
    title(cluster, entry, now, screen),
    ...entry.fields.flatMap((field) => fieldLines(field, source, screen)),
  ])
  const unknown = report.clusters.flatMap(({ cluster, problem }) =>
    problem === ''
      ? []
      : [`${screen.style(styleOf('unreachable'), `? ${cluster}`)}  is not known: ${oneLine(problem)}`],
  )
  return viewOf([...(wide ? table : blocks), ...unknown], historyClosing(report, now), screen)
}

/** The same as Markdown: a table, one row a field. */
export function historyMarkdown(raw: HistoryReport, now: number): View {
  const report = tame(raw)
  const rows = writtenOver(report).flatMap((one) => rowsOf(one, now, false))
  const closing = historyClosing(report, now)
  const unknown = report.clusters.flatMap(({ cluster, problem }) =>
    problem === '' ? [] : [`- ${escapeMarkdown(`${cluster} is not known: ${oneLine(problem)}`)}`],
  )
  const parts = [
    `**${escapeMarkdown(closing)}**`,
    ...(rows.length > 0 ? [markdownTable(header, rows)] : []),
    ...(unknown.length > 0 ? [unknown.join('\n')] : []),
  ]
  return { body: `${parts.join('\n\n')}\n`, closing }
}

/** The last sentence of a history, which also says that there is none. */
export function historyClosing(raw: HistoryReport, now: number): string {
  const report = tame(raw)
  const written = writtenOver(report)
  const [newest] = written
  const unknown = report.clusters.filter(({ problem }) => problem !== '').length
  const fields = written.reduce((sum, { entry }) => sum + entry.fields.length, 0)
  const objects = new Set(written.map(({ cluster, entry }) => `${cluster} ${entry.subject}`)).size
  const said = newest
    ? `${count(fields, 'field')} of ${count(objects, 'object')} ${fields === 1 ? 'was' : 'were'} written over, the last ${age(newest.entry.at, now)} ago.`
    : unknown < report.clusters.length || report.clusters.length === 0
      ? 'Nothing was written over, as far as is kept.'
      : ''
  return [said, unknown > 0 ? `Of ${count(unknown, 'cluster')} nothing is known.` : '']
    .filter((text) => text !== '')
    .join(' ')
}

const header = ['CLUSTER', 'SUBJECT', 'FIELD', 'LIVE', 'WANTED', 'MANAGER', 'WHEN', 'TIMES', 'SOURCE']

function rowsOf({ cluster, entry, source }: Written, now: number, styled: boolean): readonly (readonly Cell[])[] {
  const cell = (text: string, style: 'red' | 'green'): Cell => (styled ? { text, style } : text)
  return entry.fields.map((field) => [
    cluster,
    entry.subject,
    oneLine(field.path),
    cell(oneLine(showValue(field.live)), 'red'),
    cell(oneLine(showValue(field.wanted)), 'green'),
    oneLine(field.manager),
    `${age(entry.at, now)} ago`,
    entry.times > 1 ? `${entry.times}×` : '',
    source,
  ])
}

function title(cluster: string, { subject, at, times, reason }: Overwritten, now: number, screen: Screen): string {
  const head = `${glyph('drifted', screen.ascii).trimEnd()} ${cluster}  ${subject}`
  const how =
    reason === 'new commit' ? 'written over by a commit' : reason === 'changed' ? 'healed' : `${reason}, healed`
  const facts = `${how} ${clockTime(at, now)}${times > 1 ? `, ${times}×` : ''}`
  return `${screen.style(styleOf('drifted'), head)}    ${facts}`
}
