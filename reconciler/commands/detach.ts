import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { detach } from '../detach/detach.ts'
import { findTarget, UnreadableFleetError } from '../detach/target.ts'
import type { DetachReport } from '../detach/types.ts'
import { explain, GitError } from '../git/error.ts'
import { createElapsed, machineTime } from '../lead/elapsed.ts'
import { startPulse } from '../lead/pulse.ts'
import { connect } from '../member/connect.ts'
import { ApiError } from '../member/errors.ts'
import { InventoryLostError } from '../member/inventory.ts'
import type { Owner } from '../member/manifest.ts'
import { openSession } from '../member/session.ts'
import { openFleetRepository, type RepositoryFlags } from '../run/fleet-repository.ts'
import { type HostFlags, openReach, type Reach } from '../run/reach.ts'
import { dataText } from '../views/data.ts'
import { detachClosing, detachExit, detachView } from '../views/detach-text.ts'
import { type CommandContext, screenOf } from './context.ts'
import { printView } from './status.ts'
import { refuse } from './terminal.ts'

/** Options of `flotilla detach`. */
export interface DetachFlags extends RepositoryFlags, HostFlags {
  readonly cluster: string
  /** A kubeconfig instead of the connection that Git names; needed where Git names none any more. */
  readonly kubeconfig?: string
  readonly context?: string
  readonly dryRun?: true
  readonly force?: true
  readonly headers?: boolean
  readonly output?: 'wide' | 'json' | 'yaml' | 'name'
}

/** Progress is told so often, in milliseconds. */
const tellEvery = 2000

/**
 * `flotilla detach --cluster NAME`: takes everything of the fleet out of one member and leaves the workloads running. Exit
 * 0 when nothing is left, 1 when something is (run it again), 2 when it did not begin, 130 when it was interrupted.
 */
export async function detachCommand(flags: DetachFlags, context: CommandContext): Promise<number> {
  const { terminal, env, clock } = context
  const reach = openReach(flags, flags.repo, env, clock)
  try {
    const repository = await openFleetRepository(flags, env, clock, (text) => terminal.note(text))
    const { cluster, owner, inForce, known } = await findTarget(repository, flags.branch, flags.cluster)
    if (inForce !== undefined && !flags.force && !flags.dryRun)
      return refuse(context.terminal, `${inForce}; or give --force`)
    const target = flags.kubeconfig === undefined ? cluster : byKubeconfig(flags, cluster)
    if (!target)
      return refuse(
        context.terminal,
        `Git names no cluster "${flags.cluster}" (it names ${known.join(', ') || 'none'}); give its kubeconfig with --kubeconfig`,
      )
    return await detachTarget(target, owner, reach, flags, context)
  } catch (error) {
    const isExpected =
      error instanceof GitError ||
      error instanceof UnreadableFleetError ||
      error instanceof ApiError ||
      error instanceof InventoryLostError
    if (!isExpected) throw error
    return refuse(context.terminal, explain(error))
  } finally {
    await reach.close()
  }
}

type Target = Pick<MemberCluster, 'name' | 'connection' | 'proxyURL' | 'serviceAccountName'>

function byKubeconfig({ cluster: name, kubeconfig = '', context }: DetachFlags, known: Target | undefined): Target {
  const connection = { type: 'file', path: resolve(kubeconfig), context } as const
  return { name, connection, proxyURL: known?.proxyURL ?? '', serviceAccountName: known?.serviceAccountName ?? '' }
}

async function detachTarget(
  target: Target,
  owner: Owner,
  reach: Reach,
  flags: DetachFlags,
  context: CommandContext,
): Promise<number> {
  const { clock } = context
  const stopping = new AbortController()
  const off = context.onInterrupt(() => stopping.abort())
  const transport = connect(target, reach)
  const pulse = startPulse(clock, createElapsed(clock, machineTime))
  try {
    const session = await openSession({
      transport,
      clock,
      owner,
      knownUid: undefined,
      // Whatever the fleet says now: a cluster that is known by another name is not the one that was meant.
      holder: { id: randomUUID(), epoch: undefined, member: target.name, isOther: () => true },
      freshKey: () => '',
      // It writes nothing that a commit says: whatever the cluster runs is let go.
      isKnownCommit: undefined,
      // Stopped and continued, it looks first whether a daemon took the cluster over meanwhile.
      fence: { standstills: () => pulse.standstills(), closed: () => undefined, opened: () => Promise.resolve() },
    })
    const report = await detach(session, {
      cluster: target.name,
      owner,
      clock,
      random: Math.random,
      dryRun: flags.dryRun === true,
      signal: stopping.signal,
      progress: progressOf(context),
    })
    print(report, flags, context)
    return stopping.signal.aborted ? 130 : detachExit(report)
  } finally {
    off()
    pulse.stop()
    await transport.close()
  }
}

/** Tells how far it got, on long work only. */
function progressOf({ terminal, clock }: CommandContext): (done: number, total: number) => void {
  let told = clock.now()
  return (done, total) => {
    if (clock.now() - told < tellEvery) return
    told = clock.now()
    terminal.note(`${done} of ${total} objects`)
  }
}

function print(report: DetachReport, flags: DetachFlags, context: CommandContext): void {
  const { output } = flags
  const closing = detachClosing(report)
  if (output === 'json' || output === 'yaml') printView({ body: dataText(report, output), closing }, context)
  else if (output === 'name') {
    const released = report.objects.filter(({ outcome }) => outcome === 'released')
    printView({ body: released.map(({ subject }) => `${subject}\n`).join(''), closing }, context)
  } else printView(detachView(report, { wide: output === 'wide' }, screenOf(context, flags)), context)
}
