import type { Logger } from 'pino'
import type { MemberCluster } from '../../repo-layout/cluster.ts'
import { treeDigest } from '../../repo-layout/generated/oid.ts'
import { jsonEqual } from '../../repo-layout/json.ts'
import type { ClusterObservation, Observations } from '../../repo-layout/observations.ts'
import type { Fleet } from '../../repo-layout/schema/fleet.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import type { Clock } from '../clock.ts'
import { connect, type ReadSecret } from '../member/connect.ts'
import type { MemberEvents } from '../member/events.ts'
import type { Fence } from '../member/fence.ts'
import { createMember } from '../member/member.ts'
import { leftThere, overBudget } from '../member/prune.ts'
import type { DesiredState, Member, MemberSettings, MemberStatus } from '../member/types.ts'
import { meteredTransport } from '../server/metered-transport.ts'
import type { Metrics } from '../server/metrics.ts'
import type { ClusterDiff } from '../server/types.ts'
import type { Deletion } from './budget.ts'
import type { DesiredFleet } from './desired.ts'

/** What members need beside their own cluster. */
export interface MembersOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly readSecret: ReadSecret
  /** The folder of the repository where it is on this disk; no credential is read from it. */
  readonly repo?: string | undefined
  /** See `ConnectOptions`. */
  readonly answerTimeout?: number | undefined
  /** What API servers are told of who asks. */
  readonly agent?: string | undefined
  /** What every write has to pass; undefined where only this process can write. */
  readonly fence?: Fence | undefined
  /** Whether a generated commit that a cluster says it runs is one of this branch. */
  readonly isKnownCommit: (commit: string) => Promise<boolean>
  /** Who counts what members do; what is left out is not counted. */
  readonly metrics: Partial<Pick<Metrics, 'applied' | 'driftSeen' | 'driftHealed' | 'apiRequest'>>
  /** Called after each change of any member. */
  readonly onChange: () => void
}

/** What all members should do from now on. */
export interface FleetOrder {
  readonly commit: string
  readonly fleet: Fleet
  readonly fleetUid: string
  readonly clusters: readonly MemberCluster[]
  /** Those of `clusters` that have left the inventory and are to be emptied. */
  readonly leaving: ReadonlySet<string>
  readonly desired: DesiredFleet
  /** Deletions that are allowed, of objects that left their cluster's folder. */
  readonly mayDelete: readonly Deletion[]
  /** Objects whose workload is placed in no cluster by a slip (`RenderOutput.unplaced`). */
  readonly unplaced: ReadonlySet<Subject>
}

/** All member clusters that can be applied to. */
export interface Members {
  /** Starts, retargets and stops members so that they follow the inventory; returns at once. Nothing after `stop`. */
  follow(order: FleetOrder): void
  /** Sorted by name; clusters without a connection say so. */
  statuses(): readonly (MemberStatus & { readonly region: string })[]
  /** Facts of all members, undamped. */
  observations(): Observations
  /** Objects that members would delete, were they allowed to. */
  deletions(): readonly Deletion[]
  /** How many objects members should run. */
  total(): number
  diff(clusters: readonly string[]): Promise<readonly ClusterDiff[]>
  /** The member that looks after a cluster; undefined where none does. */
  member(cluster: string): Member | undefined
  /** Resolves when every member has tried what it was told. */
  settled(): Promise<void>
  /** Finishes the writes under way. */
  stop(): Promise<void>
}

interface Running {
  readonly cluster: MemberCluster
  readonly member: Member
  readonly unsubscribe: () => void
  /** What is read off a status, kept while the member gives the same one: most members do not change at a time. */
  seen: { readonly status: MemberStatus; readonly facts: ClusterObservation; readonly deletions: readonly Deletion[] }
}

