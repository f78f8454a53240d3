import { GitError } from './error.ts'
import { compareTreeLines, encodeTree, folderMode, objectOid, type TreeLine } from './object.ts'

/** A tree that some files make: its id, and every folder's tree in it, bytes made only when asked for. */
export interface BuiltTree {
  readonly oid: string
  /** Each tree of it, the root too; a tree that stands in several places comes several times. */
  readonly trees: readonly { readonly oid: string; content(): Buffer }[]
}

/** Builds trees in memory. It remembers the folders of its last tree, so that an equal folder is not hashed again. */
export interface TreeBuilder {
  /** Rejects paths that no Git tree can hold with `config`. Pure but for what it remembers. */
  build(files: ReadonlyMap<string, { readonly oid: string }>): BuiltTree
}

interface Folder {
  readonly path: string
  readonly names: string[]
  readonly oids: string[]
  readonly folders: Folder[]
}

interface Known {
  readonly names: readonly string[]
  readonly oids: readonly string[]
  readonly folders: readonly Known[]
  readonly path: string
  readonly oid: string
}

/** A builder that remembers nothing yet. */
export function createTreeBuilder(): TreeBuilder {
  let known: ReadonlyMap<string, Known> = new Map()
  return {
    build(files) {
      const next = new Map<string, Known>()
      const root = settle(group(files), known, next)
      known = next
      const trees = [...next.values()].map((folder) => ({
        oid: folder.oid,
        content: () => encodeTree(linesOf(folder)),
      }))
      return { oid: root.oid, trees }
    },
  }
}

function group(files: ReadonlyMap<string, { readonly oid: string }>): Folder {
  const root: Folder = { path: '', names: [], oids: [], folders: [] }
  const folders = new Map<string, Folder>([['', root]])
  const folderAt = (path: string): Folder => {
    const found = folders.get(path)
    if (found) return found
    const folder: Folder = { path, names: [], oids: [], folders: [] }
    folders.set(path, folder)
    const slash = path.lastIndexOf('/')
    checkName(path.slice(slash + 1), path)
    folderAt(slash < 0 ? '' : path.slice(0, slash)).folders.push(folder)
    return folder
  }
  for (const [path, { oid }] of files) {
    const slash = path.lastIndexOf('/')
    const folder = folderAt(slash < 0 ? '' : path.slice(0, slash))
    const name = path.slice(slash + 1)
    checkName(slash === 0 ? '' : name, path)
    folder.names.push(name)
    folder.oids.push(oid)
  }
  return root
}

function settle(folder: Folder, known: ReadonlyMap<string, Known>, next: Map<string, Known>): Known {
  const folders = folder.folders.map((child) => settle(child, known, next))
  const before = known.get(folder.path)
  const same =
    before !== undefined &&
    equal(before.names, folder.names) &&
    equal(before.oids, folder.oids) &&
    before.folders.length === folders.length &&
    before.folders.every((child, index) => child.path === folders[index]?.path && child.oid === folders[index]?.oid)
  const settled = same ? { ...before, folders } : hashed(folder, folders)
  next.set(folder.path, settled)
  return settled
}

function hashed(folder: Folder, folders: readonly Known[]): Known {
  const { path, names, oids } = folder
  const unhashed = { path, names, oids, folders, oid: '' }
  const fileNames = new Set(names)
  const clash = folders.find((child) => fileNames.has(lastName(child.path)))
  if (clash) throw new GitError('config', `${clash.path} cannot be a file and a folder at once`)
  return { ...unhashed, oid: objectOid('tree', encodeTree(linesOf(unhashed))) }
}

function linesOf(folder: Known): readonly TreeLine[] {
  const files = folder.names.map((name, index) => ({ mode: '100644', name, oid: folder.oids[index] ?? '' }))
  const folders = folder.folders.map(({ path, oid }) => ({ mode: folderMode, name: lastName(path), oid }))
  return [...files, ...folders].sort(compareTreeLines)
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index])
}

/** Refuses with `config` a name that a server which checks what it is sent would refuse, before anything is written. */
export function checkName(name: string, path: string): void {
  if (name === '' || name === '.' || name === '..' || name.toLowerCase() === '.git' || name.includes('\0')) {
    throw new GitError('config', `"${path}" is no path that Git can hold`)
  }
}
