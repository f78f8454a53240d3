import { createHash } from 'node:crypto'
import { Agent, type Dispatcher, ProxyAgent, Socks5ProxyAgent } from 'undici'
import type { MemberCluster } from '../../repo-layout/cluster.ts'
import type { Clock } from '../clock.ts'
import { type Access, type AccessSource, serverUrl, unusable } from './access.ts'
import { credentialOf } from './credential.ts'
import { describeAccess, type ReadSecret } from './credentials.ts'
import { ApiError } from './errors.ts'
import { holdBack } from './hold-back.ts'
import { explained } from './refused.ts'
import { connectorOf, tlsOptions } from './tls.ts'
import { createTransport, type Session, type Sessions, type Transport } from './transport.ts'

export type { ReadSecret } from './credentials.ts'

/** What the daemon lends its members to connect. */
export interface ConnectOptions {
  readonly readSecret: ReadSecret
  readonly clock: Clock
  /** The folder of a fleet repository on this disk: what lies in it came from Git, so no kubeconfig is read from it. */
  readonly repo?: string | undefined
  /** The folder below which a pod's service account lies; the root of the file system unless a test says otherwise. */
  readonly root?: string
  /** Longest time that a request may take to be answered, in milliseconds; 40,000 where not given: admission webhooks may take 30 s. */
  readonly answerTimeout?: number | undefined
  /** What API servers are told of who asks; their audit logs show it. `flotilla` where not given. */
  readonly agent?: string | undefined
}

/** The part of a cluster's description that says how to reach it. */
export type Target = Pick<MemberCluster, 'name' | 'connection' | 'proxyURL' | 'serviceAccountName'>

/** Access is asked anew after so many milliseconds: files, Secrets and tokens change, and reading them costs little. */
const freshFor = 30_000
/** Requests at a time to one member; watches have connections of their own. */
const connections = 8

/**
 * Opens the way to a member cluster. Nothing is read or sent before the first request; what is wrong with a kubeconfig or
 * Secret shows there as an `ApiError` of type `unauthorized`, and is read again at the next try. Credentials come only from the
 * daemon's own files and Secrets that the connection names; redirects are not followed, so they go to that server alone.
 */
export function connect(cluster: Target, options: ConnectOptions): Transport {
  let access: Access | undefined
  let credential: ReturnType<NonNullable<Transport['credential']>>
  const sessions = createSessions(cluster, options, (next) => {
    access = next
    credential = undefined
  })
  const transport = createTransport(sessions, options.clock)
  return {
    async request(method, path, more) {
      try {
        return await transport.request(method, path, more)
      } catch (error) {
        throw await explained(error, cluster, access, options.clock.now())
      }
    },
    async *stream(path, more) {
      try {
        yield* transport.stream(path, more)
      } catch (error) {
        throw await explained(error, cluster, access, options.clock.now())
      }
    },
    credential() {
      // Asked at each answer: a certificate or token is read only when it is another.
      if (access) credential ??= { cluster, ...credentialOf(access) }
      return credential
    },
    close: () => transport.close(),
  }
}

function createSessions(cluster: Target, options: ConnectOptions, onAccess: (access: Access) => void): Sessions {
  let loaded: { readonly text: string; readonly source: AccessSource } | undefined
  let session: { readonly id: string; readonly value: Session } | undefined
  let asked = Number.NEGATIVE_INFINITY
  let renewing: Promise<Session> | undefined
  const retired: Promise<void>[] = []
  let closed = false

  async function renew(rejected: Session | undefined): Promise<Session> {
    if (rejected && !loaded?.source.drop()) loaded = undefined
    const described = await describeAccess(cluster, options)
    if (loaded?.text !== described.text) loaded = { text: described.text, source: described.load() }
    const access = withOverrides(await loaded.source.access(), cluster)
    onAccess(access)
    const id = identityOf(access)
    if (session?.id !== id) {
      const old = session?.value
      session = { id, value: open(access, options) }
      if (old) retired.push(old.requests.close(), old.watches.close())
    } else session = { id, value: { ...session.value, headers: headersOf(access, options) } }
    asked = options.clock.now()
    return session.value
  }

  /**
   * A file or Secret that cannot be read for a moment takes no connection away that still works: a host cluster that is down
   * must not make its members look lost. A refusal by the member itself does.
   */
  async function renewOrKeep(rejected: Session | undefined): Promise<Session> {
    try {
      return await renew(rejected)
    } catch (error) {
      if (!session || rejected) throw error
      asked = options.clock.now()
      return session.value
    }
  }

  return {
    async current(rejected) {
      if (closed) throw new ApiError('the connection was closed', { type: 'unreachable' })
      const stale = options.clock.now() - asked > freshFor || (rejected && rejected.headers === session?.value.headers)
      if (session && !stale) return session.value
      renewing ??= renewOrKeep(rejected).finally(() => {
        renewing = undefined
      })
      return renewing
    },
    async close() {
      closed = true
      const open = session ? [session.value.requests.destroy(), session.value.watches.destroy()] : []
      session = undefined
      await Promise.all([...open, ...retired.splice(0)])
    },
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

/** Whatever asks for other connections when it changes: everything but the headers. */
function identityOf({ headers: _headers, renewed: _renewed, ...rest }: Access): string {
  return createHash('sha256').update(JSON.stringify(rest)).digest('base64')
}

function headersOf(access: Access, { agent = 'flotilla' }: ConnectOptions): { readonly [name: string]: string } {
  return { accept: 'application/json', 'user-agent': agent, ...access.headers }
}

function open(access: Access, options: ConnectOptions): Session {
  const url = serverUrl(access)
  return {
    answerTimeout: options.answerTimeout ?? 40_000,
    origin: url.origin,
    prefix: url.pathname.replace(/\/$/, ''),
    requests: dispatcher(access, connections).compose(holdBack),
    watches: dispatcher(access, null),
    headers: headersOf(access, options),
    place: createHash('sha256')
      .update(JSON.stringify([url.origin, url.pathname, access.ca]))
      .digest('base64'),
  }
}

function dispatcher(access: Access, limit: number | null): Dispatcher {
  const { proxyUrl } = access
  if (proxyUrl === '')
    return new Agent({ connect: connectorOf(access), connections: limit, keepAliveTimeout: 30_000, pipelining: 1 })
  if (access.skips.includes('ValidityPeriod') && !access.skips.includes('*'))
    throw unusable('through a proxy the validity period of a certificate cannot be left unchecked by itself')
  const proxied = { requestTls: tlsOptions(access), connections: limit }
  return proxyUrl.startsWith('socks')
    ? new Socks5ProxyAgent(proxyUrl, proxied)
    : new ProxyAgent({ uri: proxyUrl, ...proxied })
}