/** Looks after the members of a fleet; each works for itself, and one that hangs holds up no other. */
export function createMembers(options: MembersOptions): Members {
  const running = new Map<string, Running>()
  const leaving = new Set<Promise<void>>()
  let order: FleetOrder | undefined
  let stopped = false

  function start(cluster: MemberCluster): Running {
    const { clock, readSecret, repo, answerTimeout, agent, fence, isKnownCommit, metrics, onChange } = options
    const log = options.log.child({ cluster: cluster.name })
    const { name } = cluster
    const way = connect(cluster, { clock, readSecret, repo, answerTimeout, agent })
    const transport = meteredTransport(way, (verb, status) => metrics.apiRequest?.(name, verb, status))
    const events: MemberEvents = {
      applied: (action) => metrics.applied?.(name, action),
      driftSeen: (reason) => metrics.driftSeen?.(name, reason),
      driftHealed: (reason) => metrics.driftHealed?.(name, reason),
    }
    const member = createMember({ cluster: name, transport, clock, log, isKnownCommit, events, fence })
    return { cluster, member, unsubscribe: member.onChange(onChange), seen: lookAt(member) }
  }

  function seenOf(one: Running): Running['seen'] {
    if (one.seen.status !== one.member.status()) one.seen = lookAt(one.member)
    return one.seen
  }

  /** A cluster that leaves counts as emptied only once nothing is left to be deleted in it. */
  function factsOf(name: string, one: Running): ClusterObservation {
    const { facts, status } = seenOf(one)
    if (!order?.leaving.has(name) || isEmptied(status)) return facts
    const { applied: _, ...others } = facts
    return others
  }

  function leave({ member, unsubscribe, cluster }: Running): void {
    running.delete(cluster.name)
    unsubscribe()
    const left = member.stop().finally(() => leaving.delete(left))
    leaving.add(left)
  }

  return {
    follow(next) {
      if (stopped) return
      order = next
      const names = new Set(next.clusters.map(({ name }) => name))
      const wanted = new Map(next.clusters.filter(({ connection }) => connection).map((one) => [one.name, one]))
      for (const one of [...running.values()]) {
        const cluster = wanted.get(one.cluster.name)
        if (!cluster || !sameWay(one.cluster, cluster)) leave(one)
      }
      for (const cluster of wanted.values()) {
        const one = running.get(cluster.name) ?? start(cluster)
        running.set(cluster.name, one)
        const settings = { ...memberSettings(cluster, next), clusters: names }
        one.member.setDesired(next.desired.get(cluster.name) ?? nothingWanted(next.commit), settings)
      }
    },
    statuses() {
      return (order?.clusters ?? []).map((cluster) => {
        const one = running.get(cluster.name)
        const status = one ? one.member.status() : unconnected(cluster.name, order)
        const message = order?.leaving.has(cluster.name) ? `leaving the fleet; ${status.message}` : status.message
        return { ...status, message, region: cluster.region ?? '' }
      })
    },
    observations() {
      return { clusters: Object.fromEntries([...running].map(([name, one]) => [name, factsOf(name, one)])) }
    },
    deletions: () => [...running.values()].flatMap((one) => seenOf(one).deletions),
    total: () => [...running.values()].reduce((sum, one) => sum + seenOf(one).status.total, 0),
    diff(clusters) {
      const asked = (order?.clusters ?? []).filter(({ name }) => clusters.length === 0 || clusters.includes(name))
      return Promise.all(asked.map(({ name }) => diffOf(name, running.get(name))))
    },
    member: (cluster) => running.get(cluster)?.member,
    async settled() {
      await Promise.all([...running.values()].map(({ member }) => member.settled()))
    },
    async stop() {
      stopped = true
      for (const one of [...running.values()]) leave(one)
      await Promise.all(leaving)
    },
  }
}

/** The settings of one member; it may delete what the order names. */
export function memberSettings(
  cluster: MemberCluster,
  { fleet, fleetUid, mayDelete }: Pick<FleetOrder, 'fleet' | 'fleetUid' | 'mayDelete'>,
): MemberSettings {
  return {
    fleetName: fleet.metadata.name,
    fleetUid,
    suspended: fleet.spec.suspend || cluster.suspend || cluster.apply === 'External',
    sync: fleet.spec.sync,
    ignoreDifferences: fleet.spec.ignoreDifferences,
    mayDelete: new Set(mayDelete.filter((one) => one.cluster === cluster.name).map(({ uid }) => uid)),
  }
}

function lookAt(member: Member): Running['seen'] {
  const status = member.status()
  const deletions = status.objects.flatMap(({ subject, held }) =>
    held ? [{ cluster: member.cluster, subject, ...held }] : [],
  )
  return { status, facts: member.observe(), deletions }
}

/** What is suspended stays only for a while, so it is still to be deleted. */
function isEmptied({ sync, appliedCommit, wantedCommit, objects }: MemberStatus): boolean {
  return (
    sync !== 'suspended' &&
    appliedCommit === wantedCommit &&
    objects.every(
      ({ action, message }) =>
        action === 'pruned' || (action === 'skipped' && message.startsWith(leftThere) && message !== overBudget),
    )
  )
}

async function diffOf(cluster: string, one: Running | undefined): Promise<ClusterDiff> {
  if (!one) return { cluster, drifts: [], problem: 'the inventory names no connection' }
  try {
    const compared = await one.member.diff()
    const pauses = one.member.pauses()
    return { cluster, ...compared, ...(pauses.length > 0 ? { pauses } : {}) }
  } catch (error) {
    return { cluster, drifts: [], problem: error instanceof Error ? error.message : String(error) }
  }
}

/** Whether two descriptions of a cluster lead to the same API server in the same way. */
export function sameWay(a: MemberCluster, b: MemberCluster): boolean {
  const way = ({ connection, proxyURL, serviceAccountName }: MemberCluster) => ({
    connection: Object.fromEntries(Object.entries(connection ?? {})),
    proxyURL,
    serviceAccountName,
  })
  return jsonEqual(way(a), way(b))
}

/** What a cluster should run that has no folder. */
export function nothingWanted(commit: string): DesiredState {
  return { commit, tree: treeDigest([]), objects: new Map() }
}

function unconnected(cluster: string, order: FleetOrder | undefined): MemberStatus {
  const total = order?.desired.get(cluster)?.objects.size ?? 0
  return {
    cluster,
    sync: 'unreachable',
    message: 'the inventory names no connection; write spec.connection',
    appliedCommit: undefined,
    wantedCommit: order?.commit,
    applied: 0,
    total,
    seenAt: undefined,
    since: new Date(0).toISOString(),
    kubernetesVersion: undefined,
    credentialExpiresAt: undefined,
    objects: [],
  }
}
