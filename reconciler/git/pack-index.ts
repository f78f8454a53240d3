import { createHash } from 'node:crypto'

/** Where an object stands in a pack: its id, the offset of its entry, and the CRC-32 of the entry's bytes. */
export interface PackEntry {
  readonly oid: string
  readonly offset: number
  readonly crc: number
}

// An offset takes 31 bits in the short table; larger packs need another table.
const largestPack = 0x7fffffff

/**
 * The index of a pack (version 2) from what is known while it is written: the Git library's own would inflate and hash
 * every object once more. `trailer` is the pack's closing 20 bytes. Rejects packs over 2 GiB.
 */
export function encodePackIndex(entries: readonly PackEntry[], trailer: Uint8Array): Buffer {
  const sorted = [...entries].sort((a, b) => (a.oid < b.oid ? -1 : 1))
  const counts = new Uint32Array(256)
  for (const { oid } of sorted) {
    const first = Number.parseInt(oid.slice(0, 2), 16)
    counts[first] = (counts[first] ?? 0) + 1
  }
  const header = Buffer.from([0xff, 0x74, 0x4f, 0x63, 0, 0, 0, 2])
  const fanout = Buffer.alloc(256 * 4)
  let sum = 0
  for (const [first, count] of counts.entries()) {
    sum += count
    fanout.writeUInt32BE(sum, first * 4)
  }
  const oids = Buffer.alloc(sorted.length * 20)
  const crcs = Buffer.alloc(sorted.length * 4)
  const offsets = Buffer.alloc(sorted.length * 4)
  for (const [index, { oid, crc, offset }] of sorted.entries()) {
    if (offset > largestPack) throw new RangeError('a pack of over 2 GiB cannot be indexed')
    oids.write(oid, index * 20, 'hex')
    crcs.writeUInt32BE(crc, index * 4)
    offsets.writeUInt32BE(offset, index * 4)
  }
  const body = Buffer.concat([header, fanout, oids, crcs, offsets, trailer])
  return Buffer.concat([body, createHash('sha1').update(body).digest()])
}
