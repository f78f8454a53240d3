import { posix } from 'node:path'
import { finalError } from './error.ts'

/** Another place that stands for one that Applications name: all below `from` is read from below `to`. */
export interface ChartMirror {
  readonly from: string
  readonly to: string
}

/** Where charts come from. */
export type ChartPlace =
  /** A Helm repository with an `index.yaml`; without a closing slash. */
  | { readonly type: 'http'; readonly url: URL }
  /** A registry; `path` stands before the names of charts. */
  | { readonly type: 'oci'; readonly origin: URL; readonly path: string }
  /** A folder of the fleet repository, `''` for its root. */
  | { readonly type: 'source'; readonly folder: string }

/**
 * Reads the `repoUrl` of an Application, mirrors taken into account. Throws a final `ChartError` for what no chart can come
 * from: another scheme, a credential in it, a folder outside of the source, an address without TLS to a registry elsewhere.
 */
export function placeOf(repoUrl: string, mirrors: readonly ChartMirror[]): ChartPlace {
  if (/^\.{1,2}(\/|$)/.test(repoUrl)) return { type: 'source', folder: sourceFolder(repoUrl) }
  const text = mirrored(repoUrl, mirrors)
  const where = text === repoUrl ? `repoUrl ${repoUrl}` : `the mirror ${text} of repoUrl ${repoUrl}`
  if (/^oci:\/\//i.test(text)) return ociPlace(text, where)
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    throw finalError(`${where}: expected https://…, oci://… or a folder of the source such as ./charts`)
  refuseCredential(url, where)
  url.hash = ''
  url.pathname = url.pathname.replace(/\/+$/, '')
  return { type: 'http', url }
}

/** An address with its mirror in place of it, if there is one; the longest `from` wins. */
export function mirrored(address: string, mirrors: readonly ChartMirror[]): string {
  const found = mirrors
    .map(({ from, to }) => ({ from: withoutSlash(from), to: withoutSlash(to) }))
    .filter(({ from }) => withoutSlash(address) === from || address.startsWith(`${from}/`))
    .sort((a, b) => b.from.length - a.from.length)[0]
  return found ? found.to + withoutSlash(address).slice(found.from.length) : address
}

function withoutSlash(text: string): string {
  return text.replace(/\/+$/, '')
}

function sourceFolder(repoUrl: string): string {
  const folder = posix.normalize(repoUrl).replace(/\/+$/, '')
  if (folder === '..' || folder.startsWith('../'))
    throw finalError(`repoUrl ${repoUrl} leads out of the fleet repository; a folder is named from its root, ./charts`)
  return folder === '.' ? '' : folder
}

function ociPlace(text: string, where: string): ChartPlace {
  const rest = text.slice('oci://'.length)
  // Registries of this machine, as those of tests, have no TLS.
  const scheme = /^(localhost|127(\.\d+){3}|\[::1\])(:|\/|$)/.test(rest) ? 'http' : 'https'
  const url = URL.canParse(`${scheme}://${rest}`) ? new URL(`${scheme}://${rest}`) : undefined
  if (!url?.hostname) throw finalError(`${where}: expected oci://<host>/<path>`)
  refuseCredential(url, where)
  const path = url.pathname.replace(/^\/+|\/+$/g, '')
  if (!/^[a-z0-9._/-]*$/.test(path) || url.search !== '')
    throw finalError(`${where}: the path in a registry has lower-case letters, digits and ._-/ only`)
  return { type: 'oci', origin: new URL(url.origin), path }
}

function refuseCredential(url: URL, where: string): void {
  if (url.username === '' && url.password === '') return
  const safe = where.replace(/\/\/[^/@]*@/g, '//…@')
  throw finalError(`${safe}: a credential does not belong in Git; the daemon is given it in its own settings`)
}
