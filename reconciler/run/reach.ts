import type { Clock } from '../clock.ts'
import { localPath } from '../git/open.ts'
import type { ConnectOptions } from '../member/connect.ts'
import { type Host, openHost } from './host.ts'
import { hostSettings } from './settings.ts'

/** The options by which a command finds the credentials of member clusters, as the command line gives them. */
export interface HostFlags {
  readonly hostKubeconfig?: string
  readonly hostNamespace: string
}

/** What `connect` needs to reach members, with the way to the host cluster behind it. */
export interface Reach extends ConnectOptions {
  /** The API server of the host cluster; undefined where there is none. */
  readonly hostApi: Host['api']
  close(): Promise<void>
}

/**
 * Makes the way to member clusters: the Secrets of the host cluster and the kubeconfigs of this machine. `repo` is the fleet
 * repository, as a URL or a path: no credential is read from within it. `agent` is what API servers are told of who asks.
 * Asks nothing before the first connection.
 */
export function openReach(flags: HostFlags, repo: string, env: NodeJS.ProcessEnv, clock: Clock, agent?: string): Reach {
  const host = openHost(hostSettings(flags, env), clock, agent)
  const { readSecret, api: hostApi } = host
  return { clock, readSecret, hostApi, repo: localPath(repo), agent, close: () => host.close() }
}
