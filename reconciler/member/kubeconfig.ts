import type { RequestOptions } from 'node:https'
import { KubeConfig } from '@kubernetes/client-node'
import type { Clock } from '../clock.ts'
import { ApiError, messageOf } from './errors.ts'
import { createExecPlugin } from './exec.ts'

/** Everything that a connection is made of at one moment. */
export interface Access {
  readonly server: string
  readonly proxyUrl: string
  readonly ca: string | Buffer | undefined
  readonly cert: string | Buffer | undefined
  readonly key: string | Buffer | undefined
  readonly servername: string | undefined
  readonly verify: boolean
  readonly headers: { readonly [name: string]: string }
}

/** Gives the access of now; `drop` forgets what was cached, after a 401. */
export interface AccessSource {
  access(): Promise<Access>
  drop(): void
}

/** Reads a kubeconfig from text, with files relative to `directory`. Rejects nothing: `accessOf` does. */
export function parseKubeConfig(text: string, context: string | undefined, what: string): KubeConfig {
  const config = new KubeConfig()
  try {
    config.loadFromString(text)
  } catch (error) {
    throw unusable(`${what} is no kubeconfig: ${messageOf(error)}`)
  }
  if (context !== undefined) config.setCurrentContext(context)
  return config
}

/**
 * Access through client-node's KubeConfig: client certificates, tokens, token files, oidc and the rest are its work; exec
 * plugins are ours, because its own are neither timed out nor run once. Throws an `ApiError` of type `unauthorized` for a
 * config that names no cluster or user.
 */
export function accessOf(config: KubeConfig, clock: Clock, what: string): AccessSource {
  const cluster = config.getCurrentCluster()
  const user = config.getCurrentUser()
  if (!cluster) throw unusable(`${what} has no cluster for context ${config.getCurrentContext() || '(none)'}`)
  const execSection: unknown = user?.exec ?? user?.authProvider?.config?.exec
  const plugin = execSection
    ? createExecPlugin(execSection, { server: cluster.server, caData: cluster.caData }, clock)
    : undefined
  const plain = plugin ? withoutExec(config) : config

  return {
    async access() {
      const options: RequestOptions & { headers: { [name: string]: string } } = { headers: {} }
      const credential = await plugin?.credential()
      try {
        await plain.applyToHTTPSOptions(options)
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
        verify: !cluster.skipTLSVerify,
        headers,
      }
    },
    drop: () => plugin?.drop(),
  }
}

function withoutExec(config: KubeConfig): KubeConfig {
  const copy = new KubeConfig()
  const cluster = config.getCurrentCluster()
  const user = config.getCurrentUser()
  if (cluster && user) {
    const { exec: _exec, authProvider: _provider, ...rest } = user
    copy.loadFromClusterAndUser(cluster, rest)
  }
  return copy
}

function buffer(value: unknown): string | Buffer | undefined {
  return typeof value === 'string' || Buffer.isBuffer(value) ? value : undefined
}

/** A connection that cannot be made with what we were given: the cluster itself may well be alive. */
export function unusable(message: string): ApiError {
  return new ApiError(message, { type: 'unauthorized' })
}
