import { randomUUID } from 'node:crypto'
import type { MemberCluster } from '../../repo-layout/cluster.ts'
import type { KubeObject } from '../../repo-layout/json.ts'
import type { FleetSource } from '../../repo-layout/read/assemble.ts'
import { fleetUidOf } from '../cycle/uid.ts'
import { type ConnectOptions, connect } from '../member/connect.ts'
import { messageOf } from '../member/errors.ts'
import { carriesOurId } from '../member/manifest.ts'
import { openSession } from '../member/session.ts'
import { type InventoryEntry, wasApplied } from '../member/shards.ts'

/** What a member says of itself. */
export type Reading =
  /** Nothing of this fleet runs there. */
  | { readonly type: 'empty'; readonly cluster: string }
  | { readonly type: 'unread'; readonly cluster: string; readonly why: string }
  | RunningMember

/** A member that runs the fleet. */
export interface RunningMember {
  readonly type: 'runs'
  readonly cluster: string
  /** The generated commit that it runs, or that was being applied last. */
  readonly commit: string
  readonly entries: readonly InventoryEntry[]
  /** The live object of an entry; undefined where it is gone, or was never applied. Rejects with an `ApiError`. */
  live(entry: InventoryEntry): Promise<KubeObject | undefined>
  /** Writes into the inventory that the cluster runs `commit`, under a higher epoch: a daemon still at work there stops. */
  restamp(commit: string): Promise<void>
}

/** All members, and the way to end the talk with them. */
export interface Survey {
  readonly readings: readonly Reading[]
  close(): Promise<void>
}

/** Reads the inventories of all members at once. Writes nothing. Never rejects for what a member does. */
export async function surveyMembers({ clusters, fleet, holds }: FleetSource, reach: ConnectOptions): Promise<Survey> {
  const owner = { fleetName: fleet.metadata.name, fleetUid: fleetUidOf(fleet).uid }
  const names = new Set(clusters.map(({ name }) => name))
  const open: (() => Promise<void>)[] = []

  async function read(cluster: MemberCluster): Promise<Reading> {
    const transport = connect(cluster, reach)
    open.push(() => transport.close())
    try {
      const { api, inventory } = await openSession({
        transport,
        clock: reach.clock,
        owner,
        knownUid: undefined,
        holder: {
          id: `recover/${randomUUID()}`,
          epoch: undefined,
          member: cluster.name,
          isOther: (name) => names.has(name),
        },
        // No Secret is compared here.
        freshKey: () => '',
        isKnownCommit: undefined,
      })
      if (!inventory.header) return { type: 'empty', cluster: cluster.name }
      const entries = [...inventory.subjects()].flatMap((subject) => inventory.get(subject) ?? [])
      const live = async (entry: InventoryEntry) => {
        const place = await api.placeOfAnyVersion(entry.apiVersion, entry.subject)
        const found = place && (await api.get(place))
        const { subject } = entry
        const isOurs = wasApplied(entry) || (found !== undefined && carriesOurId(found, subject, owner))
        return isOurs ? found : undefined
      }
      const { commit } = inventory.header
      const restamp = (to: string) => inventory.claim(to)
      return { type: 'runs', cluster: cluster.name, commit, entries, live, restamp }
    } catch (error) {
      return { type: 'unread', cluster: cluster.name, why: messageOf(error) }
    }
  }

  const readings = await Promise.all(clusters.filter(({ connection }) => connection).map(read))
  const inError = [...holds.clusters].filter((name) => !names.has(name))
  return {
    readings: [
      ...readings,
      ...inError.map((cluster): Reading => ({ type: 'unread', cluster, why: 'its document is in error' })),
    ],
    close: async () => void (await Promise.all(open.map((end) => end()))),
  }
}
