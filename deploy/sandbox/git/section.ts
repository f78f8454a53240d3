/** What a client sent that is not Git's wire format; the message says what was expected. */
export class ProtocolError extends Error {}

/** The lines up to a flush, and where the bytes after it begin. */
export interface Section {
  readonly lines: readonly Buffer[]
  /** Offset of the first byte after the flush, or the length of the bytes where none came. */
  readonly end: number
  /** Whether a flush ended the section; the bytes ended it otherwise. */
  readonly flushed: boolean
}

/**
 * Reads lines of Git's wire format from `start` up to the next flush. What follows may be binary, so nothing behind it is
 * looked at. Throws a ProtocolError where a length is none, or where a line is cut off.
 */
export function readSection(bytes: Buffer, start: number): Section {
  const lines: Buffer[] = []
  let offset = start
  while (offset < bytes.length) {
    const digits = bytes.toString('latin1', offset, offset + 4)
    const length = /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : Number.NaN
    if (length === 0) return { lines, end: offset + 4, flushed: true }
    if (!(length >= 4) || offset + length > bytes.length) {
      throw new ProtocolError(`expected the length of a line at byte ${offset}`)
    }
    lines.push(bytes.subarray(offset + 4, offset + length))
    offset += length
  }
  return { lines, end: offset, flushed: false }
}

/** The text of a line without its line end. */
export function textOf(line: Buffer): string {
  return line.toString('utf8').replace(/\n$/, '')
}

/** Splits the first line of a request into its words and the capabilities that the client chose. */
export function splitCapabilities(
  text: string,
  separator: '\0' | ' ',
): {
  readonly head: string
  readonly capabilities: ReadonlySet<string>
} {
  // A want is two words long, and its capabilities follow after a space; a command has a NUL there.
  const at = separator === '\0' ? text.indexOf('\0') : text.indexOf(' ', text.indexOf(' ') + 1)
  if (at < 0) return { head: text, capabilities: new Set() }
  const words = text
    .slice(at + 1)
    .split(' ')
    .filter((word) => word !== '')
  return { head: text.slice(0, at), capabilities: new Set(words) }
}
