import { blobOid } from '../../repo-layout/generated/oid.ts'
import type { SourceTree } from '../../repo-layout/read/tree.ts'

/** A source tree in memory that counts what is read of it. */
export interface MemoryTree extends SourceTree {
  /** The paths that were read, in order. */
  readonly reads: readonly string[]
}

/** Makes a tree of texts or bytes; `order` changes the order in which it lists its files, and nothing else. */
export function memoryTree(
  files: Readonly<Record<string, string | Uint8Array>>,
  order: (paths: string[]) => string[] = (paths) => paths,
): MemoryTree {
  const reads: string[] = []
  const bytesOf = (path: string) => Buffer.from(files[path] ?? '')
  return {
    reads,
    list: async () =>
      order(Object.keys(files)).map((path) => ({ path, oid: blobOid(bytesOf(path)), type: 'file' as const })),
    async read({ path }) {
      reads.push(path)
      return bytesOf(path)
    },
  }
}
