import { readFile } from 'node:fs/promises'
import type { RequestOptions } from 'node:https'
import { isAbsolute, join } from 'node:path'
import type { Cluster, KubeConfig, User } from '@kubernetes/client-node'
// The whole library takes two thirds of a second to load, most of it models of kinds: this file reads kubeconfigs alone.
import { newClusters, newContexts, newUsers } from '@kubernetes/client-node/dist/config_types.js'
import { parse, YAMLParseError } from 'yaml'
import { getIn, isJsonArray, isJsonObject, type Json, type JsonObject } from '../../repo-layout/json.ts'
import type { Clock } from '../clock.ts'
import { type AccessSource, unusable } from './access.ts'
import { messageOf } from './errors.ts'
import { createExecPlugin } from './exec.ts'

/** One context of a kubeconfig with what it names; undefined where the kubeconfig does not hold it. */
export interface KubeContext {
  /** Empty where no context is meant. */
  readonly name: string
  readonly cluster: Cluster | undefined
  readonly user: User | undefined
}

/**
 * Reads one context of a kubeconfig from text (the current one by default), with files relative to `directory`. Throws an
 * `ApiError` of type `unauthorized` where the text is none; what is missing in it shows in `accessOf`.
 */
export function parseKubeConfig(
  text: string,
  context: string | undefined,
  what: string,
  directory?: string,
): KubeContext {
  const whole = parseWhole(text, what, directory)
  const name = context ?? whole.current
  const found = whole.contexts.get(name)
  return {
    name,
    cluster: found && whole.clusters.get(found.cluster),
    user: found && whole.users.get(found.user),
  }
}

/** The account of the pod that this process runs in, whose files lie below `root`. Throws where it runs in none. */
export function podContext(env: NodeJS.ProcessEnv, root = ''): KubeContext {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env
  if (!host) throw unusable('this daemon does not run in a cluster')
  const files = `${root}/var/run/secrets/kubernetes.io/serviceaccount`
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  return {
    name: 'in-cluster',
    cluster: { name: 'in-cluster', server, caFile: `${files}/ca.crt`, skipTLSVerify: false },
    user: { name: 'in-cluster', authProvider: tokenFileProvider(`${files}/token`) },
  }
}

interface WholeConfig {
  readonly contexts: ReadonlyMap<string, { readonly cluster: string; readonly user: string }>
  readonly clusters: ReadonlyMap<string, Cluster>
  readonly users: ReadonlyMap<string, User>
  readonly current: string
}

/** Whole kubeconfigs that were read last: a thousand members may stand in one, and reading it takes a moment. */
const lastRead: {
  readonly text: string
  readonly directory: string | undefined
  readonly config: WholeConfig
}[] = []
const mostKept = 4

function parseWhole(text: string, what: string, directory: string | undefined): WholeConfig {
  const known = lastRead.find((one) => one.directory === directory && one.text === text)
  if (known) return known.config
  try {
    const config = wholeOf(parse(text, { merge: true, logLevel: 'error' }) as Json, directory)
    lastRead.unshift({ text, directory, config })
    lastRead.splice(mostKept)
    return config
  } catch (error) {
    throw unusable(`${what} is no kubeconfig: ${reasonOf(error)}`)
  }
}

function wholeOf(raw: Json, directory: string | undefined): WholeConfig {
  if (!isJsonObject(raw)) throw new Error('it is no YAML with clusters, users and contexts')
  const absolute = (file: string) => (directory === undefined || isAbsolute(file) ? file : join(directory, file))
  const current = raw['current-context']
  return {
    contexts: byName(newContexts(raw.contexts)),
    clusters: byName(
      newClusters(raw.clusters).map((one) => ({ ...one, ...(one.caFile ? { caFile: absolute(one.caFile) } : {}) })),
    ),
    users: byName(
      newUsers(raw.users).map((one) => ({
        ...one,
        ...(one.certFile ? { certFile: absolute(one.certFile) } : {}),
        ...(one.keyFile ? { keyFile: absolute(one.keyFile) } : {}),
        ...tokenFileOf(raw, one.name, directory ?? '/'),
      })),
    ),
    current: typeof current === 'string' ? current : '',
  }
}

/** The first of a name counts, as for kubectl. */
function byName<T extends { readonly name: string }>(entries: readonly T[]): ReadonlyMap<string, T> {
  return new Map([...entries].reverse().map((entry) => [entry.name, entry]))
}

