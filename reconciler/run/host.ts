import { getIn, isJsonObject } from '../../repo-layout/json.ts'
import type { Clock } from '../clock.ts'
import { type ConnectOptions, connect, type ReadSecret } from '../member/connect.ts'
import { isRejected } from '../member/errors.ts'
import type { Transport } from '../member/transport.ts'

/** The cluster that holds the credentials of members, if there is one. */
export interface Host {
  readonly readSecret: ReadSecret
  /** Its API server; undefined where there is no host cluster. */
  readonly api: Pick<Transport, 'request'> | undefined
  close(): Promise<void>
}

/** Where the host cluster is: a kubeconfig among the daemon's own files, the cluster it runs in, or nowhere. */
export type HostSettings =
  | { readonly type: 'none' }
  | { readonly type: 'inCluster'; readonly namespace: string }
  | { readonly type: 'file'; readonly path: string; readonly namespace: string }

/** Opens the way to the host cluster; without one, every Secret is missing with a reason. `agent` as in `ConnectOptions`. */
export function openHost(settings: HostSettings, clock: Clock, agent?: ConnectOptions['agent']): Host {
  if (settings.type === 'none')
    return { readSecret: readSecretOf(undefined, ''), api: undefined, close: () => Promise.resolve() }
  const connection =
    settings.type === 'file'
      ? ({ type: 'file', path: settings.path, context: undefined } as const)
      : ({ type: 'inCluster' } as const)
  const transport = connect(
    { name: 'host', connection, proxyURL: '', serviceAccountName: '' },
    { clock, readSecret: readSecretOf(undefined, ''), agent },
  )
  const readSecret = readSecretOf(transport, settings.namespace)
  return { readSecret, api: transport, close: () => transport.close() }
}

/** Reads the Secrets of a namespace over a connection; without one, every Secret is missing with a reason. */
export function readSecretOf(transport: Transport | undefined, namespace: string): ReadSecret {
  if (!transport) return () => Promise.reject(noHost())
  const secrets = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/`
  return async (name) => {
    try {
      const { json } = await transport.request('GET', secrets + encodeURIComponent(name))
      const data = getIn(json, ['data'])
      if (!isJsonObject(data)) return {}
      return Object.fromEntries(
        Object.entries(data).map(([key, value]) => [key, Buffer.from(String(value), 'base64').toString('utf8')]),
      )
    } catch (error) {
      if (isRejected(error, 404)) return undefined
      throw error
    }
  }
}

function noHost(): Error {
  return new Error(`there is no host cluster here; run in one, or name the one that holds it with --host-kubeconfig`)
}
