import { realpath } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import type { Connection } from '../../repo-layout/cluster.ts'
import { type Access, type AccessSource, serverUrl, unusable } from './access.ts'
import type { ConnectOptions, Target } from './connect.ts'
import { messageOf } from './errors.ts'
import { accessOf, type KubeContext, parseKubeConfig, podContext } from './kubeconfig.ts'
import { readShared } from './shared-file.ts'
import type { TlsCheck } from './tls.ts'

/** Reads a Secret of the daemon's own namespace in the host cluster, values decoded; undefined where there is none. */
export type ReadSecret = (name: string) => Promise<{ readonly [key: string]: string } | undefined>

/** What a connection says now. */
export interface DescribedAccess {
  /** Everything that was read, to notice a change. */
  readonly text: string
  load(): AccessSource
}

type InventoryConnection = Extract<Connection, { type: 'kubefed' | 'shipper' }>

/**
 * Reads what a cluster's connection names: the file, the Secret or the pod's own account. Throws an `ApiError` of type
 * `unauthorized` for anything that is missing or cannot be read: that says nothing about the member itself.
 */
export async function describeAccess(cluster: Target, options: ConnectOptions): Promise<DescribedAccess> {
  const { connection } = cluster
  if (!connection) throw unusable(`cluster ${cluster.name} has no connection`)
  const what = `kubeconfig of ${cluster.name}`
  const fromConfig = (text: string, make: () => KubeContext): DescribedAccess => ({
    text,
    load: () => accessOf(make(), options.clock, what),
  })
  switch (connection.type) {
    case 'file': {
      const { path, context } = connection
      const text = await readShared(path).catch((error: Error) => {
        throw unusable(`${what}: ${error.message}`)
      })
      if (options.repo !== undefined && (await liesIn(options.repo, path)))
        throw unusable(
          `${what}: ${path} lies in the fleet repository, and neither a credential nor a program that gives one may come from Git; keep it elsewhere`,
        )
      return fromConfig(text, () => parseKubeConfig(text, context, what, dirname(path)))
    }
    case 'secret': {
      const text = (await secretOf(connection.name, options))[connection.key]
      if (text === undefined) throw unusable(`Secret ${connection.name} has no key ${connection.key}`)
      return fromConfig(text, () => parseKubeConfig(text, undefined, what))
    }
    case 'inCluster':
      return fromConfig('in-cluster', () => podContext(process.env, options.root))
    case 'kubefed':
    case 'shipper': {
      const access = inventoryAccess(connection, await secretOf(connection.secretName, options))
      return { text: JSON.stringify(access), load: () => ({ access: async () => access, drop: () => false }) }
    }
  }
}

/** Whether a file lies in a folder, whatever links lead to either of them. */
export async function liesIn(folder: string, path: string): Promise<boolean> {
  const [root, file] = await Promise.all([folder, path].map((one) => realpath(one).catch(() => resolve(one))))
  const way = relative(root ?? folder, file ?? path)
  return way !== '..' && !way.startsWith(`..${sep}`)
}

async function secretOf(name: string, options: ConnectOptions): Promise<{ readonly [key: string]: string }> {
  let secret: Awaited<ReturnType<ReadSecret>>
  try {
    secret = await options.readSecret(name)
  } catch (error) {
    // The host cluster may be down: that must not make its members count as lost.
    throw unusable(`Secret ${name} cannot be read: ${messageOf(error)}`)
  }
  if (!secret) throw unusable(`Secret ${name} does not exist`)
  return secret
}

/**
 * The inventories of kubefed and Shipper: an address with a token (or client certificate) in a Secret. A Secret that also
 * holds `server` is pinned to it: its credential goes to no other address, is judged by the Secret's own CA where it has
 * one, and no inventory can switch checks off. Shipper skips checks by annotation of the Secret, which does not reach us.
 */
function inventoryAccess(connection: InventoryConnection, secret: { readonly [key: string]: string }): Access {
  const { server: pinned, token, 'tls.crt': cert } = secret
  const kubefed = connection.type === 'kubefed' ? connection : undefined
  if (token === undefined && cert === undefined)
    throw unusable(`Secret ${connection.secretName} has neither token nor tls.crt`)
  const own = secret['ca.crt'] ?? secret['tls.ca']
  const bundle = kubefed?.caBundle ? Buffer.from(kubefed.caBundle, 'base64').toString() : undefined
  const access: Access = {
    server: connection.type === 'kubefed' ? connection.apiEndpoint : connection.apiMaster,
    proxyUrl: '',
    ca: pinned === undefined ? (bundle ?? own) : (own ?? bundle),
    cert,
    key: secret['tls.key'],
    servername: undefined,
    skips: pinned === undefined ? ((kubefed?.disabledTLSValidations ?? []) as readonly TlsCheck[]) : [],
    headers: token === undefined ? {} : { authorization: `Bearer ${token.trim()}` },
    renewed: false,
  }
  if (pinned !== undefined && serverUrl({ ...access, server: pinned.trim() }).origin !== serverUrl(access).origin)
    throw unusable(
      `the credential in Secret ${connection.secretName} is for ${pinned.trim()}, not for ${access.server}`,
    )
  return access
}
