import type { Clock } from '../clock.ts'
import { connect } from '../member/connect.ts'
import type { Transport } from '../member/transport.ts'
import { openAdmin } from './admin.ts'

/** The options that say where the Secrets of connections are, as the command line gives them. */
export interface HostFlags {
  readonly hostKubeconfig?: string
  readonly hostContext?: string
  readonly hostNamespace: string
}

/**
 * The way to the host cluster as whoever runs the command, to write Secrets there; undefined where none is named. Rejects
 * with a message for people where the kubeconfig cannot be read.
 */
export async function openHostCluster(
  flags: HostFlags,
  env: NodeJS.ProcessEnv,
  clock: Clock,
): Promise<Transport | undefined> {
  if (flags.hostKubeconfig !== undefined || flags.hostContext !== undefined) {
    const host = await openAdmin({ kubeconfig: flags.hostKubeconfig, context: flags.hostContext }, env, clock)
    return host.transport
  }
  if (!env.KUBERNETES_SERVICE_HOST) return undefined
  return connect(
    { name: 'host', connection: { type: 'inCluster' }, proxyURL: '', serviceAccountName: '' },
    { clock, readSecret: () => Promise.reject(new Error('the host cluster needs no Secret')) },
  )
}
