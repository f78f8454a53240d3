import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChartRef, ChartResolution } from '../../render/charts.ts'
import { milliseconds } from '../../repo-layout/schema/common.ts'
import { placeOf } from './address.ts'
import { checkArchive } from './archive.ts'
import type { ChartCredential } from './credentials.ts'
import { finalError, messageOf, passingError } from './error.ts'
import { laidOutPath } from './lay-out.ts'
import { fetchError, pickVersion, resolveError } from './pick.ts'
import { openRepositories, type ReachOptions, type Repositories } from './repositories.ts'
import type { FoundChart, Repository } from './repository.ts'
import { createSourceRepository } from './source-repository.ts'
import { createArchiveStore } from './store.ts'
import { noteUse, tidy } from './tidy.ts'
import type { ChartEngineOptions, ChartRevision } from './types.ts'

/** Finds charts, wherever they are, and has their content at hand. */
export interface Finder {
  /** Whether a `repoUrl` is a folder of the source. */
  isInSource(repoUrl: string, revision: ChartRevision): boolean
  /** Looks for a chart and makes sure that it is one. Rejects with a `ChartError`. */
  resolve(ref: ChartRef, revision: ChartRevision): Promise<ChartResolution>
  /** The path of the content with this very digest, fetched again where it is not on disk. Rejects with a `ChartError`. */
  contentOf(chart: ChartRef & { readonly digest: string }, revision: ChartRevision): Promise<string>
  close(): Promise<void>
}

/** Ways to reach repositories that are kept open; more than one only while settings differ between branches. */
const mostWays = 4

/** What is kept on disk is looked through again after so many milliseconds. */
const tidiedEvery = 24 * 3_600_000

/** Makes a finder. Reads nothing before it is asked to. */
export function createFinder(options: ChartEngineOptions): Finder {
  const { cacheFolder, clock, folder } = options
  const archives = join(cacheFolder, 'archives')
  const store = createArchiveStore(archives)
  const work = join(cacheFolder, 'folders')
  let tidied = Number.NEGATIVE_INFINITY
  const ways = new Map<string, Repositories>()
  const checked = new Set<string>()

  const isInSource: Finder['isInSource'] = (repoUrl, { source }) =>
    /^\.{1,2}(\/|$)/.test(repoUrl) && (source !== undefined || folder === undefined)

  async function repositoryOf(ref: ChartRef, revision: ChartRevision): Promise<Repository> {
    if (isInSource(ref.repoUrl, revision)) {
      const place = placeOf(ref.repoUrl, [])
      if (!revision.source || place.type !== 'source')
        throw finalError(`repoUrl ${ref.repoUrl} is a folder of the fleet repository, which is not at hand here`)
      return createSourceRepository(revision.source, place.folder, work)
    }
    const { mirrors, timeout } = revision.charts
    const way = { mirrors, timeout: milliseconds(timeout), credentials: await readCredentials(), folder }
    return (await openWay(way)).open(ref)
  }

  async function openFor(ref: ChartRef, revision: ChartRevision): Promise<Repository> {
    // What is no constraint is wrong wherever it is looked for.
    pickVersion(ref.version, [])
    return repositoryOf(ref, revision)
  }

  async function readCredentials(): Promise<readonly ChartCredential[]> {
    try {
      return (await options.credentials?.()) ?? []
    } catch (error) {
      throw passingError(`the credentials for charts cannot be read: ${messageOf(error)}`, error)
    }
  }

  async function openWay(way: ReachOptions): Promise<Repositories> {
    const key = JSON.stringify(way)
    const known = ways.get(key)
    // The one that was used last comes last.
    ways.delete(key)
    const opened = known ?? openRepositories(way, store, clock)
    ways.set(key, opened)
    const [oldest] = ways
    if (oldest && ways.size > mostWays) {
      ways.delete(oldest[0])
      await oldest[1].close()
    }
    return opened
  }

  async function find(ref: ChartRef, revision: ChartRevision): Promise<FoundChart> {
    const repository = await openFor(ref, revision).catch((error: unknown) => {
      throw resolveError(ref, error)
    })
    const found = await repository.find(ref)
    if (isInSource(ref.repoUrl, revision)) return found
    await checkOnce(found.path, found.digest).catch((error: unknown) => {
      throw fetchError(ref.name, found.version, ref.repoUrl, error)
    })
    return found
  }

  return {
    isInSource,
    async resolve(ref, revision) {
      if (clock.now() - tidied > tidiedEvery) {
        tidied = clock.now()
        for (const folder of [archives, work]) await tidy(folder, clock.now())
      }
      const { version, digest } = await find(ref, revision)
      return { type: 'resolved', version, digest }
    },
    async contentOf(chart, revision) {
      const kept = await contentOnDisk(chart.digest)
      if (kept !== undefined) {
        await noteUse(kept, clock.now())
        return kept
      }
      const { name, version, repoUrl } = chart
      const found = await find({ name, version, repoUrl }, revision)
      if (found.digest === chart.digest) return found.path
      throw passingError(
        `${repoUrl} has changed: it holds ${found.digest} now, and ${chart.digest} was chosen; a chart that changes needs a new version`,
      )
    },
    async close() {
      await Promise.all([...ways.values()].map((way) => way.close()))
    },
  }

  async function contentOnDisk(digest: string): Promise<string | undefined> {
    const archive = await store.find(digest)
    if (archive === undefined) return laidOutPath(work, digest)
    await checkOnce(archive, digest)
    return archive
  }

  async function checkOnce(path: string, digest: string): Promise<void> {
    if (checked.has(digest)) return
    await checkArchive(await readFile(path))
    checked.add(digest)
  }
}
