import type { Style } from '../commands/terminal.ts'
import type { Screen } from './screen.ts'
import { cut, pad, plainSigns, width } from './text.ts'

/** One cell of a table; a plain text is a cell without colour. */
export type Cell = string | { readonly text: string; readonly style: Style }

/** Narrowest that the last column is cut to. */
const leastMessage = 10

/**
 * Lays out a table in columns two spaces apart. Only the last column is ever cut, and only on a terminal. Columns whose
 * every cell is empty are left out.
 */
export function layoutTable(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  screen: Screen,
): readonly string[] {
  const kept = header.map((_, i) => rows.some((row) => textOf(row[i]) !== ''))
  const lines: (readonly Cell[])[] = [header.map((text) => ({ text, style: 'bold' as const })), ...rows].map((row) =>
    row.flatMap((cell, i) => (kept[i] ? [withSigns(cell, screen.ascii)] : [])),
  )
  const last = kept.filter(Boolean).length - 1
  const widths = Array.from({ length: last }, (_, i) => Math.max(...lines.map((row) => width(textOf(row[i])))))
  const before = widths.reduce((sum, columns) => sum + columns + 2, 0)
  const room = screen.columns === undefined ? Number.POSITIVE_INFINITY : Math.max(leastMessage, screen.columns - before)
  return lines.slice(screen.headers === false ? 1 : 0).map((row) => {
    const end = row.findLastIndex((cell) => textOf(cell) !== '')
    return row
      .slice(0, end + 1)
      .map((cell, i) => {
        const text = i === last ? cut(textOf(cell), room, screen.ascii) : textOf(cell)
        const painted = typeof cell === 'string' ? text : screen.style(cell.style, text)
        return i === end ? painted : painted + pad(text, widths[i] ?? 0).slice(text.length)
      })
      .join('  ')
  })
}

/** Writes a table as Markdown; cells cannot break out of it. */
export function markdownTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`
  const kept = header.map((_, i) => rows.some((row) => textOf(row[i]) !== ''))
  const keep = (cells: readonly Cell[]) => cells.filter((_, i) => kept[i]).map(textOf)
  const titles = keep(header)
  return [line(titles), `|${titles.map(() => '---|').join('')}`, ...rows.map((row) => line(keep(row)))].join('\n')
}

/** Text as Markdown shows it, whatever signs are in it. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|~@]/g, (sign) => (sign === '@' ? '@\u200b' : `\\${sign}`))
}

function withSigns(cell: Cell, ascii: boolean): Cell {
  return typeof cell === 'string' ? plainSigns(cell, ascii) : { ...cell, text: plainSigns(cell.text, ascii) }
}

function textOf(cell: Cell | undefined): string {
  return cell === undefined ? '' : typeof cell === 'string' ? cell : cell.text
}
