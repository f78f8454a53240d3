import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../git/error.ts'
import { digestOf, parseDigest } from './digest.ts'

/** Archives on disk by their digest. What is in it can be lost at any time, and is then fetched again. */
export interface ArchiveStore {
  /** The path of an archive with these very bytes, or undefined where there is none. A damaged one is removed. */
  find(digest: string): Promise<string | undefined>
  /** Keeps an archive and gives its path. Rejects where the folder cannot be written to. */
  keep(bytes: Uint8Array): Promise<string>
}

/** A store in a folder, which is made where it is missing; several processes may share it. */
export function createArchiveStore(folder: string): ArchiveStore {
  const pathOf = (digest: string) => join(folder, `${digest.replace(':', '-')}.tgz`)
  return {
    async find(digest) {
      if (parseDigest(digest) !== digest) return undefined
      const path = pathOf(digest)
      try {
        if (digestOf(await readFile(path)) === digest) return path
        await rm(path)
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error
      }
      return undefined
    },
    async keep(bytes) {
      const path = pathOf(digestOf(bytes))
      await writeWhole(path, bytes)
      return path
    },
  }
}

/** Writes a file so that whoever looks sees all of it or nothing; makes its folder. */
export async function writeWhole(path: string, bytes: Uint8Array, mode = 0o644): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true })
  const beside = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(beside, bytes, { mode })
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}
