import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { Agent, type Dispatcher, ProxyAgent, Socks5ProxyAgent } from 'undici'
import type { Connection, MemberCluster } from '../../repo-layout/cluster.ts'
import type { Clock } from '../clock.ts'
import { type Access, type AccessSource, accessOf, parseKubeConfig, unusable } from './kubeconfig.ts'
import { createTransport, type Session, type Sessions, type Transport } from './transport.ts'

/** Reads a Secret of the daemon's own namespace in the host cluster, values decoded; undefined where there is none. */
export type ReadSecret = (name: string) => Promise<{ readonly [key: string]: string } | undefined>

/** What the daemon lends its members to connect. */
export interface ConnectOptions {
  readonly readSecret: ReadSecret
  readonly clock: Clock
}

/** Access is asked anew after so many milliseconds: files, Secrets and tokens change, and reading them costs little. */
const freshFor = 30_000
/** Requests at a time to one member; watches have connections of their own. */
const connections = 8
const connectTimeout = 10_000

/**
 * Opens the way to a member cluster. Nothing is read or sent before the first request; what is wrong with a kubeconfig or
 * Secret shows there as an `ApiError` of type `unauthorized`, and is read again at the next try. Credentials come only from the
 * daemon's own files and Secrets that the connection names.
 */
export function connect(
  cluster: Pick<MemberCluster, 'name' | 'connection' | 'proxyURL' | 'serviceAccountName'>,
  options: ConnectOptions,
): Transport {
  return createTransport(createSessions(cluster, options), options.clock)
}

type Target = Pick<MemberCluster, 'name' | 'connection' | 'proxyURL' | 'serviceAccountName'>

function createSessions(cluster: Target, options: ConnectOptions): Sessions {
  let loaded: { readonly text: string; readonly source: AccessSource } | undefined
  let session: { readonly id: string; readonly value: Session } | undefined
  let asked = Number.NEGATIVE_INFINITY
  let renewing: Promise<Session> | undefined
  const retired: Promise<void>[] = []

  async function renew(rejected: Session | undefined): Promise<Session> {
    if (rejected) loaded?.source.drop()
    const described = await describe(cluster, options)
    // A file-backed token is cached inside of KubeConfig, so a refusal makes a new one.
    if (!loaded || loaded.text !== described.text || rejected) {
      if (!loaded || loaded.text !== described.text || !described.keepsPlugin)
        loaded = { text: described.text, source: described.load() }
    }
    const access = withOverrides(await loaded.source.access(), cluster)
    const id = identityOf(access)
    if (session?.id !== id) {
      const old = session?.value
      session = { id, value: open(access) }
      if (old) retired.push(old.requests.close(), old.watches.close())
    } else session = { id, value: { ...session.value, headers: headersOf(access) } }
    asked = options.clock.now()
    return session.value
  }

  return {
    async current(rejected) {
      const stale = options.clock.now() - asked > freshFor || (rejected && rejected.headers === session?.value.headers)
      if (session && !stale) return session.value
      renewing ??= renew(rejected).finally(() => {
        renewing = undefined
      })
      return renewing
    },
    async close() {
      const open = session ? [session.value.requests.destroy(), session.value.watches.destroy()] : []
      session = undefined
      asked = Number.NEGATIVE_INFINITY
      await Promise.all([...open, ...retired.splice(0)])
    },
  }
}

interface Described {
  /** Everything that was read, to notice a change. */
  readonly text: string
  /** Whether an exec plugin's cache outlives a refusal (it was dropped by then). */
  readonly keepsPlugin: boolean
  load(): AccessSource
}

async function describe(cluster: Target, options: ConnectOptions): Promise<Described> {
  const { connection } = cluster
  if (!connection) throw unusable(`cluster ${cluster.name} has no connection`)
  const what = `kubeconfig of ${cluster.name}`
  const fromConfig = (text: string, make: () => KubeConfig): Described => ({
    text,
    keepsPlugin: /\bexec\b/.test(text),
    load: () => accessOf(make(), options.clock, what),
  })
  switch (connection.type) {
    case 'file': {
      const text = await readFile(connection.path, 'utf8').catch((error: Error) => {
        throw unusable(`${what}: ${error.message}`)
      })
      return fromConfig(text, () => {
        const config = parseKubeConfig(text, connection.context, what)
        config.makePathsAbsolute(dirname(connection.path))
        return config
      })
    }
    case 'secret': {
      const text = (await secretOf(connection.name, options))[connection.key]
      if (text === undefined) throw unusable(`Secret ${connection.name} has no key ${connection.key}`)
      return fromConfig(text, () => parseKubeConfig(text, undefined, what))
    }
    case 'inCluster':
      return fromConfig('in-cluster', () => {
        const config = new KubeConfig()
        config.loadFromCluster()
        return config
      })
    case 'kubefed':
    case 'shipper': {
      const access = inventoryAccess(connection, await secretOf(connection.secretName, options))
      return {
        text: JSON.stringify(access),
        keepsPlugin: false,
        load: () => ({ access: async () => access, drop: () => undefined }),
      }
    }
  }
}

