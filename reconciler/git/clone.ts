import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { addRemote, init, resolveRef, writeRef } from 'isomorphic-git'
import { errorCode, toGitError } from './error.ts'
import { writeWhole } from './files.ts'
import { openStore, type Store } from './store.ts'

/** A bare clone in the daemon's folder. */
export interface Clone {
  readonly store: Store
  /** Its name in the folder, `<number>.git`. */
  readonly name: string
}

const pointer = 'current'

/**
 * The clones of one remote in `dir`. Several may lie there, but one file says which one counts, and it is replaced in
 * one step: a process that dies while a new clone is made leaves the old one in force.
 */
export interface CloneFolder {
  /** The clone in force, or a new empty one; one of another remote or a broken one is not used. Removes all others. */
  open(): Promise<Clone>
  /** An empty clone beside the one in force. */
  prepare(): Promise<Clone>
  /** Puts a clone in force. */
  adopt(clone: Clone): Promise<void>
  remove(clone: Clone): Promise<void>
}

/** The clones in `dir`, made when it does not exist. `url` and `where` hold no credential. Rejects with GitError. */
export function cloneFolder(dir: string, url: string, where: string): CloneFolder {
  const at = (name: string): Clone => ({ name, store: openStore(join(dir, name), { own: true, where }) })

  const prepare = async (): Promise<Clone> => {
    await mkdir(dir, { recursive: true })
    const numbers = (await clones()).map((name) => Number.parseInt(name, 10))
    const clone = at(`${Math.max(0, ...numbers) + 1}.git`)
    const { files: fs, gitdir } = clone.store
    await init({ fs, gitdir, dir: gitdir, bare: true, defaultBranch: 'main' })
    await mkdir(join(gitdir, 'objects/pack'), { recursive: true })
    await addRemote({ fs, gitdir, remote: 'origin', url })
    // Written last, so that a clone without it is one that was never finished.
    await writeWhole(join(gitdir, 'flotilla-remote'), `${url}\n`)
    return clone
  }
  const clones = async () => (await readdir(dir).catch(() => [])).filter((name) => /^\d+\.git$/.test(name))
  const adopt = (clone: Clone) => writeWhole(join(dir, pointer), `${clone.name}\n`)
  const usable = async (name: string) => {
    const remote = await readFile(join(dir, name, 'flotilla-remote'), 'utf8').catch(() => '')
    return /^\d+\.git$/.test(name) && remote.trim() === url
  }

  return {
    open: async () => {
      try {
        const name = (await readFile(join(dir, pointer), 'utf8').catch(() => '')).trim()
        const clone = (await usable(name)) ? at(name) : await prepare()
        await adopt(clone)
        for (const other of await clones()) {
          if (other !== clone.name) await rm(join(dir, other), { recursive: true, force: true })
        }
        return clone
      } catch (error) {
        throw toGitError(error, dir)
      }
    },
    prepare,
    adopt,
    remove: (clone) => rm(clone.store.gitdir, { recursive: true, force: true }),
  }
}

/** Where a clone notes what a branch of the remote was at. */
export function trackingRef(branch: string): string {
  return `refs/remotes/origin/${branch}`
}

/** Where a clone notes the commit that was last generated from it. */
export const lastGeneratedRef = 'refs/flotilla/generated'

/** The commit that a ref names, or undefined where there is no such ref. */
export async function readRef(store: Store, ref: string): Promise<string | undefined> {
  try {
    return await resolveRef({ fs: store.files, gitdir: store.gitdir, ref })
  } catch (error) {
    if (errorCode(error) === 'NotFoundError') return undefined
    throw error
  }
}

/** Notes a commit under a ref of a clone of our own. */
export async function setRef(store: Store, ref: string, oid: string): Promise<void> {
  await writeRef({ fs: store.files, gitdir: store.gitdir, ref, value: oid, force: true })
}
