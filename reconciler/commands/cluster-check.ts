import { localPath } from '../git/open.ts'
import { checkCluster } from '../join/check.ts'
import { clusterNamed, fetchFleet, readFleet } from '../join/fleet.ts'
import { type HostFlags, openHostCluster } from '../join/host.ts'
import { messageOf } from '../member/errors.ts'
import type { Transport } from '../member/transport.ts'
import type { RepositoryFlags } from '../run/fleet-repository.ts'
import { readSecretOf } from '../run/host.ts'
import { checkClosing, checkExit, checkView } from '../views/check-text.ts'
import { dataText } from '../views/data.ts'
import { type CommandContext, screenOf } from './context.ts'
import { printView } from './status.ts'

/** Options of `flotilla cluster check`. */
export interface CheckFlags extends HostFlags, Omit<RepositoryFlags, 'repo'> {
  readonly source: string
  /** Instead of the folder: the tip of the source branch there. */
  readonly repo?: string
  readonly output?: 'wide' | 'json' | 'yaml'
  readonly headers?: boolean
}

/**
 * `flotilla cluster check [NAME…]`: asks every cluster, or those that are named, at once. Exit 0 where nothing is wrong, 1
 * where something is, 2 where it could not run.
 */
export async function clusterCheckCommand(
  names: readonly string[],
  flags: CheckFlags,
  context: CommandContext,
): Promise<number> {
  const { terminal, env, clock } = context
  let host: Transport | undefined
  try {
    const { repo } = flags
    const warn = (text: string) => terminal.note(text)
    const fleet = await (repo === undefined
      ? readFleet(flags.source)
      : fetchFleet({ ...flags, repo }, env, clock, warn))
    const clusters = names.length > 0 ? names.map((name) => clusterNamed(fleet, name)) : fleet.source.clusters
    host = await openHostCluster(flags, env, clock)
    const readSecret = readSecretOf(host, flags.hostNamespace)
    const checks = await Promise.all(
      clusters.map((cluster) =>
        checkCluster(fleet.source, cluster, { clock, readSecret, repo: localPath(repo ?? flags.source) }),
      ),
    )
    const { output } = flags
    if (output === 'json' || output === 'yaml')
      printView({ body: dataText({ clusters: checks }, output), closing: checkClosing(checks) }, context)
    else printView(checkView(checks, screenOf(context, flags)), context)
    return checkExit(checks)
  } catch (error) {
    terminal.fail(messageOf(error))
    return 2
  } finally {
    await host?.close()
  }
}
