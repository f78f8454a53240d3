import { oneLine } from './error.ts'

/** One `Key: value` line at the end of a commit message. */
export interface Trailer {
  readonly key: string
  readonly value: string
}

const trailerLine = /^([A-Za-z0-9][A-Za-z0-9-]*):[ \t]+(\S.*)$/

/**
 * The trailers of a commit message, in its order: the lines of its last paragraph, if all of them are trailers. A
 * message of a single paragraph has none, so a subject is never taken for one. Keys keep their case.
 */
export function parseTrailers(message: string): readonly Trailer[] {
  const paragraphs = message
    .replaceAll('\r\n', '\n')
    .trim()
    .split(/\n\s*\n/)
  const last = paragraphs.length > 1 ? paragraphs.at(-1) : undefined
  const trailers: Trailer[] = []
  for (const line of last?.split('\n') ?? []) {
    const [, key, value] = trailerLine.exec(line) ?? []
    const above = trailers.at(-1)
    if (key !== undefined && value !== undefined) trailers.push({ key, value: value.trim() })
    else if (/^[ \t]+\S/.test(line) && above) trailers.splice(-1, 1, folded(above, line))
    else if (!line.startsWith('(cherry picked from commit ')) return []
  }
  return trailers
}

/** Writes trailers as the last paragraph of a message; a value never spans lines. */
export function formatTrailers(trailers: readonly Trailer[]): string {
  return trailers.map(({ key, value }) => `${key}: ${oneLine(value)}`).join('\n')
}

function folded(trailer: Trailer, line: string): Trailer {
  return { key: trailer.key, value: `${trailer.value} ${line.trim()}` }
}