async function secretOf(name: string, options: ConnectOptions): Promise<{ readonly [key: string]: string }> {
  const secret = await options.readSecret(name)
  if (!secret) throw unusable(`Secret ${name} does not exist`)
  return secret
}

/**
 * The inventories of kubefed and Shipper: an address with a token (or client certificate) in a Secret. kubefed's `*` in
 * `disabledTLSValidations` switches all checks off; its other two validations cannot be switched off one by one here and
 * so switch off all as well. Shipper skips checks by annotation of the Secret, which does not reach us.
 */
function inventoryAccess(
  connection: Extract<Connection, { type: 'kubefed' | 'shipper' }>,
  secret: { readonly [key: string]: string },
): Access {
  const kubefed = connection.type === 'kubefed' ? connection : undefined
  const token = secret.token
  const cert = secret['tls.crt']
  if (token === undefined && cert === undefined)
    throw unusable(`Secret ${connection.secretName} has neither token nor tls.crt`)
  return {
    server: connection.type === 'kubefed' ? connection.apiEndpoint : connection.apiMaster,
    proxyUrl: '',
    ca: kubefed?.caBundle ? Buffer.from(kubefed.caBundle, 'base64').toString() : (secret['ca.crt'] ?? secret['tls.ca']),
    cert,
    key: secret['tls.key'],
    servername: undefined,
    verify: (kubefed?.disabledTLSValidations ?? []).length === 0,
    headers: token === undefined ? {} : { authorization: `Bearer ${token.trim()}` },
  }
}

function withOverrides(access: Access, cluster: Target): Access {
  const [namespace, name] = cluster.serviceAccountName.split('/')
  const impersonated = namespace && name ? `system:serviceaccount:${namespace}:${name}` : undefined
  if (cluster.serviceAccountName !== '' && !impersonated)
    throw unusable(`serviceAccountName ${cluster.serviceAccountName} is not namespace/name`)
  return {
    ...access,
    proxyUrl: cluster.proxyURL || access.proxyUrl,
    headers: impersonated ? { ...access.headers, 'impersonate-user': impersonated } : access.headers,
  }
}

function identityOf({ server, proxyUrl, ca, cert, key, servername, verify }: Access): string {
  const hash = createHash('sha256')
  for (const part of [server, proxyUrl, ca, cert, key, servername, verify ? '1' : '0'])
    hash.update(`\0`).update(part ?? '')
  return hash.digest('base64')
}

function headersOf(access: Access): { readonly [name: string]: string } {
  return { accept: 'application/json', 'user-agent': 'flotilla', ...access.headers }
}

function open(access: Access): Session {
  const url = new URL(access.server)
  const tls = {
    rejectUnauthorized: access.verify,
    ...(access.ca === undefined ? {} : { ca: access.ca }),
    ...(access.cert === undefined ? {} : { cert: access.cert }),
    ...(access.key === undefined ? {} : { key: access.key }),
    ...(access.servername === undefined ? {} : { servername: access.servername }),
  }
  return {
    origin: url.origin,
    prefix: url.pathname.replace(/\/$/, ''),
    requests: dispatcher(access.proxyUrl, tls, connections),
    watches: dispatcher(access.proxyUrl, tls, null),
    headers: headersOf(access),
  }
}

function dispatcher(proxyUrl: string, tls: object, limit: number | null): Dispatcher {
  const connect = { ...tls, timeout: connectTimeout, keepAlive: true, keepAliveInitialDelay: 30_000 }
  const proxied = { requestTls: tls, connections: limit }
  if (proxyUrl.startsWith('socks')) return new Socks5ProxyAgent(proxyUrl, proxied)
  if (proxyUrl !== '') return new ProxyAgent({ uri: proxyUrl, ...proxied })
  return new Agent({ connect, connections: limit, keepAliveTimeout: 30_000, pipelining: 1 })
}
