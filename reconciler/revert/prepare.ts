import { mergeTrees } from '../git/merge-trees.ts'
import type { BranchFile, Repository, TreeEntry } from '../git/types.ts'

/** The files of a revert upon the tip of the source branch, or why there is none. */
export type Prepared =
  | { readonly type: 'prepared'; readonly changes: ReadonlyMap<string, BranchFile | undefined> }
  /** What it changed is not there any more. */
  | { readonly type: 'empty' }
  | { readonly type: 'conflict'; readonly paths: readonly string[] }
  | { readonly type: 'refused'; readonly text: string }

/** What is taken back: what leads from `from` to `to`, in all files or in one. */
export interface Stretch {
  readonly from: string | undefined
  readonly to: string
  readonly file?: string | undefined
}

/**
 * Takes a stretch of history back upon `tip`, by a three-way merge over Git objects: what others changed since is kept, and
 * where they changed the same lines it is a conflict. A submodule that would change is one too. Rejects with a `GitError`.
 */
export async function prepareRevert(
  repository: Pick<Repository, 'list' | 'read'>,
  { from, to, file }: Stretch,
  tip: string,
): Promise<Prepared> {
  const chosen = async (commit: string | undefined) => {
    const entries = commit === undefined ? [] : await repository.list(commit)
    return file === undefined ? entries : entries.filter(({ path }) => path === file)
  }
  const [base, ours, theirs] = [await chosen(to), await chosen(tip), await chosen(from)]
  const merged = await mergeTrees(repository, { base, ours, theirs })
  if (merged.type !== 'merged') return merged
  const before = new Map(ours.map((entry) => [entry.path, entry]))
  const changes = new Map<string, BranchFile | undefined>()
  const submodules: string[] = []
  for (const path of before.keys()) if (!merged.files.has(path)) changes.set(path, undefined)
  for (const [path, entry] of merged.files) {
    if (isSame(before.get(path), entry)) continue
    if (entry.mode === submoduleMode) submodules.push(path)
    else changes.set(path, { ...entry, content: merged.made.get(entry.oid) ?? (await repository.read(entry.oid)) })
  }
  if (submodules.length > 0) return { type: 'conflict', paths: submodules }
  return changes.size === 0
    ? { type: 'empty' }
    : { type: 'prepared', changes: new Map([...changes].sort(([a], [b]) => (a < b ? -1 : 1))) }
}

/** The same for several stretches, one after the other upon what the one before makes. Rejects with a `GitError`. */
export async function prepareReverts(
  repository: Pick<Repository, 'list' | 'read'>,
  stretches: readonly Stretch[],
  tip: string,
): Promise<Prepared> {
  const changes = new Map<string, BranchFile | undefined>()
  for (const stretch of stretches) {
    const prepared = await prepareRevert(withChanges(repository, tip, changes), stretch, tip)
    if (prepared.type === 'empty') continue
    if (prepared.type !== 'prepared') return prepared
    for (const [path, file] of prepared.changes) changes.set(path, file)
  }
  return changes.size === 0 ? { type: 'empty' } : { type: 'prepared', changes }
}

/** A repository in which the tree of `tip` has these changes already. */
function withChanges(
  { list, read }: Pick<Repository, 'list' | 'read'>,
  tip: string,
  changes: ReadonlyMap<string, BranchFile | undefined>,
): Pick<Repository, 'list' | 'read'> {
  const made = new Map([...changes.values()].flatMap((file) => (file ? [[file.oid, file.content] as const] : [])))
  return {
    async list(commit) {
      const entries = await list(commit)
      if (commit !== tip) return entries
      const changed = [...changes].flatMap(([path, file]) => (file ? [{ path, oid: file.oid, mode: file.mode }] : []))
      return [...entries.filter(({ path }) => !changes.has(path)), ...changed]
    },
    read: async (oid) => made.get(oid) ?? read(oid),
  }
}

const submoduleMode = '160000'

function isSame(a: TreeEntry | undefined, b: TreeEntry): boolean {
  return a?.oid === b.oid && a.mode === b.mode
}
