import type { SourceEntry, SourceTree } from '../../repo-layout/read/tree.ts'
import type { Repository } from '../git/types.ts'

/** The mode of a symbolic link in a tree. */
export const linkMode = '120000'

/** The tree of a commit as a source; blobs are read only when the reader asks for them. */
export function gitTree(repository: Repository, commit: string): SourceTree {
  return {
    async list() {
      const entries = await repository.list(commit)
      return entries.flatMap(({ path, oid, mode }): SourceEntry[] => [
        { path, oid, type: mode === linkMode ? 'link' : 'file' },
      ])
    },
    read: ({ oid }) => repository.read(oid),
  }
}
