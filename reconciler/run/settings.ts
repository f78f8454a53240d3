import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { GitAuth } from '../git/types.ts'
import type { RepositoryFlags } from './fleet-repository.ts'
import type { ForgeFlags } from './forge.ts'
import type { HostSettings } from './host.ts'
import type { HostFlags } from './reach.ts'

/** The options of `flotilla run` as the command line gives them. */
export interface RunFlags extends RepositoryFlags, HostFlags, ForgeFlags {
  readonly poll: string
  readonly listen: string
  readonly logLevel: string
  readonly logFormat: 'auto' | 'json' | 'pretty'
  readonly leaseDuration: string
  readonly notes?: boolean
  readonly dashboardUrl?: string
  readonly newFleet?: true
  readonly once?: true
  readonly timeout: string
}

/** Where an HTTP server listens. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** Reads `host:port`, `:port` or `[::1]:port`; undefined where the text is none of them. */
export function parseListen(text: string): ListenAddress | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > 65_535) return undefined
  return { host: bracketed ?? (plain || '0.0.0.0'), port: Number(port) }
}

/**
 * The credential for the repository, from the daemon's own environment: `FLOTILLA_GIT_TOKEN`, or
 * `FLOTILLA_GIT_USERNAME` and `FLOTILLA_GIT_PASSWORD`; each also as `…_FILE`, a path to read. Rejects where such a file
 * cannot be read.
 */
export async function gitAuth(env: NodeJS.ProcessEnv): Promise<GitAuth> {
  const token = await secretOf(env, 'FLOTILLA_GIT_TOKEN')
  if (token !== undefined) return { type: 'token', token }
  const password = await secretOf(env, 'FLOTILLA_GIT_PASSWORD')
  if (password === undefined) return { type: 'none' }
  return { type: 'basic', username: (await secretOf(env, 'FLOTILLA_GIT_USERNAME')) ?? 'git', password }
}

/** Secrets of the daemon's own HTTP server; undefined where the environment gives none. */
export interface ServerTokens {
  /** What push notifications are signed with; without it there is no `POST /webhook`. */
  readonly webhookToken: string | undefined
  /** What the API asks for; without it whoever reaches the address is answered. */
  readonly apiToken: string | undefined
}

/** Reads `FLOTILLA_WEBHOOK_TOKEN` and `FLOTILLA_API_TOKEN`, each also as `…_FILE`; an empty one is refused. */
export async function serverTokens(env: NodeJS.ProcessEnv): Promise<ServerTokens> {
  const webhookToken = await secretOf(env, 'FLOTILLA_WEBHOOK_TOKEN')
  const apiToken = await secretOf(env, 'FLOTILLA_API_TOKEN')
  if (webhookToken === '') throw new Error('FLOTILLA_WEBHOOK_TOKEN is empty: anyone could sign with it')
  if (apiToken === '') throw new Error('FLOTILLA_API_TOKEN is empty: anyone could send it')
  return { webhookToken, apiToken }
}

/**
 * A secret from the environment, or from the file that `NAME_FILE` names; undefined where neither is set. Rejects where the
 * file cannot be read.
 */
export async function secretOf(env: NodeJS.ProcessEnv, name: string): Promise<string | undefined> {
  const path = env[`${name}_FILE`]
  return path === undefined ? env[name] : (await readFile(path, 'utf8')).trim()
}

/** The folder of the clone: as given, else below the user's cache, one for each repository. */
export function cloneDir({ dir, repo }: Pick<RepositoryFlags, 'dir' | 'repo'>, env: NodeJS.ProcessEnv): string {
  if (dir !== undefined) return dir
  const cache = env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  return join(cache, 'flotilla', createHash('sha256').update(repo).digest('hex').slice(0, 16))
}

/** The host cluster: a kubeconfig that was named, else the cluster that the daemon runs in, if any. */
export function hostSettings(flags: HostFlags, env: NodeJS.ProcessEnv): HostSettings {
  const namespace = flags.hostNamespace
  if (flags.hostKubeconfig !== undefined) return { type: 'file', path: flags.hostKubeconfig, namespace }
  return env.KUBERNETES_SERVICE_HOST ? { type: 'inCluster', namespace } : { type: 'none' }
}
