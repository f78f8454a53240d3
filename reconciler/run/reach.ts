import type { Clock } from '../clock.ts'
import { localPath } from '../git/open.ts'
import type { ConnectOptions } from '../member/connect.ts'
import { openHost } from './host.ts'
import { hostSettings } from './settings.ts'

/** The options by which a command finds the credentials of member clusters, as the command line gives them. */
export interface HostFlags {
  readonly hostKubeconfig?: string
  readonly hostNamespace: string
}

/** What `connect` needs to reach members, with the way to the host cluster behind it. */
export interface Reach extends ConnectOptions {
  close(): Promise<void>
}

/**
 * Makes the way to member clusters: the Secrets of the host cluster and the kubeconfigs of this machine. `repo` is the fleet
 * repository, as a URL or a path: no credential is read from within it. Asks nothing before the first connection.
 */
export function openReach(flags: HostFlags, repo: string, env: NodeJS.ProcessEnv, clock: Clock): Reach {
  const host = openHost(hostSettings(flags, env), clock)
  return { clock, readSecret: host.readSecret, repo: localPath(repo), close: () => host.close() }
}
