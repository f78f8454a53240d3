import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClusterUser, type KubeconfigEntry, masterUser } from '../../testbed/cluster-files.ts'
import { type ControlPlane, startControlPlanes } from '../../testbed/control-plane.ts'
import { removeAtExit, removeNow } from '../../testbed/processes.ts'
import { type Bare, bareUser, startBare } from './bare.ts'
import type { Contender } from './contender.ts'
import { startFlotilla } from './flotilla.ts'
import { startFlux } from './flux.ts'
import { openRequestLog, type RequestLog } from './request-log.ts'

/** Real member clusters, and all who work on them. */
export interface World {
  readonly planes: readonly ControlPlane[]
  readonly log: RequestLog
  readonly bare: Bare
  readonly flotilla: Contender
  /** Left out where the peer is not wanted. */
  readonly flux: Contender | undefined
  stop(): Promise<void>
}

/** How large the fleet is. */
export interface WorldOptions {
  readonly clusters: number
  /** Objects in each cluster. */
  readonly count: number
  readonly withPeer: boolean
  /** Where profiles of the daemon go; none where undefined. */
  readonly profile: string | undefined
}

/** Starts control planes and contenders; nothing is published yet. Everything ends with this process. */
export async function startWorld({ clusters, count, withPeer, profile }: WorldOptions): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'flotilla-bench-'))
  removeAtExit(folder)
  const user = { flotilla: masterUser('flotilla'), flux: masterUser('flux'), hub: masterUser('flux-hub') }
  const bareMaster = masterUser(bareUser)
  const users = [...Object.values(user), bareMaster]
  const planes = await startControlPlanes(clusters, { audit: true, users })
  const as = (who: ClusterUser): readonly KubeconfigEntry[] =>
    planes.map(({ name, server, caData }) => ({ name, server, caData, user: who }))
  const [hub] = planes
  const [hubEntry] = as(user.hub)
  if (!hub || !hubEntry) throw new Error('a fleet has one cluster at least')
  const log = openRequestLog(planes)
  const bare = await startBare(as(bareMaster), count)
  const flotilla = await startFlotilla({ entries: as(user.flotilla), count, folder, profile })
  const flux = withPeer ? await startFlux({ hub, hubEntry, entries: as(user.flux), count, folder }) : undefined
  return {
    planes,
    log,
    bare,
    flotilla,
    flux,
    async stop() {
      await Promise.all([flotilla.stop(), flux?.stop(), bare.stop()])
      log.close()
      await Promise.all(planes.map((plane) => plane.stop()))
      removeNow(folder)
    },
  }
}
