import type { Measure, Result, Row } from './result.ts'

const heads = [
  'row',
  'Flotilla',
  'bare limit',
  'Flux',
  'of the limit',
  'of Flux',
  'limit of Flux',
  'goal',
  'met',
] as const

/** The rows as a table of plain text, with a line on the machine above it. */
export function textReport(result: Result): string {
  const notes = notesOf(result)
  const table = [heads, ...result.rows.map((row) => cells(row, notes))]
  const widths = heads.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)))
  const lines = table.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  return [machineLine(result), '', ...lines, '', ...numbered(notes), ''].join('\n')
}

/** The same for a page of the documentation. */
export function markdownReport(result: Result): string {
  const notes = notesOf(result)
  const line = (parts: readonly string[]) => `| ${parts.join(' | ')} |`
  return [
    machineLine(result),
    '',
    line(heads),
    line(heads.map((_, column) => (column === 0 ? '---' : '--:'))),
    ...result.rows.map((row) => line(cells(row, notes))),
    '',
    ...numbered(notes).map((note) => `- ${note}`),
    '',
    `Settings: ${listed(result.settings)}. Components: ${listed(result.components)}.`,
  ].join('\n')
}

function machineLine({ at, machine }: Result): string {
  const { cpu, cores, memoryGiB, system, node, load } = machine
  return `${at.slice(0, 10)}, ${cores} × ${cpu}, ${memoryGiB} GiB, ${system}, Node ${node}; load before the run ${load.toFixed(1)}. Client and servers share the machine.`
}

function cells(row: Row, notes: readonly string[]): readonly string[] {
  return [
    row.title,
    amount(row, row.flotilla, notes),
    amount(row, row.limit, notes),
    amount(row, row.peer, notes),
    ratio(row.flotilla, row.limit),
    ratio(row.flotilla, row.peer),
    ratio(row.limit, row.peer),
    row.goal?.text ?? '',
    row.goal === undefined ? '' : row.goal.met ? 'yes' : 'no',
  ]
}

function amount({ unit }: Row, measure: Measure | undefined, notes: readonly string[]): string {
  if (measure === undefined) return '–'
  const mark = measure.note === '' ? '' : ` [${notes.indexOf(measure.note) + 1}]`
  return `${shortened(measure.value)}${unit === 'requests' ? '' : ` ${unit}`}${mark}`
}

function ratio(ours: Measure | undefined, other: Measure | undefined): string {
  if (ours === undefined || other === undefined || other.value === 0) return '–'
  const times = ours.value / other.value
  return `${times === 0 ? '0' : times.toFixed(times < 0.1 ? 3 : 2)} ×`
}

/** Three digits are all that a measurement on a shared machine can say. */
function shortened(value: number): string {
  if (value === 0 || Number.isInteger(value)) return String(value)
  return value >= 100 ? value.toFixed(0) : value.toPrecision(value < 0.1 ? 2 : 3)
}

function notesOf({ rows }: Result): readonly string[] {
  const notes = rows.flatMap(({ flotilla, limit, peer }) => [flotilla, limit, peer].map((one) => one?.note ?? ''))
  return [...new Set(notes)].filter((note) => note !== '')
}

function numbered(notes: readonly string[]): readonly string[] {
  return notes.map((note, i) => `[${i + 1}] ${note}`)
}

function listed(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${value}`)
    .join(', ')
}
