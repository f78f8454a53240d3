import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { deleteRef, init, listRefs, resolveRef } from 'isomorphic-git'
import { systemClock } from '../../../reconciler/clock.ts'
import { errorCode } from '../../../reconciler/git/error.ts'
import { createFiles } from '../../../reconciler/git/files.ts'
import { moveRef } from '../../../reconciler/git/ref-lock.ts'
import { type Objects, openObjects } from './objects.ts'

/** A bare repository in a folder of the server. */
export interface BareRepository {
  /** Its folder, which any Git can read. */
  readonly gitdir: string
  readonly objects: Objects
  /** Every branch and tag with what it is at, by full name, sorted. */
  refs(): Promise<ReadonlyMap<string, string>>
  /** Moves a ref only if it is at `from`: undefined means "not there", for both ends. False where it is elsewhere. */
  move(ref: string, from: string | undefined, to: string | undefined): Promise<boolean>
  /** Does one thing after the other, as taking pushes must be. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
}

/** The branch that a clone checks out. */
export const defaultBranch = 'refs/heads/main'

const namespaces = ['refs/heads', 'refs/tags', 'refs/notes']

/** Opens the bare repository in a folder, and makes it where there is none. */
export async function openBareRepository(gitdir: string): Promise<BareRepository> {
  const fs = createFiles(gitdir, true)
  await mkdir(join(gitdir, 'objects/pack'), { recursive: true })
  await init({ fs, dir: gitdir, gitdir, bare: true, defaultBranch: 'main' })
  const objects = await openObjects(gitdir)
  let last: Promise<unknown> = Promise.resolve()

  const read = async (ref: string): Promise<string | undefined> => {
    try {
      return await resolveRef({ fs, gitdir, ref })
    } catch (error) {
      if (errorCode(error) === 'NotFoundError') return undefined
      throw error
    }
  }

  return {
    gitdir,
    objects,
    async refs() {
      const refs = new Map<string, string>()
      for (const namespace of namespaces) {
        for (const name of await listRefs({ fs, gitdir, filepath: namespace })) {
          const oid = await read(`${namespace}/${name}`)
          if (oid !== undefined) refs.set(`${namespace}/${name}`, oid)
        }
      }
      return new Map([...refs].sort(([a], [b]) => (a < b ? -1 : 1)))
    },
    async move(ref, from, to) {
      if (to !== undefined) {
        const moved = await moveRef({ gitdir, ref, from, to, read: () => read(ref), clock: systemClock })
        return moved.type === 'moved'
      }
      if ((await read(ref)) !== from) return false
      await deleteRef({ fs, gitdir, ref })
      return true
    },
    inTurn(work) {
      const turn = last.then(work)
      last = turn.catch(() => undefined)
      return turn
    },
  }
}
