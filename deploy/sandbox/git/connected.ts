import { decodeCommit, decodeTree, folderMode } from '../../../reconciler/git/object.ts'
import { createHistory } from './history.ts'
import type { Objects } from './objects.ts'

const submoduleMode = '160000'

/**
 * Whether everything that an object leads to is here, given that everything which `tips` lead to is. A push that passes
 * can be cloned again.
 */
export async function isConnected(objects: Objects, oid: string, tips: Iterable<string>): Promise<boolean> {
  const { target, isCommit } = await createHistory(objects).peel(oid)
  if (!objects.has(target)) return false
  if (!isCommit) return true
  const seen = new Set(tips)
  const trees: string[] = []
  const waiting = new Set(seen.has(target) ? [] : [target])
  for (const commit of waiting) {
    const object = await objects.read(commit)
    if (object?.type !== 'commit') return false
    const { tree, parents } = decodeCommit(commit, object.content)
    trees.push(tree)
    for (const parent of parents) if (!seen.has(parent)) waiting.add(parent)
  }
  for (const tip of [...seen]) {
    const object = await objects.read(tip)
    if (object?.type === 'commit') seen.add(decodeCommit(tip, object.content).tree)
  }
  return allThere(objects, trees, seen)
}

async function allThere(objects: Objects, trees: readonly string[], seen: Set<string>): Promise<boolean> {
  for (const tree of trees) {
    if (seen.has(tree)) continue
    seen.add(tree)
    const object = await objects.read(tree)
    if (object?.type !== 'tree') return false
    const folders: string[] = []
    for (const { mode, oid } of decodeTree(object.content)) {
      if (mode === folderMode) folders.push(oid)
      else if (mode !== submoduleMode && !objects.has(oid)) return false
    }
    if (!(await allThere(objects, folders, seen))) return false
  }
  return true
}
