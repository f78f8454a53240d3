import { readFile } from 'node:fs/promises'
import type { RequestOptions } from 'node:https'
import { isAbsolute, join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { parse } from 'yaml'
import { getIn, isJsonArray, isJsonObject, type Json } from '../../repo-layout/json.ts'
import type { Clock } from '../clock.ts'
import { type AccessSource, unusable } from './access.ts'
import { messageOf } from './errors.ts'
import { createExecPlugin } from './exec.ts'

/**
 * Reads one context of a kubeconfig from text (the current one by default), with files relative to `directory`. Throws an
 * `ApiError` of type `unauthorized` where the text is none; what is missing in it shows in `accessOf`.
 */
export function parseKubeConfig(
  text: string,
  context: string | undefined,
  what: string,
  directory?: string,
): KubeConfig {
  const whole = parseWhole(text, what, directory)
  const currentContext = context ?? whole.getCurrentContext()
  const found = whole.getContextObject(currentContext)
  const config = new KubeConfig()
  config.loadFromOptions({
    contexts: found ? [found] : [],
    clusters: whole.clusters.filter(({ name }) => name === found?.cluster),
    users: whole.users.filter(({ name }) => name === found?.user),
    currentContext,
  })
  return config
}

/** Whole kubeconfigs that were read last: a thousand members may stand in one, and reading it takes a moment. */
const lastRead: { readonly text: string; readonly directory: string | undefined; readonly config: KubeConfig }[] = []
const mostKept = 4

function parseWhole(text: string, what: string, directory: string | undefined): KubeConfig {
  const known = lastRead.find((one) => one.directory === directory && one.text === text)
  if (known) return known.config
  const config = new KubeConfig()
  try {
    config.loadFromString(text)
    if (directory !== undefined) config.makePathsAbsolute(directory)
    addTokenFiles(config, parse(text) as Json, directory ?? '/')
  } catch (error) {
    throw unusable(`${what} is no kubeconfig: ${reasonOf(error)}`)
  }
  lastRead.unshift({ text, directory, config })
  lastRead.splice(mostKept)
  return config
}

/** Why a text is no kubeconfig, without what stands there: a YAML parser shows the lines around it, and so a credential. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error) || error.name === 'Error') return messageOf(error)
  const line = 'mark' in error && isJsonObject(error.mark) ? error.mark.line : undefined
  return typeof line === 'number' ? `line ${line + 1} is no YAML` : 'it is no YAML'
}

/** client-node does not know `tokenFile`, kubectl does; it becomes the provider that client-node uses in a cluster. */
function addTokenFiles(config: KubeConfig, raw: Json, directory: string): void {
  const users = getIn(raw, ['users'])
  for (const entry of isJsonArray(users) ? users : []) {
    const tokenFile = getIn(entry, ['user', 'tokenFile'])
    const at = config.users.findIndex(({ name }) => name === getIn(entry, ['name']))
    const user = config.users[at]
    if (typeof tokenFile !== 'string' || !user) continue
    const path = isAbsolute(tokenFile) ? tokenFile : join(directory, tokenFile)
    config.users[at] = { ...user, authProvider: { name: 'tokenFile', config: { tokenFile: path } } }
  }
}

/**
 * Access through client-node's KubeConfig: client certificates, tokens, oidc and the rest are its work. Exec plugins are
 * ours, because its own are neither timed out nor run once, and so are token files, because it keeps them for a minute
 * after they rotated. Throws an `ApiError` of type `unauthorized` for a config that names no cluster or user.
 */
export function accessOf(config: KubeConfig, clock: Clock, what: string): AccessSource {
  const cluster = config.getCurrentCluster()
  const user = config.getCurrentUser()
  const context = config.getCurrentContext() || '(none)'
  if (!cluster) throw unusable(`${what} has no cluster for context ${context}`)
  if (!user) throw unusable(`${what} has no user for context ${context}`)
  const execSection: unknown = user.exec ?? user.authProvider?.config?.exec
  const plugin = execSection
    ? createExecPlugin(execSection, { server: cluster.server, caData: cluster.caData }, clock)
    : undefined
  const tokenFile: unknown = plugin ? undefined : user.authProvider?.config?.tokenFile
  const plain = plugin || tokenFile !== undefined ? withoutProvider(config) : config

  return {
    async access() {
      const options: RequestOptions & { headers: { [name: string]: string } } = { headers: {} }
      const credential = await plugin?.credential()
      try {
        await plain.applyToHTTPSOptions(options)
        if (typeof tokenFile === 'string') options.headers.authorization = `Bearer ${await readFile(tokenFile, 'utf8')}`
      } catch (error) {
        throw unusable(`${what}: ${messageOf(error)}`)
      }
      const headers: { [name: string]: string } = {}
      for (const [name, value] of Object.entries(options.headers)) headers[name.toLowerCase()] = String(value).trim()
      if (typeof options.auth === 'string')
        headers.authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`
      if (credential?.token !== undefined) headers.authorization = `Bearer ${credential.token}`
      return {
        server: cluster.server,
        proxyUrl: cluster.proxyUrl ?? '',
        ca: buffer(options.ca),
        cert: credential?.certificate ?? buffer(options.cert),
        key: credential?.key ?? buffer(options.key),
        servername: cluster.tlsServerName,
        skips: cluster.skipTLSVerify ? ['*'] : [],
        headers,
        renewed: plugin !== undefined || user.authProvider !== undefined,
      }
    },
    drop() {
      plugin?.drop()
      return plugin !== undefined
    },
  }
}

function withoutProvider(config: KubeConfig): KubeConfig {
  const copy = new KubeConfig()
  const cluster = config.getCurrentCluster()
  const user = config.getCurrentUser()
  if (cluster && user) {
    const { exec: _exec, authProvider: _provider, token: _token, ...rest } = user
    copy.loadFromClusterAndUser(cluster, rest)
  }
  return copy
}

function buffer(value: unknown): string | Buffer | undefined {
  return typeof value === 'string' || Buffer.isBuffer(value) ? value : undefined
}
