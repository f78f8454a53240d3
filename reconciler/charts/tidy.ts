import { readdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../git/error.ts'

/** How much of what can be had again is kept: for so many milliseconds after its last use, and so many bytes of files. */
export interface Keeping {
  readonly time: number
  readonly size: number
}

const hour = 3_600_000
const keeping: Keeping = { time: 30 * 24 * hour, size: 1024 * 1024 * 1024 }

/** Notes that a file or folder was used at a time, in milliseconds since the epoch. */
export async function noteUse(path: string, now: number): Promise<void> {
  await utimes(path, now / 1000, now / 1000).catch(unlessOthers)
}

/**
 * Removes from a folder what was not used for long, and of more than fits what was used last the longest ago; never what was
 * used within the hour, for somebody may be at it. A folder that is not there is tidy. What belongs to others stays.
 */
export async function tidy(folder: string, now: number, { time, size }: Keeping = keeping): Promise<void> {
  let kept = 0
  for (const entry of await entriesOf(folder)) {
    kept += entry.size
    const idle = now - entry.usedAt
    if (idle > hour && (idle > time || kept > size))
      await rm(entry.path, { recursive: true, force: true }).catch(unlessOthers)
  }
}

/** What is in a folder, the last used first. */
async function entriesOf(folder: string) {
  const names = await readdir(folder).catch((error: unknown) => {
    unlessOthers(error)
    return []
  })
  const entries = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name)
      const found = await stat(path).catch(unlessOthers)
      return found ? [{ path, usedAt: found.mtimeMs, size: found.isFile() ? found.size : 0 }] : []
    }),
  )
  return entries.flat().sort((a, b) => b.usedAt - a.usedAt)
}

/** Several processes share a folder: what another one has removed, or owns, is not ours to care for. */
function unlessOthers(error: unknown): undefined {
  if (!['ENOENT', 'EACCES', 'EPERM'].includes(errorCode(error))) throw error
  return undefined
}
