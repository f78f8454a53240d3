import { mergeDiff3 } from 'node-diff3'
import { objectOid } from './object.ts'
import { joinTrees } from './three-way.ts'
import type { Repository, TreeEntry } from './types.ts'

/** Two changes of one tree, joined in memory, or why that cannot be. */
export type MergedTree =
  | {
      readonly type: 'merged'
      /** All files by path. */
      readonly files: ReadonlyMap<string, TreeEntry>
      /** Content that the merge made, by id: no repository holds it. */
      readonly made: ReadonlyMap<string, Uint8Array>
      /** Paths that `theirs` brings. */
      readonly brought: ReadonlySet<string>
    }
  | { readonly type: 'conflict'; readonly paths: readonly string[] }
  | { readonly type: 'refused'; readonly text: string }

/** What a change may bring, so that a hostile one costs little; people's own changes stay far below. */
export interface MergeLimits {
  readonly files: number
  /** Bytes of all that it brings. */
  readonly bytes: number
  /** Bytes of a file whose lines are merged. */
  readonly mergedFile: number
}

/** Limits that nobody meets in daily work. */
export const usualLimits: MergeLimits = { files: 5_000, bytes: 8 * 1024 * 1024, mergedFile: 1024 * 1024 }

/** The three trees of a merge, as they are listed. */
export interface ThreeTrees {
  readonly base: readonly TreeEntry[]
  readonly ours: readonly TreeEntry[]
  readonly theirs: readonly TreeEntry[]
}

const submoduleMode = '160000'
/** Lines of a file that are merged: the time that it takes grows faster than they do. */
const mostLines = 10_000

/**
 * Brings what leads from `base` to `theirs` into `ours`, as Git would, writing nothing: whole files by their ids, files that both
 * changed by their lines. Renames are not followed. Rejects with a `GitError` where content cannot be had.
 */
export async function mergeTrees(
  repository: Pick<Repository, 'read'>,
  { base, ours, theirs }: ThreeTrees,
  limits: MergeLimits = usualLimits,
): Promise<MergedTree> {
  const joined = joinTrees(base, ours, theirs)
  if (joined.brought.length > limits.files)
    return refused(`it changes ${joined.brought.length} files, more than ${limits.files}`)
  let bytes = 0
  for (const { oid, mode } of joined.brought) {
    if (mode === submoduleMode) continue
    bytes += (await repository.read(oid)).length
    if (bytes > limits.bytes) return refused(`it brings more than ${limits.bytes / 1024 / 1024} MiB`)
  }
  const files = new Map(joined.files)
  const made = new Map<string, Uint8Array>()
  const conflicts = [...joined.conflicts]
  for (const { path, base: before, ours: our, theirs: their } of joined.both) {
    const [a, o, b] = await Promise.all([our, before, their].map(({ oid }) => repository.read(oid)))
    const content = a && o && b && mergeContent(a, o, b, limits.mergedFile)
    if (!content) {
      conflicts.push(path)
      continue
    }
    const oid = objectOid('blob', content)
    made.set(oid, content)
    files.set(path, { path, oid, mode: our.mode === before.mode ? their.mode : our.mode })
  }
  if (conflicts.length > 0) return { type: 'conflict', paths: conflicts.sort() }
  return { type: 'merged', files, made, brought: new Set(joined.brought.map(({ path }) => path)) }
}

function refused(text: string): MergedTree {
  return { type: 'refused', text }
}

/** Joins the lines of two changes of one file; undefined where they touch, or where it is no text. */
function mergeContent(ours: Uint8Array, base: Uint8Array, theirs: Uint8Array, most: number): Uint8Array | undefined {
  const all = [ours, base, theirs]
  if (all.some(({ length }) => length > most)) return undefined
  const texts = all.map((bytes) => Buffer.from(bytes).toString('utf8'))
  // What is no UTF-8 would be written back as something else.
  if (texts.some((text, i) => text.includes('\0') || !Buffer.from(text).equals(all[i] ?? ours))) return undefined
  const [a = [], o = [], b = []] = texts.map((text) => text.split(/(?<=\n)/))
  if ([a, o, b].some(({ length }) => length > mostLines)) return undefined
  const { conflict, result } = mergeDiff3(a, o, b, { excludeFalseConflicts: true })
  return conflict ? undefined : Buffer.from(result.join(''))
}
