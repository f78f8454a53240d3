import { pktLine } from '../../../reconciler/git/pkt-line.ts'

/** Bytes of data that fit into one line beside its length and the number of its band. */
const largestChunk = 65_515

/** Puts bytes on a side band: 1 is data, 2 words for the person at the other end, 3 why it was broken off. */
export function onBand(band: 1 | 2 | 3, content: Uint8Array | string): readonly Buffer[] {
  const bytes = Buffer.from(content)
  const lines: Buffer[] = []
  for (let offset = 0; offset < bytes.length; offset += largestChunk) {
    lines.push(pktLine(Buffer.concat([Buffer.from([band]), bytes.subarray(offset, offset + largestChunk)])))
  }
  return lines
}
