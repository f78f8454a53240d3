import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { blobOid } from '../generated/oid.ts'
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

  async function keep(path: string, type: 'file' | 'link'): Promise<SourceEntry> {
    const file = join(root, path)
    const bytes = type === 'link' ? Buffer.from(await readlink(file)) : await readFile(file)
    content.set(path, bytes)
    return { path, oid: blobOid(bytes), type }
  }

  return {
    list: () => walk(''),
    async read({ path }) {
      return content.get(path) ?? readFile(join(root, path))
    },
  }
}

/** Whether a file of this name can hold documents or steers how they are read. */
export function isRelevant(name: string): boolean {
  return /\.(ya?ml|json)$/i.test(name) || name === '.flotillaignore'
}
