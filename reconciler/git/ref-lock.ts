import { type FileHandle, mkdir, open, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Clock, sleep } from '../clock.ts'
import { errorCode, GitError } from './error.ts'

/** How moving a ref ended; `at` is what it is at instead. */
export type RefMove = { readonly type: 'moved' } | { readonly type: 'lost'; readonly at: string | undefined }

// Other Git processes hold the lock for an instant only.
const lockTries = 20
const lockWaitMs = 50

/**
 * Moves a ref in a repository on this disk from `from` (undefined: it must not exist) to `to`, by Git's own protocol:
 * make `<ref>.lock`, compare, rename. Any other Git process sees the old commit or the new one. Rejects with `server`
 * where another process keeps the lock for more than a second.
 */
export async function moveRef(options: {
  readonly gitdir: string
  readonly ref: string
  readonly from: string | undefined
  readonly to: string
  readonly read: () => Promise<string | undefined>
  readonly clock: Clock
}): Promise<RefMove> {
  const { gitdir, ref, from, to, read, clock } = options
  const file = join(gitdir, ref)
  const lock = `${file}.lock`
  await mkdir(dirname(file), { recursive: true }).catch((error: unknown) => {
    throw new GitError('config', `${gitdir}: the branch ${ref} cannot be made: ${String(error)}`, {
      hint: 'a branch cannot be named like the folder of another, as "a/b" and "a"',
      cause: error,
    })
  })
  const handle = await takeLock(lock, clock)
  let moved = false
  try {
    try {
      await handle.writeFile(`${to}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    const at = await read()
    if (at !== from) return { type: 'lost', at }
    // An empty folder of branches that are gone would stand where the ref goes.
    await rmdir(file).catch(() => undefined)
    await rename(lock, file)
    moved = true
    return { type: 'moved' }
  } finally {
    // Until it is renamed the lock is ours; afterwards another process may have made its own.
    if (!moved) await rm(lock, { force: true })
  }
}

async function takeLock(lock: string, clock: Clock): Promise<FileHandle> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open(lock, 'wx')
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
      if (attempt >= lockTries) {
        throw new GitError('server', `${lock} is held by another Git process`, {
          hint: 'if no Git process runs there, one has died: remove the file',
          cause: error,
        })
      }
      await sleep(clock, lockWaitMs)
    }
  }
}
