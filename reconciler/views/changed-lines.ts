import { structuredPatch } from 'diff'
import type { Screen } from './screen.ts'

/** Lines that differ between two texts, with three equal ones around them, indented by four. */
export function changedLines(live: string, wanted: string, screen: Pick<Screen, 'style'>): readonly string[] {
  const patch = structuredPatch('', '', `${live}\n`, `${wanted}\n`, '', '', { context: 3 })
  return patch.hunks.flatMap((hunk, i) => [
    ...(i === 0 ? [] : ['    ...']),
    ...hunk.lines.map((line) => {
      const sign = line.slice(0, 1)
      const text = `${sign} ${safe(line.slice(1))}`.trimEnd()
      if (sign === ' ') return `    ${text}`
      return `    ${screen.style(sign === '-' ? 'red' : 'green', text)}`
    }),
  ])
}

/** A line with its indentation kept and its control characters gone. */
function safe(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ')
}
