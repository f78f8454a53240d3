import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { type Clock, sleep } from '../clock.ts'
import { ForgeError } from '../forge/error.ts'
import { type ForgeSettings, openForge } from '../forge/open.ts'
import type { Forge } from '../forge/types.ts'
import { localPath } from '../git/open.ts'
import { parseRemote } from '../git/remote.ts'
import type { RepositoryFlags } from './fleet-repository.ts'
import { secretOf } from './settings.ts'

/** The options that say on which forge a fleet is, as the command line gives them. */
export interface ForgeFlags {
  readonly forge: 'auto' | 'none' | Forge['kind']
  readonly forgeUrl?: string
}

/**
 * Reads the settings of the forge from options and environment; undefined where there is to be none: by the option, or for a
 * repository on this disk. Rejects where they contradict each other or a file cannot be read.
 */
export async function forgeSettings(
  flags: ForgeFlags & Pick<RepositoryFlags, 'repo' | 'branch' | 'gitCa'>,
  env: NodeJS.ProcessEnv,
): Promise<ForgeSettings | undefined> {
  const { forge, forgeUrl, branch } = flags
  if (forge === 'none') {
    if (forgeUrl !== undefined) throw new Error('--forge none and --forge-url contradict each other')
    return undefined
  }
  if (localPath(flags.repo) !== undefined) {
    if (forge === 'auto' && forgeUrl === undefined) return undefined
    throw new Error('--forge needs a --repo that is an address of the forge, not a path')
  }
  const repo = new URL(parseRemote(flags.repo, { type: 'none' }).url)
  const url = forgeUrl === undefined ? undefined : readUrl(forgeUrl)
  const token = await secretOf(env, 'FLOTILLA_FORGE_TOKEN')
  const id = await secretOf(env, 'FLOTILLA_GITHUB_APP_ID')
  const pem = await secretOf(env, 'FLOTILLA_GITHUB_APP_KEY')
  const gitToken = await secretOf(env, 'FLOTILLA_GIT_TOKEN')
  if ((id === undefined) !== (pem === undefined))
    throw new Error('a GitHub App needs both FLOTILLA_GITHUB_APP_ID and FLOTILLA_GITHUB_APP_KEY')
  // An environment often holds a key in one line.
  const app = id !== undefined && pem !== undefined ? { id, pem: pem.replaceAll('\\n', '\n') } : undefined
  if (app && token !== undefined)
    throw new Error('FLOTILLA_FORGE_TOKEN and the GitHub App contradict each other: set one of them')
  if (app && forge !== 'auto' && forge !== 'github')
    throw new Error(`--forge ${forge} and the GitHub App contradict each other`)
  const auth = app ? ({ type: 'app', key: app } as const) : token ? ({ type: 'token', token } as const) : undefined
  const kind = app ? 'github' : forge === 'auto' ? undefined : forge
  const ca = flags.gitCa === undefined ? undefined : await readFile(flags.gitCa, 'utf8')
  return { repo, branch, kind, url, auth, gitToken: gitToken || undefined, ca }
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '' || url.password !== '')
    throw new Error('--forge-url: expected an address without a credential, such as https://git.example.com')
  return url
}

/** A forge that is being looked for. */
export interface ForgeSearch {
  /** The forge once it is found; undefined where there is none, or the search was closed before. Never rejects. */
  readonly found: Promise<Forge | undefined>
  /** Ends the search, and closes the forge. */
  close(): Promise<void>
}

/** How long it takes until the search begins again, in milliseconds. */
const pause = 60_000

/**
 * Looks for the forge, as long as it takes: one that cannot be reached, or does not take the token, keeps back what is reported
 * and nothing else. Each problem is logged once. Settings that cannot work are logged and end the search.
 */
export function searchForge(
  settings: ForgeSettings | undefined,
  clock: Clock,
  log: Pick<Logger, 'info' | 'warn' | 'error'>,
): ForgeSearch {
  const closing = new AbortController()
  let opened: Forge | undefined

  async function search(): Promise<Forge | undefined> {
    if (!settings) return undefined
    let said = ''
    while (!closing.signal.aborted) {
      try {
        const forge = await openForge(settings, clock)
        if (closing.signal.aborted) break
        opened = forge
        if (forge) log.info({ forge: forge.kind }, 'the forge is found')
        else log.info('there is no forge to report to; with --notes, reports are Git notes')
        return forge
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error)
        if (!(error instanceof ForgeError)) {
          log.error(`${text}; nothing is reported to a forge until the daemon is started anew`)
          return undefined
        }
        if (text !== said) log.warn(`the forge cannot be used yet, and is tried again: ${text}`)
        said = text
        const { failure } = error
        const wait = failure.type === 'limited' ? Math.max(pause, failure.retryAt - clock.now()) : pause
        await sleep(clock, wait, closing.signal)
      }
    }
    return undefined
  }

  const found = search()
  return {
    found,
    async close() {
      // A request of the search that is under way is not waited for: it changes nothing.
      closing.abort()
      await opened?.close()
    },
  }
}
