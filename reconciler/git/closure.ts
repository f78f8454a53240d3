import { GitError } from './error.ts'
import { decodeCommit, decodeTree, folderMode } from './object.ts'
import type { PackObject } from './pack.ts'
import type { StoredObject } from './store.ts'

const submoduleMode = '160000'

/**
 * A commit with all its files, less what is in `has` already: what must be copied so that it can be read elsewhere. Its
 * parents are not part of it. Rejects with `corrupt` where something of it is missing.
 */
export async function commitClosure(
  oid: string,
  read: (oid: string) => Promise<StoredObject | undefined>,
  has: (oid: string) => Promise<boolean>,
): Promise<{ readonly objects: readonly PackObject[]; readonly parents: readonly string[] }> {
  const objects: PackObject[] = []
  const take = async (object: string): Promise<Uint8Array> => {
    const found = await read(object)
    if (!found) throw new GitError('corrupt', `object ${object} of commit ${oid} is missing`)
    objects.push(found)
    return found.content
  }

  const commit = decodeCommit(oid, await take(oid))
  const waiting = new Set([commit.tree])
  const blobs = new Set<string>()
  for (const tree of waiting) {
    if (await has(tree)) continue
    for (const line of decodeTree(await take(tree))) {
      if (line.mode === folderMode) waiting.add(line.oid)
      else if (line.mode !== submoduleMode) blobs.add(line.oid)
    }
  }
  for (const blob of blobs) if (!(await has(blob))) await take(blob)
  return { objects, parents: commit.parents }
}
