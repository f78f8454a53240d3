import { readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { pathProblem } from './archive.ts'
import { digestOf } from './digest.ts'
import { messageOf, passingError } from './error.ts'
import { type ChartIndex, type IndexEntry, parseIndex } from './index-file.ts'
import { fetchError, pickEntry, resolveError } from './pick.ts'
import type { FoundChart, Repository } from './repository.ts'
import type { ArchiveStore } from './store.ts'

/**
 * A Helm repository on disk, `index.yaml` with the archives beside it, that stands for whatever repository is asked for. An
 * archive that the index places on a server is looked for by its file name. It is read anew each time;
 * what was found is kept in `store`, so that it stays what it was.
 */
export function createFolderRepository(folder: string, store: ArchiveStore): Repository {
  async function readIndex(): Promise<ChartIndex> {
    const text = await readFile(join(folder, 'index.yaml'), 'utf8').catch((error: unknown) => {
      throw passingError(`no Helm repository in ${folder}: ${messageOf(error)}`, error)
    })
    return parseIndex(text)
  }

  return {
    async find(ref) {
      const entry = await readIndex()
        .then((index) => pickEntry(ref, index))
        .catch((error: unknown) => {
          throw resolveError(ref, error)
        })
      const name = fileName(entry.url ?? '')
      return readArchive(folder, name, entry, store).catch((error: unknown) => {
        throw fetchError(ref.name, entry.version, join(folder, name), error)
      })
    },
  }
}

async function readArchive(folder: string, name: string, entry: IndexEntry, store: ArchiveStore): Promise<FoundChart> {
  if (name === '') throw passingError('the index names no archive')
  const problem = pathProblem(name)
  if (problem !== undefined) throw passingError(`the index names ${problem}`)
  const bytes = await readFile(join(folder, name))
  const digest = digestOf(bytes)
  if (entry.digest !== undefined && entry.digest !== digest)
    throw passingError(`the archive is ${digest}, and the index says ${entry.digest}`)
  return { version: entry.version, digest, path: await store.keep(bytes) }
}

function fileName(url: string): string {
  const isAddress = /^[a-z][a-z0-9+.-]*:\/\//i.test(url)
  return isAddress && URL.canParse(url) ? posix.basename(new URL(url).pathname) : url
}
