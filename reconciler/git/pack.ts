import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { crc32, deflateSync } from 'node:zlib'
import { type ObjectType, objectOid } from './object.ts'
import { encodePackIndex, type PackEntry } from './pack-index.ts'

/** An object to be packed. */
export interface PackObject {
  readonly type: ObjectType
  readonly content: Uint8Array
}

const typeNumbers: Readonly<Record<ObjectType, number>> = { commit: 1, tree: 2, blob: 3, tag: 4 }

// Deflating blocks the process; between so many objects others get their turn.
const objectsPerTurn = 256

/** A pack as it is sent, and the index that makes it readable on disk. */
export interface Pack {
  readonly bytes: Buffer
  readonly index: Buffer
}

/**
 * A pack of whole objects, in the order given, each of them once. Fast rather than small: deltas would cost more time
 * than they save on the little text of one commit.
 */
export async function writePack(objects: readonly PackObject[]): Promise<Pack> {
  const header = Buffer.alloc(12)
  header.write('PACK')
  header.writeUInt32BE(2, 4)
  header.writeUInt32BE(objects.length, 8)
  const chunks: Buffer[] = [header]
  const entries: PackEntry[] = []
  let offset = header.length
  for (const [index, { type, content }] of objects.entries()) {
    if (index % objectsPerTurn === objectsPerTurn - 1) await setImmediate()
    const head = objectHeader(typeNumbers[type], content.length)
    const body = deflateSync(content, { level: 1 })
    entries.push({ oid: objectOid(type, content), offset, crc: crc32(body, crc32(head)) })
    chunks.push(head, body)
    offset += head.length + body.length
  }
  const unsigned = Buffer.concat(chunks)
  const trailer = createHash('sha1').update(unsigned).digest()
  return { bytes: Buffer.concat([unsigned, trailer]), index: encodePackIndex(entries, trailer) }
}

function objectHeader(type: number, size: number): Buffer {
  const bytes: number[] = []
  let rest = Math.floor(size / 16)
  let byte = (type << 4) | (size % 16)
  while (rest > 0) {
    bytes.push(byte | 0x80)
    byte = rest % 128
    rest = Math.floor(rest / 128)
  }
  return Buffer.from([...bytes, byte])
}
