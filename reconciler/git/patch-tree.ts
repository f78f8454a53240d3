import { GitError } from './error.ts'
import { compareTreeLines, decodeTree, encodeTree, folderMode, objectOid, type TreeLine } from './object.ts'
import { checkName } from './tree-builder.ts'

/** A file of the new tree; undefined takes the one that is there away. */
type Change = { readonly oid: string; readonly mode: string } | undefined

/**
 * Changes some files of a tree and leaves everything else as it is, modes and submodules too: the id of the new tree, and the
 * bytes of each folder that is new, by id. Folders that end up empty go. Rejects with `config` for a path that Git cannot hold.
 */
export async function patchTree(
  root: string,
  changes: ReadonlyMap<string, Change>,
  read: (tree: string) => Promise<Uint8Array>,
): Promise<{ readonly oid: string; readonly trees: ReadonlyMap<string, Buffer> }> {
  const trees = new Map<string, Buffer>()

  async function patch(folder: string | undefined, inner: ReadonlyMap<string, Change>): Promise<string | undefined> {
    const lines = new Map<string, TreeLine>()
    for (const line of folder === undefined ? [] : await readLines(folder)) lines.set(line.name, line)
    const below = new Map<string, Map<string, Change>>()
    for (const [path, change] of inner) {
      const slash = path.indexOf('/')
      const name = slash < 0 ? path : path.slice(0, slash)
      checkName(name, path)
      if (slash >= 0) below.set(name, (below.get(name) ?? new Map()).set(path.slice(slash + 1), change))
      else if (change) lines.set(name, { name, mode: change.mode, oid: change.oid })
      else lines.delete(name)
    }
    for (const [name, deeper] of below) {
      const line = lines.get(name)
      const isFolder = line?.mode === folderMode
      const oid = await patch(isFolder ? line.oid : undefined, deeper)
      if (oid !== undefined) lines.set(name, { name, mode: folderMode, oid })
      else if (isFolder) lines.delete(name)
    }
    if (lines.size === 0) return undefined
    return keep(encodeTree([...lines.values()].sort(compareTreeLines)))
  }

  async function readLines(oid: string): Promise<readonly TreeLine[]> {
    const content = await read(oid)
    const lines = decodeTree(content)
    // A name that is no UTF-8 would be written back as another one.
    if (objectOid('tree', encodeTree(lines)) === oid) return lines
    throw new GitError('config', `a folder beside a changed file holds names that are no UTF-8 (tree ${oid})`)
  }

  function keep(content: Buffer): string {
    const oid = objectOid('tree', content)
    trees.set(oid, content)
    return oid
  }

  const oid = (await patch(root, changes)) ?? keep(Buffer.alloc(0))
  return { oid, trees }
}
