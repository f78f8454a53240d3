import { fileURLToPath } from 'node:url'
import { type Clock, systemClock } from '../clock.ts'
import { cloneFolder } from './clone.ts'
import { GitError } from './error.ts'
import { createHttp } from './http.ts'
import { localOrigin } from './local-origin.ts'
import type { Branches } from './origin.ts'
import { parseRemote, withoutUserinfo } from './remote.ts'
import { remoteOrigin } from './remote-origin.ts'
import { createRepository } from './repository.ts'
import type { GitAuth, Repository } from './types.ts'

/** Which fleet repository, and how to reach it. */
export interface RepositoryOptions {
  /** `https://…`, `http://…`, a `file://` address, or a path on this disk. */
  readonly url: string
  /** Branch names, without `refs/heads/`. They must differ. */
  readonly branches: Branches
  /** Where clones of a remote are kept, made when it does not exist. One process at a time. Not used for a local path. */
  readonly dir?: string
  readonly auth?: GitAuth
  /** PEM of the authority that signed the remote's certificate; trusted instead of the machine's own. */
  readonly ca?: string
  /** How long a connection may stay silent; 30,000 where not given. */
  readonly timeoutMs?: number
  /** When a clone is made anew: past so many packs (50), or so many bytes beside its largest pack (256 MiB). */
  readonly compactAfter?: { readonly packs?: number; readonly bytes?: number }
  readonly clock?: Clock
  /** A checkout on this disk without a generated branch is read as its remote had it at the last fetch. */
  readonly tracking?: boolean
  /** Told of what went wrong and was made up for, one line each. */
  readonly warn?: (message: string) => void
}

/**
 * Opens the fleet repository. Needs no network: the first `fetch` clones. Rejects with a GitError where the settings
 * cannot work (`config`), or a local path holds no repository (`not-found`) or has the generated branch checked out.
 */
export async function openRepository(options: RepositoryOptions): Promise<Repository> {
  const { url, branches, clock = systemClock, warn = () => undefined } = options
  checkBranch(branches.source)
  checkBranch(branches.generated)
  const generatedRef = `refs/heads/${branches.generated}`
  if (branches.source === branches.generated) {
    throw new GitError('config', `the source and the generated branch are both "${branches.source}"`, {
      hint: 'the generated branch is rewritten by the daemon and needs a name of its own',
    })
  }
  const path = localPath(url)
  if (path !== undefined) {
    const told = (branch: string) =>
      warn(`${path} has no branch "${branch}" of its own; both branches are taken as at its last "git fetch" of origin`)
    const origin = await localOrigin(path, branches, clock, options.tracking ? told : undefined)
    return createRepository(origin, clock, generatedRef)
  }

  const remote = parseRemote(url, options.auth ?? { type: 'none' })
  if (options.dir === undefined) throw new GitError('config', `${remote.url} needs a folder for its clone`)
  const { timeoutMs = 30_000, ca, compactAfter } = options
  const http = createHttp(remote, { timeoutMs, ...(ca === undefined ? {} : { ca }) })
  const folder = cloneFolder(options.dir, remote.url, remote.url)
  const limits = { packs: 50, bytes: 256 * 1024 * 1024, ...compactAfter }
  return createRepository(
    await remoteOrigin({ remote, http, branches, folder, compactAfter: limits, warn }),
    clock,
    generatedRef,
  )
}

/** The path of a repository on this disk; undefined where the text is an address. Throws `config` for a `file:` URL that is none. */
export function localPath(url: string): string | undefined {
  if (url.startsWith('file://')) {
    if (URL.canParse(url)) return fileURLToPath(url)
    throw new GitError('config', `not an address of a repository: ${withoutUserinfo(url)}`)
  }
  // `user@host:path` is what people copy for ssh; as a path it would only be "not found".
  const isAddress = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) || /^[^/\\]+@[^/\\]+:/.test(url)
  return isAddress ? undefined : url
}

function checkBranch(name: string): void {
  const fine = /^[^\s~^:?*[\\]+$/.test(name) && !/^[-/]|[/.]$|\.\.|\/\/|@\{|(^|\/)\.|\.lock(\/|$)/.test(name)
  if (!fine || name.startsWith('refs/')) throw new GitError('config', `"${name}" is no name of a branch`)
}
