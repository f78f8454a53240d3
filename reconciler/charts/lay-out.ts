import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isSchema, pathProblem } from './archive.ts'
import { parseDigest } from './digest.ts'
import { finalError } from './error.ts'
import { formatSize, maxEntries, maxFileSize, maxUnpackedSize } from './limits.ts'
import { checkSchemaRefs } from './schema-refs.ts'

/** A file of a chart that is not on disk yet. */
export interface LaidOutFile {
  /** Relative to the chart, with `/`. */
  readonly path: string
  readonly oid: string
  read(): Promise<Uint8Array>
}

/**
 * Writes the files of a chart below `work`, once for each digest, and gives their folder. Rejects with a final `ChartError`
 * where they are too large or would not stay inside; nothing is left behind then.
 */
export async function layOut(work: string, digest: string, files: readonly LaidOutFile[]): Promise<string> {
  const known = await laidOutPath(work, digest)
  if (known !== undefined) return known
  const path = pathFor(work, digest)
  if (files.length > maxEntries) throw finalError(`the chart holds more than ${maxEntries} files`)
  await mkdir(work, { recursive: true })
  const beside = await mkdtemp(`${path}.`)
  try {
    await writeAll(beside, files)
    await rename(beside, path).catch(async (error: unknown) => {
      // Another one laid out the same files first.
      if (!(await isFolder(path))) throw error
    })
    return path
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
}

/** The folder of a chart that was laid out before, or undefined where there is none. */
export async function laidOutPath(work: string, digest: string): Promise<string | undefined> {
  if (parseDigest(digest) !== digest) return undefined
  const path = pathFor(work, digest)
  return (await isFolder(path)) ? path : undefined
}

function pathFor(work: string, digest: string): string {
  return join(work, digest.replace(':', '-'))
}

async function writeAll(folder: string, files: readonly LaidOutFile[]): Promise<void> {
  let size = 0
  for (const file of files) {
    const problem = pathProblem(file.path)
    if (problem !== undefined) throw finalError(`${file.path} is ${problem}`)
    const bytes = await file.read()
    if (bytes.length > maxFileSize) throw finalError(`${file.path} is larger than ${formatSize(maxFileSize)}`)
    size += bytes.length
    if (size > maxUnpackedSize) throw finalError(`the chart is larger than ${formatSize(maxUnpackedSize)}`)
    if (isSchema(file.path)) checkSchemaRefs(file.path, bytes)
    const target = join(folder, file.path)
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, bytes)
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
