import { createHash } from 'node:crypto'
import { compare } from '../message.ts'

/** The id that Git gives a blob of these bytes: SHA-1 in hex. */
export function blobOid(content: string | Uint8Array): string {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}

/**
 * The digest of a set of files, as observations name them: SHA-256 over the sorted paths and the blob ids of their
 * bytes, written `sha256:<hex>`. Equal for a folder on disk and for a Git tree, without reading a blob.
 */
export function treeDigest(files: Iterable<readonly [path: string, oid: string]>): string {
  const hash = createHash('sha256')
  const lines = [...files].sort(([a], [b]) => compare(a, b)).map(([path, oid]) => `${path}\0${oid}\n`)
  hash.update(lines.join(''))
  return `sha256:${hash.digest('hex')}`
}
