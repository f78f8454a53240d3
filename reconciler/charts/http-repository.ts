import type { Clock } from '../clock.ts'
import { digestOf } from './digest.ts'
import { passingError } from './error.ts'
import { type ChartHttp, isPrivate } from './http.ts'
import { type ChartIndex, type IndexEntry, parseIndex } from './index-file.ts'
import { maxArchiveSize, maxIndexSize } from './limits.ts'
import { fetchError, pickEntry, resolveError } from './pick.ts'
import type { FoundChart, Repository } from './repository.ts'
import type { ArchiveStore } from './store.ts'

/** How long an index is taken for the newest, in milliseconds; what Shipper waited until it read it again. */
const indexAge = 10_000

interface Known {
  readonly index: ChartIndex
  readonly etag: string | undefined
  readonly readAt: number
}

/** What a Helm repository over HTTP needs. */
export interface HttpRepositoryOptions {
  readonly http: ChartHttp
  readonly store: ArchiveStore
  readonly clock: Clock
  /** An address of an archive with its mirror in place of it. */
  readonly mirrored: (address: string) => string
}

/**
 * The Helm repository below an address. Its index is asked for at most every ten seconds, and only sent where it has changed;
 * an empty one never replaces one that had charts. An archive whose digest the index says is read once.
 */
export function createHttpRepository(base: URL, options: HttpRepositoryOptions): Repository {
  const { http, store, clock } = options
  const indexUrl = below(base, 'index.yaml')
  const archives = new Map<string, { readonly etag: string; readonly digest: string }>()
  let known: Known | undefined
  let reading: Promise<ChartIndex> | undefined

  function index(): Promise<ChartIndex> {
    if (known && clock.now() - known.readAt < indexAge) return Promise.resolve(known.index)
    reading ??= readIndex().finally(() => {
      reading = undefined
    })
    return reading
  }

  async function readIndex(): Promise<ChartIndex> {
    const answer = await http.get({
      url: indexUrl,
      maxSize: maxIndexSize,
      accept: [304],
      headers: known?.etag === undefined ? {} : { 'if-none-match': known.etag },
    })
    const readAt = clock.now()
    if (answer.status === 304 && known) known = { ...known, readAt }
    else if (answer.status === 304) throw passingError(`${indexUrl} answered 304 to a first request`)
    else {
      const next = parseIndex(answer.bytes.toString('utf8'))
      known =
        next.isEmpty && known && !known.index.isEmpty
          ? { ...known, readAt }
          : { index: next, etag: answer.headers.etag, readAt }
    }
    return known.index
  }

  async function fetchArchive(name: string, { version, url, digest }: IndexEntry): Promise<FoundChart> {
    let address = `${base}`
    try {
      if (url === undefined) throw passingError('the index names no address of its archive')
      address = options.mirrored(archiveUrl(base, url))
      const kept = digest === undefined ? undefined : await store.find(digest)
      if (digest !== undefined && kept !== undefined) return { version, digest, path: kept }
      const archive = new URL(address)
      if (digest === undefined && isPrivate(base) && !isPrivate(archive))
        throw passingError('the index names an address without TLS and no digest')
      return { version, ...(await readArchive(archive, digest)) }
    } catch (error) {
      throw fetchError(name, version, address, error)
    }
  }

  /** Where the index says no digest, only the server knows whether an archive is still the same. */
  async function readArchive(url: URL, expected: string | undefined): Promise<Omit<FoundChart, 'version'>> {
    const before = archives.get(url.href)
    const kept = expected === undefined && before ? await store.find(before.digest) : undefined
    const answer = await http.get({
      url,
      maxSize: maxArchiveSize,
      accept: [304],
      headers: before && kept ? { 'if-none-match': before.etag } : {},
    })
    if (answer.status === 304) {
      if (before && kept) return { digest: before.digest, path: kept }
      throw passingError('it answered 304 to a first request')
    }
    const digest = digestOf(answer.bytes)
    if (expected !== undefined && digest !== expected)
      throw passingError(`the archive is ${digest}, and the index says ${expected}`)
    if (answer.headers.etag !== undefined) archives.set(url.href, { etag: answer.headers.etag, digest })
    return { digest, path: await store.keep(answer.bytes) }
  }

  return {
    async find(ref) {
      const entry = await index()
        .then((read) => pickEntry(ref, read))
        .catch((error: unknown) => {
          throw resolveError(ref, error)
        })
      return fetchArchive(ref.name, entry)
    },
  }
}

function below(base: URL, name: string): URL {
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${name}`
  return url
}

/** As Helm does: what is relative is below the repository, with the query of its address. */
function archiveUrl(base: URL, url: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) {
    const isWeb = /^https?:/i.test(url) && URL.canParse(url)
    if (!isWeb) throw passingError(`the index names ${url}, which is no address of a web server`)
    return url
  }
  const folder = new URL(base)
  folder.pathname = `${folder.pathname.replace(/\/+$/, '')}/`
  const target = new URL(url, folder)
  if (base.search !== '' && target.search === '') target.search = base.search
  return target.href
}
