import type { SourceTree } from '../../repo-layout/read/tree.ts'
import { linkMode } from '../cycle/source.ts'
import { type MergeLimits, mergeTrees, usualLimits } from '../git/merge-trees.ts'
import type { Repository, TreeEntry } from '../git/types.ts'

/** A head merged onto the base in memory, or why there is nothing to plan. */
export type Merged =
  | {
      readonly type: 'merged'
      readonly tree: SourceTree /** Paths that the head brings. */
      readonly brought: ReadonlySet<string>
    }
  | { readonly type: 'conflict'; readonly paths: readonly string[] }
  | { readonly type: 'refused'; readonly text: string }

/**
 * Merges `head` onto `base` as Git would, writing nothing: whole files by their ids, files that both changed by their lines.
 * Renames are not followed; where that makes a conflict, it is one that a rebase takes away. Rejects with a `GitError` where
 * history or content cannot be had.
 */
export async function mergeHead(
  repository: Pick<Repository, 'mergeBase' | 'list' | 'read'>,
  base: string,
  head: string,
  limits: MergeLimits = usualLimits,
): Promise<Merged> {
  const ancestor = await repository.mergeBase(head, base)
  if (ancestor === undefined) return { type: 'refused', text: 'its history shares nothing with that of the base' }
  const trees = {
    base: await repository.list(ancestor),
    ours: await repository.list(base),
    theirs: await repository.list(head),
  }
  const merged = await mergeTrees(repository, trees, limits)
  if (merged.type !== 'merged') return merged
  const { files, made, brought } = merged
  return { type: 'merged', tree: treeOf([...files.values()], made, repository), brought }
}

function treeOf(
  entries: readonly TreeEntry[],
  made: ReadonlyMap<string, Uint8Array>,
  repository: Pick<Repository, 'read'>,
): SourceTree {
  return {
    list: () =>
      Promise.resolve(
        entries.map(({ path, oid, mode }) => ({ path, oid, type: mode === linkMode ? 'link' : 'file' }) as const),
      ),
    read: async ({ oid }) => made.get(oid) ?? repository.read(oid),
  }
}
