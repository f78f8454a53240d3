import type { DiffReport } from '../server/types.ts'
import { age } from './age.ts'
import { type Difference, flatten } from './diff-summary.ts'
import { notThere, showValue } from './drift-text.ts'
import { pauseFact } from './pause-text.ts'
import { plainScreen, type Screen } from './screen.ts'
import { type Cell, layoutTable } from './table.ts'
import { oneLine } from './text.ts'

const header = ['CLUSTER', 'SUBJECT', 'FIELD', 'LIVE', 'WANTED', 'MANAGER', 'SINCE', 'HEALED', 'PAUSED', 'SOURCE']

/** Differences as a table, one row a field; each line also without colours, to be measured. */
export function diffTable(
  report: DiffReport,
  now: number,
  screen: Screen,
): readonly { readonly text: string; readonly plain: string }[] {
  const rows = flatten(report).flatMap((difference) => diffRows(difference, now))
  if (rows.length === 0) return []
  // Values are what a diff is for: they are never cut.
  const painted = layoutTable(header, rows, { ...screen, columns: undefined })
  const plain = layoutTable(header, rows, plainScreen(undefined, screen.ascii, screen.headers ?? true))
  return painted.map((text, i) => ({ text, plain: plain[i] ?? '' }))
}

function diffRows({ cluster, drift, source, pause }: Difference, now: number): readonly (readonly Cell[])[] {
  const { subject, fields, reason, since, healed, fight } = drift
  const start = [cluster, subject]
  const end = [
    age(since, now),
    healed === 0 ? '' : `${healed}×${fight ? ' fight' : ''}`,
    pause ? pauseFact(pause, now) : '',
    source,
  ]
  if (fields.length === 0) {
    const live: Cell = { text: reason === 'deleted' ? notThere : reason, style: 'red' }
    return [[...start, '', live, { text: 'as in Git', style: 'green' }, '', ...end]]
  }
  return fields.map((field) => [
    ...start,
    oneLine(field.path),
    { text: oneLine(showValue(field.live)), style: 'red' as const },
    { text: oneLine(showValue(field.wanted)), style: 'green' as const },
    oneLine(field.manager),
    ...end,
  ])
}
