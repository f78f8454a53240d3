import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseYaml } from '../../repo-layout/yaml/parse.ts'

/**
 * Writes the file of one cluster. A file that exists is replaced only with `overwrite`, and never where it holds other
 * documents beside it or cannot be read: they would be lost.
 */
export async function writeDocument(path: string, text: string, overwrite: boolean): Promise<void> {
  await checkDocument(path, overwrite)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text, { flag: overwrite ? 'w' : 'wx' })
}

/** Rejects where `writeDocument` would not write. */
export async function checkDocument(path: string, overwrite: boolean): Promise<void> {
  let before: string
  try {
    before = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw error
  }
  if (!overwrite) throw new Error(`${path} exists; --overwrite writes it anew`)
  const parsed = parseYaml(before)
  if (parsed.type === 'documents' && parsed.documents.length <= 1) return
  throw new Error(`${path} holds other documents too; take the cluster out of it first`)
}
