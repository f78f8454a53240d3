import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { blobOid } from '../../repo-layout/generated/oid.ts'
import type { SourceEntry, SourceTree } from '../../repo-layout/read/tree.ts'

/**
 * The charts below a folder on disk as a source: all files of each folder that has a `Chart.yaml`, also those that are no YAML,
 * with the ids that a commit would give them; nothing else is read. It is listed once, and must not change while it is used.
 */
export function chartFolderTree(root: string): SourceTree {
  let listed: Promise<readonly SourceEntry[]> | undefined

  async function walk(folder: string, isInChart: boolean): Promise<SourceEntry[]> {
    const items = await readdir(join(root, folder), { withFileTypes: true })
    const isChart = isInChart || items.some((item) => item.name === 'Chart.yaml' && item.isFile())
    const entries: SourceEntry[] = []
    for (const item of items) {
      const path = folder === '' ? item.name : `${folder}/${item.name}`
      // Where there is no chart yet, hidden folders are left out, as in reading a fleet.
      if (item.isDirectory() && item.name !== '.git' && (isChart || !item.name.startsWith('.')))
        entries.push(...(await walk(path, isChart)))
      else if (isChart && item.isSymbolicLink())
        entries.push({ path, oid: blobOid(await readlink(join(root, path))), type: 'link' })
      else if (isChart && item.isFile())
        entries.push({ path, oid: blobOid(await readFile(join(root, path))), type: 'file' })
    }
    return entries
  }

  return {
    list() {
      listed ??= walk('', false)
      return listed
    },
    read: ({ path }) => readFile(join(root, path)),
  }
}
