import { type Admin, type ContextFlags, openAdmin } from '../join/admin.ts'
import { type HostFlags, openHostCluster } from '../join/host.ts'
import { messageOf } from '../member/errors.ts'
import type { Transport } from '../member/transport.ts'
import type { CommandContext } from './context.ts'
import { refuse } from './terminal.ts'

/** The clusters that a command works on, each reached when it is asked for. */
export interface Access {
  /** The member, as the person at the keyboard. */
  admin(): Promise<Admin>
  /** The host cluster; undefined where none is named. */
  host(): Promise<Transport | undefined>
}

/**
 * Does work on clusters and gives its exit code, or 2 with the reason where it fails. Whatever was reached is closed at the
 * end.
 */
export async function withAccess(
  flags: ContextFlags & HostFlags,
  { terminal, env, clock }: CommandContext,
  work: (access: Access) => Promise<number>,
): Promise<number> {
  const reached: Transport[] = []
  try {
    return await work({
      async admin() {
        const admin = await openAdmin(flags, env, clock)
        reached.push(admin.transport)
        return admin
      },
      async host() {
        const host = await openHostCluster(flags, env, clock)
        if (host) reached.push(host)
        return host
      },
    })
  } catch (error) {
    return refuse(terminal, messageOf(error))
  } finally {
    for (const transport of reached) await transport.close()
  }
}
