import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { indexPack, readObject } from 'isomorphic-git'
import { errorCode, GitError, toGitError } from './error.ts'
import { createFiles, type GitFiles, writeWhole } from './files.ts'
import type { ObjectType } from './object.ts'
import type { Pack } from './pack.ts'

/** An object as it was stored. */
export interface StoredObject {
  readonly type: ObjectType
  readonly content: Uint8Array
}

/** The objects of one Git folder. */
export interface Store {
  readonly gitdir: string
  readonly files: GitFiles
  /** What the Git library remembers of this folder; as long-lived as the store, or every read parses every index. */
  readonly cache: object
  /** An object, or undefined where the folder does not hold it. Rejects with `corrupt` where it cannot be read. */
  read(oid: string): Promise<StoredObject | undefined>
  /** Adds a pack whose objects need nothing that is not here or in it. Adding it twice is the same as once. */
  addPack(pack: Pack): Promise<void>
  /** Adds a pack as a remote sent it, whose objects need nothing that is not here or in it. */
  addFetchedPack(bytes: Buffer): Promise<void>
  /** How many packs there are, and the bytes of all but the largest: what has piled up since the clone. */
  packs(): Promise<{ readonly count: number; readonly addedBytes: number }>
}

/** Opens the objects of a Git folder; `own` where nobody but this process writes there. `where` names it in errors. */
export function openStore(gitdir: string, options: { readonly own: boolean; readonly where: string }): Store {
  const files = createFiles(gitdir, options.own)
  const cache = {}
  const folder = join(gitdir, 'objects/pack')

  const readOnce = async (oid: string): Promise<StoredObject | undefined> => {
    try {
      const found = await readObject({ fs: files, gitdir, oid, cache, format: 'content' })
      if (!isContent(found)) throw new GitError('corrupt', `${options.where}: object ${oid} is of no known type`)
      return { type: found.type, content: found.object }
    } catch (error) {
      if (errorCode(error) === 'NotFoundError') return undefined
      throw toGitError(error, options.where)
    }
  }

  return {
    gitdir,
    files,
    cache,
    // Where others may repack, a pack can go between the look at its index and the read.
    read: (oid) => (options.own ? readOnce(oid) : readOnce(oid).catch(() => readOnce(oid))),
    addPack: async (pack) => {
      const name = `pack-${pack.bytes.subarray(-20).toString('hex')}`
      try {
        await mkdir(folder, { recursive: true })
        if (await exists(join(folder, `${name}.idx`))) return
        // Git takes a pack for complete once its index is there, so the index comes last.
        await writeWhole(join(folder, `${name}.pack`), pack.bytes, 0o444)
        await writeWhole(join(folder, `${name}.idx`), pack.index, 0o444)
      } catch (error) {
        throw toGitError(error, options.where)
      } finally {
        files.forgetPacks()
      }
    },
    addFetchedPack: async (bytes) => {
      const name = `pack-${bytes.subarray(-20).toString('hex')}.pack`
      try {
        await mkdir(folder, { recursive: true })
        await writeWhole(join(folder, name), bytes, 0o444)
        await indexPack({ fs: files, dir: folder, gitdir, filepath: name, cache })
      } catch (error) {
        throw toGitError(error, options.where)
      } finally {
        files.forgetPacks()
      }
    },
    packs: async () => {
      const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.pack'))
      const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size))
      const total = sizes.reduce((sum, size) => sum + size, 0)
      return { count: names.length, addedBytes: total - Math.max(0, ...sizes) }
    },
  }
}

function isContent(found: object): found is { readonly type: ObjectType; readonly object: Uint8Array } {
  if (!('type' in found) || !('object' in found)) return false
  return ['commit', 'tree', 'blob', 'tag'].includes(String(found.type)) && found.object instanceof Uint8Array
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
