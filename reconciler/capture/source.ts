import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PreviousTree } from '../../render/input.ts'
import { blobOid } from '../../repo-layout/generated/oid.ts'
import { folderTree } from '../../repo-layout/read/folder.ts'
import type { SourceTree } from '../../repo-layout/read/tree.ts'
import { createTextCache, readPrevious } from '../cycle/previous.ts'
import { gitTree } from '../cycle/source.ts'
import { GitError } from '../git/error.ts'
import { previousOfOurs } from '../git/generated.ts'
import type { BranchFile, Refs, Repository } from '../git/types.ts'

/** A source that a change is written into. */
export interface CaptureSource {
  readonly tree: SourceTree
  /** The generated tree that it is rendered upon; undefined where there is none. */
  previous(withSources: boolean): Promise<PreviousTree | undefined>
  /** The bytes of a file. Rejects where it cannot be read. */
  read(path: string): Promise<Uint8Array>
}

/** A folder on disk, whatever is committed of it; it is rendered upon nothing. */
export function folderSource(root: string): CaptureSource & { write(path: string, bytes: Uint8Array): Promise<void> } {
  return {
    tree: folderTree(root),
    previous: async () => undefined,
    read: (path) => readFile(join(root, path)),
    write: (path, bytes) => writeFile(join(root, path), bytes),
  }
}

/** The tip of the source branch, rendered upon the nearest generated commit of ours. */
export function branchSource(
  repository: Repository,
  { source, generated }: Refs & { readonly source: string },
): CaptureSource & { change(path: string, content: Uint8Array): Promise<ReadonlyMap<string, BranchFile>> } {
  const entryOf = async (path: string) => {
    const entry = (await repository.list(source)).find((one) => one.path === path)
    if (!entry) throw new GitError('not-found', `${path} is not in ${source}`)
    return entry
  }
  return {
    tree: gitTree(repository, source),
    async previous(withSources) {
      if (generated === undefined) return undefined
      const { previous } = await previousOfOurs(repository, generated)
      return previous && readPrevious(repository, previous.oid, createTextCache(repository), withSources)
    },
    read: async (path) => repository.read((await entryOf(path)).oid),
    async change(path, content) {
      const { mode } = await entryOf(path)
      return new Map([[path, { mode, content, oid: blobOid(content) }]])
    },
  }
}
