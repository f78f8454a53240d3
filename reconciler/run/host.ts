import { getIn, isJsonObject } from '../../repo-layout/json.ts'
import type { Clock } from '../clock.ts'
import { connect, type ReadSecret } from '../member/connect.ts'
import { ApiError } from '../member/errors.ts'

/** The cluster that holds the credentials of members, if there is one. */
export interface Host {
  readonly readSecret: ReadSecret
  close(): Promise<void>
}

/** Where the host cluster is: a kubeconfig among the daemon's own files, the cluster it runs in, or nowhere. */
export type HostSettings =
  | { readonly type: 'none' }
  | { readonly type: 'inCluster'; readonly namespace: string }
  | { readonly type: 'file'; readonly path: string; readonly namespace: string }

/** Opens the way to the host cluster; without one, every Secret is missing with a reason. */
export function openHost(settings: HostSettings, clock: Clock): Host {
  if (settings.type === 'none') {
    return {
      readSecret: (name) => Promise.reject(noHost(name)),
      close: () => Promise.resolve(),
    }
  }
  const connection =
    settings.type === 'file'
      ? ({ type: 'file', path: settings.path, context: undefined } as const)
      : ({ type: 'inCluster' } as const)
  const secrets = `/api/v1/namespaces/${settings.namespace}/secrets/`
  const transport = connect(
    { name: 'host', connection, proxyURL: '', serviceAccountName: '' },
    { clock, readSecret: (name) => Promise.reject(noHost(name)) },
  )
  return {
    async readSecret(name) {
      try {
        const { json } = await transport.request('GET', secrets + encodeURIComponent(name))
        const data = getIn(json, ['data'])
        if (!isJsonObject(data)) return {}
        return Object.fromEntries(
          Object.entries(data).map(([key, value]) => [key, Buffer.from(String(value), 'base64').toString('utf8')]),
        )
      } catch (error) {
        if (error instanceof ApiError && 'status' in error.failure && error.failure.status === 404) return undefined
        throw error
      }
    },
    close: () => transport.close(),
  }
}

function noHost(name: string): Error {
  return new Error(
    `the Secret "${name}" cannot be read, for this daemon has no host cluster; run it in one, or give --host-kubeconfig`,
  )
}
