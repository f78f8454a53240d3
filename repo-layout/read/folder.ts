import { open, readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { blobOid } from '../generated/oid.ts'
import { maxFileSize } from './file.ts'
import type { SourceEntry, SourceTree } from './tree.ts'

/**
 * A folder on disk as a source tree. Hidden files and folders are not entered. The bytes that the ids are made of are
 * kept until they are read.
 */
export function folderTree(root: string): SourceTree {
  const content = new Map<string, Buffer>()

  async function walk(folder: string): Promise<SourceEntry[]> {
    const entries: SourceEntry[] = []
    for (const item of await readdir(join(root, folder), { withFileTypes: true })) {
      if (item.name.startsWith('.') && item.name !== '.flotillaignore') continue
      const path = folder === '' ? item.name : `${folder}/${item.name}`
      if (item.isDirectory()) entries.push(...(await walk(path)))
      else if (item.isSymbolicLink()) entries.push(await keep(path, 'link'))
      else if (item.isFile() && isRelevant(item.name)) entries.push(await keep(path, 'file'))
    }
    return entries
  }

  /** A file that cannot be read stays in the list: whoever reads it then gets the reason. */
  async function keep(path: string, type: 'file' | 'link'): Promise<SourceEntry> {
    try {
      const file = join(root, path)
      const bytes = type === 'link' ? Buffer.from(await readlink(file)) : await readStart(file)
      content.set(path, bytes)
      return { path, oid: blobOid(bytes), type }
    } catch {
      return { path, oid: 'unreadable', type }
    }
  }

  return {
    list: () => walk(''),
    async read({ path }) {
      return content.get(path) ?? readFile(join(root, path))
    },
  }
}

/** The bytes of a file; of one that is too large just enough to see that. */
async function readStart(path: string): Promise<Buffer> {
  if ((await stat(path)).size <= maxFileSize) return readFile(path)
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(maxFileSize + 1) })
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Whether a file of this name can hold documents or steers how they are read. */
export function isRelevant(name: string): boolean {
  return /\.(ya?ml|json)$/i.test(name) || name === 'Kustomization' || name === '.flotillaignore'
}
