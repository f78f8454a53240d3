import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { blobOid } from './oid.ts'

/** The folders of a generated tree; nothing else in a folder is looked at or replaced. */
export const generatedFolders: readonly string[] = ['clusters', 'rollouts', 'decisions']

/** A generated tree in a folder on disk. */
export interface GeneratedFolder {
  readonly root: string
  /** Blob id of each file by path. */
  readonly files: ReadonlyMap<string, string>
  readonly texts: ReadonlyMap<string, string>
}

/** Reads a generated tree from a folder. Rejects where the folder is missing or a file cannot be read. */
export async function readGeneratedFolder(root: string): Promise<GeneratedFolder> {
  await readdir(root)
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
  const made = new Set<string>()
  try {
    for (const folder of generatedFolders) await mkdir(join(fresh, folder))
    for (const [path, { text }] of files) {
      const target = join(fresh, path)
      const folder = dirname(target)
      if (!made.has(folder)) {
        await mkdir(folder, { recursive: true })
        made.add(folder)
      }
      if (text !== undefined) await writeFile(target, text)
      else if (previous) await copyFile(join(previous.root, path), target)
      else throw new Error(`${path} has no content`)
    }
    const old = `${fresh}-old`
    const existed = await isFolder(root)
    if (existed) await rename(root, old)
    await rename(fresh, root)
    if (existed) await rm(old, { recursive: true })
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    throw error
  }
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
