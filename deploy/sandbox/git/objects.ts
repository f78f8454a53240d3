import { createHash } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { indexPack } from 'isomorphic-git'
import { writeWhole } from '../../../reconciler/git/files.ts'
import { openStore, type StoredObject } from '../../../reconciler/git/store.ts'
import { ProtocolError } from './section.ts'

/** The objects of one repository. Nobody else writes to its folder. */
export interface Objects {
  /** Whether the repository holds an object; costs nothing. */
  has(oid: string): boolean
  read(oid: string): Promise<StoredObject | undefined>
  /** Takes a pack as it was received, deltas and all. Rejects with a ProtocolError where it is not whole; nothing stays. */
  addPack(bytes: Buffer): Promise<void>
}

/** What was read is kept up to so many bytes. */
const kept = 64 * 1024 * 1024
/** Where the names of objects begin in an index, after its header and table of counts. */
const namesAt = 8 + 256 * 4
const emptyPack = 32

/** Opens the objects below a Git folder. */
export async function openObjects(gitdir: string): Promise<Objects> {
  const store = openStore(gitdir, { own: true, where: gitdir })
  const folder = join(gitdir, 'objects/pack')
  const known = new Set<string>()
  for (const name of await readdir(folder)) {
    if (name.endsWith('.idx')) for (const oid of namesOf(await readFile(join(folder, name)))) known.add(oid)
  }
  const cache = new Map<string, StoredObject>()
  let cached = 0

  return {
    has: (oid) => known.has(oid),
    async read(oid) {
      const remembered = cache.get(oid)
      if (remembered || !known.has(oid)) return remembered
      const object = await store.read(oid)
      if (!object) return undefined
      if (cached > kept) {
        cache.clear()
        cached = 0
      }
      cache.set(oid, object)
      cached += object.content.length
      return object
    },
    async addPack(bytes) {
      const count = countOf(bytes)
      if (count === 0) return
      const name = `pack-${bytes.subarray(-20).toString('hex')}`
      const path = join(folder, name)
      await writeWhole(`${path}.pack`, bytes)
      const { files: fs, cache: libraryCache } = store
      const options = { fs, dir: gitdir, gitdir, cache: libraryCache, filepath: `objects/pack/${name}.pack` }
      const oids = await indexPack(options).then(
        (index) => index.oids,
        (error: unknown) => String(error),
      )
      // The library leaves out what it cannot resolve, so only the count shows that something is missing.
      if (typeof oids === 'string' || oids.length !== count) {
        await rm(`${path}.pack`, { force: true })
        await rm(`${path}.idx`, { force: true })
        store.files.forgetPacks()
        throw new ProtocolError(
          typeof oids === 'string' ? oids : `${count - oids.length} of ${count} objects are broken`,
        )
      }
      store.files.forgetPacks()
      for (const oid of oids) known.add(oid)
    },
  }
}

/** How many objects a pack says that it holds; checks that it arrived as it was sent. */
function countOf(bytes: Buffer): number {
  if (bytes.length < emptyPack || bytes.toString('latin1', 0, 4) !== 'PACK') throw new ProtocolError('expected a pack')
  if (bytes.readUInt32BE(4) !== 2) throw new ProtocolError('expected a pack of version 2')
  const sum = createHash('sha1').update(bytes.subarray(0, -20)).digest()
  if (!sum.equals(bytes.subarray(-20))) throw new ProtocolError('the pack did not arrive whole')
  return bytes.readUInt32BE(8)
}

function* namesOf(index: Buffer): Iterable<string> {
  const count = index.readUInt32BE(namesAt - 4)
  for (let i = 0; i < count; i++) yield index.toString('hex', namesAt + i * 20, namesAt + i * 20 + 20)
}
