import type { Place } from './place.ts'
import type { Forge } from './types.ts'

/** Where a forge is to be looked for, by the daemon's own settings. */
export interface ForgeAddress {
  /** The address of the fleet repository, http(s), without a credential. */
  readonly repo: URL
  /** Which forge; undefined where it is not said. */
  readonly kind: Forge['kind'] | undefined
  /** The root of its pages or of its API; undefined where it is where the repository is. */
  readonly url: URL | undefined
}

const apiPaths = { gitea: '/api/v1', github: '/api/v3', gitlab: '/api/v4' } as const

/**
 * Every place at which the repository may be, the likeliest first; one where the settings leave no doubt. A forge may lie below
 * a path: the repository of Gitea and GitHub are the last two parts of the address, groups of GitLab nest.
 */
export function placesOf({ repo, kind, url }: ForgeAddress): readonly Place[] {
  const parts = partsOf(repo)
  if (parts.length < 2) return []
  const root = url === undefined ? undefined : rootOf(url)
  const kinds = kind === undefined ? kindsAt(root ?? repo) : [kind]
  return kinds.flatMap((one) => {
    if (one === 'github') return [githubPlace(root ?? repo, parts)]
    if (root) return [placeBelow(one, root, repo, parts)]
    // Of GitLab nothing in the address says where the groups begin.
    const below = one === 'gitlab' ? Array.from({ length: parts.length - 1 }, (_, i) => i) : [parts.length - 2]
    return below.map((count) => placeAt(one, new URL(`/${parts.slice(0, count).join('/')}`, repo), parts.slice(count)))
  })
}

/** Whether a place is on the host of the repository, so that it may have the same credential. */
export function isAtHome({ api }: Place, repo: URL): boolean {
  const { protocol, host } = new URL(api)
  const isTwin = isGithubCloud(repo) && host === `api.${repo.host.replace(/^www\./, '')}`
  return protocol === repo.protocol && (host === repo.host || isTwin)
}

function kindsAt(at: URL): readonly Forge['kind'][] {
  if (isGithubCloud(at)) return ['github']
  return at.host === 'gitlab.com' ? ['gitlab'] : ['gitea', 'gitlab']
}

function isGithubCloud({ host }: URL): boolean {
  return /^((www|api)\.)?github\.com$/.test(host) || host.endsWith('.ghe.com')
}

function githubPlace(at: URL, parts: readonly string[]): Place {
  const repository = parts.slice(-2).map(decodeURIComponent).join('/')
  if (!isGithubCloud(at)) return { kind: 'github', api: `${at.origin}${apiPaths.github}`, web: at.origin, repository }
  const host = at.host.replace(/^(www|api)\./, '')
  return { kind: 'github', api: `https://api.${host}`, web: `https://${host}`, repository }
}

/** A forge whose root was named: what the address of the repository has below it is the repository. */
function placeBelow(kind: 'gitea' | 'gitlab', root: URL, repo: URL, parts: readonly string[]): Place {
  const above = partsOf(root)
  const isBelow = root.host === repo.host && above.every((part, i) => part === parts[i])
  const rest = isBelow ? parts.slice(above.length) : parts
  return placeAt(kind, root, kind === 'gitea' ? rest.slice(-2) : rest)
}

function placeAt(kind: 'gitea' | 'gitlab', root: URL, parts: readonly string[]): Place {
  const web = `${root.origin}${root.pathname.replace(/\/+$/, '')}`
  return { kind, api: `${web}${apiPaths[kind]}`, web, repository: parts.map(decodeURIComponent).join('/') }
}

/** The root of the pages of what may be that of the API. */
function rootOf(url: URL): URL {
  return new URL(url.pathname.replace(/\/+$/, '').replace(/\/api\/v\d+$/, '') || '/', url)
}

function partsOf({ pathname }: URL): readonly string[] {
  return pathname
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split('/')
    .filter((part) => part !== '')
}
