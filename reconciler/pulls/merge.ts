import { mergeDiff3 } from 'node-diff3'
import type { SourceTree } from '../../repo-layout/read/tree.ts'
import { linkMode } from '../cycle/source.ts'
import { objectOid } from '../git/object.ts'
import type { Repository, TreeEntry } from '../git/types.ts'
import { joinTrees } from './three-way.ts'

/** A head merged onto the base in memory, or why there is nothing to plan. */
export type Merged =
  | {
      readonly type: 'merged'
      readonly tree: SourceTree /** Paths that the head brings. */
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

const usualLimits: MergeLimits = { files: 5_000, bytes: 8 * 1024 * 1024, mergedFile: 1024 * 1024 }

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
  if (ancestor === undefined) return refused('its history shares nothing with that of the base')
  const [was, ours, theirs] = [
    await repository.list(ancestor),
    await repository.list(base),
    await repository.list(head),
  ]
  const joined = joinTrees(was, ours, theirs)
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
  return {
    type: 'merged',
    tree: treeOf([...files.values()], made, repository),
    brought: new Set(joined.brought.map(({ path }) => path)),
  }
}

const submoduleMode = '160000'
/** Lines of a file that are merged: the time that it takes grows faster than they do. */
const mostLines = 10_000

function refused(text: string): Merged {
  return { type: 'refused', text }
}

/** Joins the lines of two changes of one file; undefined where they touch, or where it is no text. */
function mergeContent(ours: Uint8Array, base: Uint8Array, theirs: Uint8Array, most: number): Uint8Array | undefined {
  if ([ours, base, theirs].some(({ length }) => length > most)) return undefined
  const texts = [ours, base, theirs].map((bytes) => Buffer.from(bytes).toString('utf8'))
  if (texts.some((text) => text.includes('\0') || text.includes('\ufffd'))) return undefined
  const [a = [], o = [], b = []] = texts.map((text) => text.split(/(?<=\n)/))
  if ([a, o, b].some(({ length }) => length > mostLines)) return undefined
  const { conflict, result } = mergeDiff3(a, o, b, { excludeFalseConflicts: true })
  return conflict ? undefined : Buffer.from(result.join(''))
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
