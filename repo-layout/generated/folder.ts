import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { blobOid } from './oid.ts'

/** The folders of a generated tree; nothing else in a folder is looked at or replaced. */
const generatedFolders: readonly string[] = ['clusters', 'rollouts', 'decisions']

/** Files that are written at a time. */
const writers = 16

/** A generated tree in a folder on disk. */
export interface GeneratedFolder {
  readonly root: string
  /** Blob id of each file by path. */
  readonly files: ReadonlyMap<string, string>
  readonly texts: ReadonlyMap<string, string>
}

/**
 * Reads a generated tree from a folder. Rejects where the folder is missing, a file cannot be read, or the folder
 * holds something else: taken for an empty tree, it would let go of everything that is held.
 */
export async function readGeneratedFolder(root: string): Promise<GeneratedFolder> {
  const names = await readdir(root)
  if (names.some((name) => !name.startsWith('.')) && !names.some((name) => generatedFolders.includes(name))) {
    throw new Error(`${root} is no generated tree: none of ${generatedFolders.join(', ')} is in it`)
  }
  const files = new Map<string, string>()
  const texts = new Map<string, string>()
  async function walk(folder: string): Promise<void> {
    const items = await readdir(join(root, folder), { withFileTypes: true })
    for (const item of items) {
      const path = `${folder}/${item.name}`
      if (item.isDirectory()) await walk(path)
      else if (item.isFile()) {
        const bytes = await readFile(join(root, path))
        files.set(path, blobOid(bytes))
        texts.set(path, bytes.toString('utf8'))
      }
    }
  }
  for (const folder of generatedFolders) if (await isFolder(join(root, folder))) await walk(folder)
  return { root, files, texts }
}

/**
 * Writes a generated tree to a folder: built beside it and swapped in whole, so that a reader sees the old tree or the
 * new one. Files without a text are copied from `previous`. A folder that holds anything but a generated tree is
 * refused, for it would be lost.
 */
export async function writeGeneratedFolder(
  root: string,
  files: Iterable<readonly [path: string, file: { readonly text?: string }]>,
  previous: GeneratedFolder | undefined,
): Promise<void> {
  await refuseForeignFolder(root)
  const parent = dirname(root)
  await mkdir(parent, { recursive: true })
  const fresh = await mkdtemp(join(parent, `.${basename(root)}-`))
  try {
    // mkdtemp makes a folder for one user; a generated tree holds nothing that the source does not.
    await chmod(fresh, 0o777 & ~process.umask())
    await writeFiles(fresh, files, previous)
    await swap(fresh, root)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    throw error
  }
}

async function writeFiles(
  fresh: string,
  files: Iterable<readonly [path: string, file: { readonly text?: string }]>,
  previous: GeneratedFolder | undefined,
): Promise<void> {
  const all = [...files]
  const folders = new Set([...generatedFolders, ...all.map(([path]) => dirname(path))])
  for (const folder of folders) await mkdir(join(fresh, folder), { recursive: true })
  const rest = all.values()
  async function write(): Promise<void> {
    for (const [path, { text }] of rest) {
      if (text !== undefined) await writeFile(join(fresh, path), text)
      else if (previous) await copyFile(join(previous.root, path), join(fresh, path))
      else throw new Error(`${path} has no content`)
    }
  }
  await Promise.all(Array.from({ length: writers }, write))
}

/** Puts `fresh` in the place of `root`; where that fails, `root` is what it was. */
async function swap(fresh: string, root: string): Promise<void> {
  if (!(await isFolder(root))) return rename(fresh, root)
  const old = `${fresh}-old`
  await rename(root, old)
  try {
    await rename(fresh, root)
  } catch (error) {
    await rename(old, root)
    throw error
  }
  await rm(old, { recursive: true })
}

async function refuseForeignFolder(root: string): Promise<void> {
  if (!(await isFolder(root))) return
  const foreign = (await readdir(root)).find((name) => !generatedFolders.includes(name))
  if (foreign !== undefined) {
    throw new Error(`${root} holds ${foreign}, which is no part of a generated tree; name an empty or new folder`)
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}
