/** The line that ends a section of Git's wire format. */
export const flush = Buffer.from('0000')

/** The line between a command and its arguments. */
export const delimiter = Buffer.from('0001')

/** One line of Git's wire format: four hex digits of length, then the bytes. */
export function pktLine(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes])
}

/**
 * The lines of an answer in Git's wire format, without the lines that only divide. An answer that breaks off gives the
 * lines that came whole: what is missing then shows in what the lines say.
 */
export function readPktLines(bytes: Buffer): readonly Buffer[] {
  const lines: Buffer[] = []
  let offset = 0
  while (offset + 4 <= bytes.length) {
    const length = Number.parseInt(bytes.toString('latin1', offset, offset + 4), 16)
    if (Number.isNaN(length) || offset + length > bytes.length) break
    if (length > 4) lines.push(bytes.subarray(offset + 4, offset + length))
    offset += Math.max(length, 4)
  }
  return lines
}

/** Whether an answer came to its end, which is a line that divides; one that broke off may lack anything. */
export function isWhole(bytes: Buffer): boolean {
  let length = 4
  let offset = 0
  while (offset + 4 <= bytes.length) {
    length = Number.parseInt(bytes.toString('latin1', offset, offset + 4), 16)
    if (Number.isNaN(length)) return false
    offset += Math.max(length, 4)
  }
  return offset === bytes.length && length === 0
}
