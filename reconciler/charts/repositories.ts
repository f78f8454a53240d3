import type { ChartRef } from '../../render/charts.ts'
import type { Clock } from '../clock.ts'
import { type ChartMirror, mirrored, placeOf } from './address.ts'
import { type ChartCredential, credentialFinder } from './credentials.ts'
import { createFolderRepository } from './folder-repository.ts'
import { createChartHttp } from './http.ts'
import { createHttpRepository } from './http-repository.ts'
import { createOciRepository } from './oci-repository.ts'
import { openRegistry } from './registry.ts'
import type { Repository } from './repository.ts'
import type { ArchiveStore } from './store.ts'

/** How repositories are reached. */
export interface ReachOptions {
  readonly mirrors: readonly ChartMirror[]
  /** What one answer may take, in milliseconds. */
  readonly timeout: number
  readonly credentials: readonly ChartCredential[]
  /** A Helm repository on disk that stands for all others. */
  readonly folder: string | undefined
}

/** The repositories that are reached in one way, each opened once. */
export interface Repositories {
  /** The repository of a chart. Throws a final `ChartError` for a `repoUrl` that no chart can come from. */
  open(ref: ChartRef): Repository
  close(): Promise<void>
}

/** Opens repositories as they are asked for. Nothing is read before that, and nothing of the network where there is a folder. */
export function openRepositories(options: ReachOptions, store: ArchiveStore, clock: Clock): Repositories {
  const { mirrors, timeout, credentials, folder } = options
  const find = credentialFinder(credentials)
  const http = createChartHttp({ timeout, clock }, find)
  const opened = new Map<string, Repository>()

  function openAt(repoUrl: string): Repository {
    if (folder !== undefined) return createFolderRepository(folder, store)
    const place = placeOf(repoUrl, mirrors)
    if (place.type === 'oci')
      return createOciRepository(openRegistry(place.origin, { http, find, clock }), place, store)
    if (place.type === 'http')
      return createHttpRepository(place.url, { http, store, clock, mirrored: (address) => mirrored(address, mirrors) })
    throw new Error(`${repoUrl} is a folder of the source, which is opened with the source`)
  }

  return {
    open({ repoUrl }) {
      const repository = opened.get(repoUrl) ?? openAt(repoUrl)
      opened.set(repoUrl, repository)
      return repository
    },
    close: () => http.close(),
  }
}
