import { GitError } from './error.ts'
import { decodeTree, folderMode, type TreeLine } from './object.ts'
import type { StoredObject } from './store.ts'
import type { TreeEntry } from './types.ts'

/** What a tree holds: its files, and the ids of every blob and tree in it. */
export interface Listing {
  readonly entries: readonly TreeEntry[]
  readonly oids: ReadonlySet<string>
}

/** Lists trees by names and ids, without reading a blob. Remembers trees, so an unchanged folder is read once. */
export interface Lister {
  /** Rejects with `corrupt` where a tree is missing: a tree that cannot be read is never empty. */
  list(tree: string): Promise<Listing>
  /** Remembers a tree that was just written, so that the next listing need not read it. */
  learn(oid: string, content: Uint8Array): void
}

const listingsKept = 3

/** A lister over the objects that `read` gives; what it remembers is bounded by a few times its last listing. */
export function createLister(read: (oid: string) => Promise<StoredObject | undefined>): Lister {
  const trees = new Map<string, readonly TreeLine[]>()
  const listings = new Map<string, Promise<Listing>>()

  const linesOf = async (oid: string): Promise<readonly TreeLine[]> => {
    const found = trees.get(oid)
    if (found) return found
    const object = await read(oid)
    if (object?.type !== 'tree') throw new GitError('corrupt', `tree ${oid} is missing`)
    const lines = decodeTree(object.content)
    trees.set(oid, lines)
    return lines
  }

  const walk = async (root: string): Promise<Listing> => {
    const entries: TreeEntry[] = []
    const oids = new Set<string>()
    const seen = new Set<string>([root])
    const visit = async (oid: string, prefix: string): Promise<void> => {
      oids.add(oid)
      seen.add(oid)
      // Waiting for what is at hand would cost more than the whole walk.
      for (const line of trees.get(oid) ?? (await linesOf(oid))) {
        if (line.mode === folderMode) {
          const below = visitKnown(line.oid, `${prefix}${line.name}/`)
          if (below) await below
        } else {
          oids.add(line.oid)
          entries.push({ path: prefix + line.name, oid: line.oid, mode: line.mode })
        }
      }
    }
    const visitKnown = (oid: string, prefix: string): Promise<void> | undefined => {
      const lines = trees.get(oid)
      if (lines?.some((line) => line.mode === folderMode) !== false) return visit(oid, prefix)
      oids.add(oid)
      seen.add(oid)
      for (const line of lines) {
        oids.add(line.oid)
        entries.push({ path: prefix + line.name, oid: line.oid, mode: line.mode })
      }
      return undefined
    }
    await visit(root, '')
    if (trees.size > 4 * seen.size + 1000) for (const oid of trees.keys()) if (!seen.has(oid)) trees.delete(oid)
    return { entries, oids }
  }

  return {
    learn: (oid, content) => {
      trees.set(oid, decodeTree(content))
    },
    list: (tree) => {
      const known = listings.get(tree)
      const listing = known ?? walk(tree)
      listings.delete(tree)
      listings.set(tree, listing)
      listing.catch(() => {
        if (listings.get(tree) === listing) listings.delete(tree)
      })
      const [oldest] = listings.keys()
      if (listings.size > listingsKept && oldest !== undefined) listings.delete(oldest)
      return listing
    },
  }
}
