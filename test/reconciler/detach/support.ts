import { randomUUID } from 'node:crypto'
import { systemClock } from '../../../reconciler/clock.ts'
import { detach } from '../../../reconciler/detach/detach.ts'
import type { DetachReport } from '../../../reconciler/detach/types.ts'
import { connect } from '../../../reconciler/member/connect.ts'
import { openSession } from '../../../reconciler/member/session.ts'
import type { Transport } from '../../../reconciler/member/transport.ts'
import type { MemberSettings } from '../../../reconciler/member/types.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'

interface Change {
  readonly dryRun?: boolean
  /** An account that it works as: `namespace/name`. */
  readonly as?: string
  /** Stands between detach and the cluster. */
  readonly wrap?: (transport: Transport) => Transport
}

/** Takes a fleet out of a cluster as the command does. */
export async function takeOut(plane: ControlPlane, set: MemberSettings, change: Change = {}): Promise<DetachReport> {
  const connection = { type: 'file', path: plane.kubeconfigPath, context: undefined } as const
  const target = { name: plane.name, connection, proxyURL: '', serviceAccountName: change.as ?? '' }
  const own = connect(target, { clock: systemClock, readSecret: async () => undefined })
  const transport = change.wrap?.(own) ?? own
  try {
    const session = await openSession({
      transport,
      clock: systemClock,
      owner: set,
      knownUid: undefined,
      holder: { id: randomUUID(), epoch: undefined, member: plane.name, isOther: () => true },
      freshKey: () => '',
      isKnownCommit: undefined,
    })
    return await detach(session, {
      cluster: plane.name,
      owner: set,
      clock: systemClock,
      random: Math.random,
      dryRun: change.dryRun ?? false,
      signal: new AbortController().signal,
      progress: () => undefined,
    })
  } finally {
    await own.close()
  }
}