/** Why a text is no kubeconfig, without what stands there: a YAML parser shows the lines around it, and so a credential. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error) || error.name === 'Error') return messageOf(error)
  const line = error instanceof YAMLParseError ? error.linePos?.[0].line : undefined
  return line === undefined ? 'it is no YAML' : `line ${line} is no YAML`
}

/** client-node does not know `tokenFile`, kubectl does; it becomes the provider that client-node uses in a cluster. */
function tokenFileOf(raw: JsonObject, user: string, directory: string): Pick<User, 'authProvider'> {
  const { users } = raw
  const entry = isJsonArray(users) ? users.find((one) => getIn(one, ['name']) === user) : undefined
  const file = getIn(entry, ['user', 'tokenFile'])
  if (typeof file !== 'string') return {}
  return { authProvider: tokenFileProvider(isAbsolute(file) ? file : join(directory, file)) }
}

function tokenFileProvider(tokenFile: string): User['authProvider'] {
  return { name: 'tokenFile', config: { tokenFile } }
}

/**
 * How a context is reached: with a client certificate, a token, a password, or what an exec plugin gives; the providers
 * that kubectl once had built in are client-node's work. Throws an `ApiError` of type `unauthorized` for a context that
 * names no cluster or user.
 */
export function accessOf({ name, cluster, user }: KubeContext, clock: Clock, what: string): AccessSource {
  if (!cluster) throw unusable(`${what} has no cluster for context ${name || '(none)'}`)
  if (!user) throw unusable(`${what} has no user for context ${name || '(none)'}`)
  const execSection: unknown = user.exec ?? user.authProvider?.config?.exec
  const plugin = execSection
    ? createExecPlugin(execSection, { server: cluster.server, caData: cluster.caData }, clock)
    : undefined
  const tokenFile: unknown = plugin ? undefined : user.authProvider?.config?.tokenFile
  const provider = plugin || typeof tokenFile === 'string' || !user.authProvider ? undefined : providerOf(cluster, user)

  async function authorization(): Promise<string | undefined> {
    if (typeof tokenFile === 'string') return `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}`
    if (user?.username) return `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`
    if (user?.token && !plugin) return `Bearer ${user.token.trim()}`
    return undefined
  }

  return {
    async access() {
      const credential = await plugin?.credential()
      try {
        if (/^http:/i.test(cluster.server) && !cluster.skipTLSVerify)
          throw new Error(
            `${cluster.server} is not encrypted; only https is used unless insecure-skip-tls-verify is true`,
          )
        const provided = await provider?.()
        const headers: { [name: string]: string } = { ...provided }
        const authorized = credential?.token === undefined ? await authorization() : `Bearer ${credential.token}`
        if (authorized !== undefined) headers.authorization = authorized
        if (user.impersonateUser) headers['impersonate-user'] = user.impersonateUser
        return {
          server: cluster.server,
          proxyUrl: cluster.proxyUrl ?? '',
          ca: await pem(cluster.caFile, cluster.caData),
          cert: credential?.certificate ?? (await pem(user.certFile, user.certData)),
          key: credential?.key ?? (await pem(user.keyFile, user.keyData)),
          servername: cluster.tlsServerName,
          skips: cluster.skipTLSVerify ? ['*'] : [],
          headers,
          renewed: plugin !== undefined || Boolean(user.authProvider),
        }
      } catch (error) {
        throw unusable(`${what}: ${messageOf(error)}`)
      }
    },
    drop() {
      plugin?.drop()
      return plugin !== undefined
    },
  }
}

/** The headers by a provider of client-node's, which is loaded for them alone: hardly anybody has one any more. */
function providerOf(cluster: Cluster, user: User): () => Promise<{ readonly [name: string]: string }> {
  let config: KubeConfig | undefined
  return async () => {
    if (!config) {
      const { KubeConfig } = await import('@kubernetes/client-node')
      config = new KubeConfig()
      config.loadFromClusterAndUser(cluster, user)
    }
    const options: RequestOptions & { headers: { [name: string]: string } } = { headers: {} }
    await config.applyToHTTPSOptions(options)
    return Object.fromEntries(
      Object.entries(options.headers).map(([name, value]) => [name.toLowerCase(), String(value).trim()]),
    )
  }
}

async function pem(file: string | undefined, data: string | undefined): Promise<Buffer | undefined> {
  if (file) return readFile(file)
  return data ? Buffer.from(data, 'base64') : undefined
}
