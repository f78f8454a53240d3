import { randomUUID } from 'node:crypto'
import { promises } from 'node:fs'
import { dirname, join } from 'node:path'

/** The file system as the Git library is given it. */
export interface GitFiles {
  readonly promises: typeof promises
  /** Forgets which packs there are: to be called when packs came by another way. */
  forgetPacks(): void
}

/** Writes a file whole or not at all: a process that dies leaves the old file, and a `tmp_*` that Git itself clears. */
export async function writeWhole(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const fresh = join(dirname(path), `tmp_${randomUUID()}`)
  try {
    await promises.writeFile(fresh, content, { mode })
    await promises.rename(fresh, path)
  } catch (error) {
    await promises.rm(fresh, { force: true })
    throw error
  }
}

/**
 * The disk below a Git folder. Every write is whole or not at all. In a clone of our `own`, where nobody else writes,
 * it knows that there are no loose objects, which packs there are, and that the folder is one: the library asks for all
 * of that at every object.
 */
export function createFiles(gitdir: string, own: boolean): GitFiles {
  const packs = join(gitdir, 'objects/pack')
  const loose = new RegExp(`^${literal(join(gitdir, 'objects'))}/[0-9a-f]{2}/[0-9a-f]{38}$`)
  let names: Promise<string[]> | undefined

  const readFile = (path: string | undefined, ...rest: readonly unknown[]) => {
    // Before each object the library calls it without a path, twice, to see whether it gives a promise.
    if (path === undefined) return Promise.reject(noPath)
    if (own && loose.test(path)) return Promise.reject(Object.assign(new Error('no loose objects'), { code: 'ENOENT' }))
    return Reflect.apply(promises.readFile, promises, [path, ...rest])
  }
  let self: ReturnType<typeof promises.stat> | undefined
  const stat = (path: string, ...rest: readonly unknown[]) => {
    if (!own || path !== gitdir || rest.length > 0) return Reflect.apply(promises.stat, promises, [path, ...rest])
    self ??= promises.stat(gitdir).catch((error: unknown) => {
      self = undefined
      throw error
    })
    return self
  }
  const readdir = async (path: string, ...rest: readonly unknown[]) => {
    if (!own || path !== packs || rest.length > 0) return Reflect.apply(promises.readdir, promises, [path, ...rest])
    names ??= promises.readdir(packs).catch((error: unknown) => {
      names = undefined
      throw error
    })
    return [...(await names)]
  }
  const writeFile = async (path: string, content: string | Uint8Array) => {
    await writeWhole(path, content)
    names = undefined
  }
  return {
    promises: { ...promises, readFile, readdir, stat, writeFile } as typeof promises,
    forgetPacks: () => {
      names = undefined
    },
  }
}

const noPath = new TypeError('a file is read by its path')

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
