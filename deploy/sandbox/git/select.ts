import { decodeCommit, decodeTree, folderMode } from '../../../reconciler/git/object.ts'
import type { PackObject } from '../../../reconciler/git/pack.ts'
import type { History } from './history.ts'
import type { Objects } from './objects.ts'
import { ProtocolError } from './section.ts'

/** What a client wants and what it has. */
export interface Selection {
  readonly wants: readonly string[]
  /** Commits that it said it has and that are here too. */
  readonly common: readonly string[]
  /** Commits behind which its history ends now. */
  readonly shallows: ReadonlySet<string>
  /** Commits whose parents it wants beside. */
  readonly unshallow: readonly string[]
  /** Commits behind which nothing is sent. */
  readonly ends: ReadonlySet<string>
}

const submoduleMode = '160000'

/**
 * The objects that a client lacks, commits first, newest first. What it has is known from the commits that it named: all
 * of their history, and the files of those at which sending stops. Something that it has may be sent again; nothing that
 * it lacks is left out.
 */
export async function selectObjects(
  objects: Objects,
  history: History,
  selection: Selection,
): Promise<readonly PackObject[]> {
  const { wants, common, shallows, unshallow, ends } = selection
  const chosen: PackObject[] = []
  const done = new Set<string>()
  const read = async (oid: string) => {
    const object = await objects.read(oid)
    if (!object) throw new ProtocolError(`object ${oid} is missing`)
    return object
  }
  const take = async (oid: string): Promise<PackObject | undefined> => {
    if (done.has(oid)) return undefined
    done.add(oid)
    const object = await read(oid)
    chosen.push(object)
    return object
  }

  const treeOf = async (commit: string) => decodeCommit(commit, (await read(commit)).content).tree
  const walk = async (tree: string, visit: (oid: string) => Promise<unknown>): Promise<void> => {
    const content = (await read(tree)).content
    for (const { mode, oid } of decodeTree(content)) {
      if (mode === submoduleMode || done.has(oid)) continue
      await visit(oid)
      if (mode === folderMode) await walk(oid, visit)
    }
  }
  const held = await history.reach(common, shallows)
  const starts: string[] = []
  for (const want of wants) {
    const { target, isCommit, tags } = await history.peel(want)
    for (const tag of tags) await take(tag)
    if (isCommit) starts.push(target)
    else if ((await take(target))?.type === 'tree') await walk(target, take)
  }
  for (const oid of unshallow) starts.push(...(await history.parents(oid)))
  const missing: string[] = []
  const border = new Set(common)
  const waiting = new Set(starts)
  for (const oid of waiting) {
    if (held.has(oid)) {
      border.add(oid)
      continue
    }
    missing.push(oid)
    if (!ends.has(oid)) for (const parent of await history.parents(oid)) waiting.add(parent)
  }

  for (const commit of border) {
    const tree = await treeOf(commit)
    if (done.has(tree)) continue
    done.add(tree)
    await walk(tree, async (oid) => done.add(oid))
  }
  for (const commit of missing) await take(commit)
  for (const commit of missing) {
    const tree = await treeOf(commit)
    if (await take(tree)) await walk(tree, take)
  }
  return chosen
}
