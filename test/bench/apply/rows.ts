import type { Row } from '../result.ts'
import { bulkRows, memoryRows, oneRows } from './change.ts'
import { driftRows } from './drift.ts'
import type { Versions } from './objects.ts'
import { idleRows, restartRows } from './quiet.ts'
import { makeDeploymentsReady } from './ready.ts'
import { startWorld, type World, type WorldOptions } from './world.ts'

/** The rows that need member clusters, in the order in which they are measured. */
export const applyRowNames = ['bulk', 'one', 'idle', 'drift', 'memory', 'restart'] as const
/** One of them. */
export type ApplyRowName = (typeof applyRowNames)[number]

/** How much is measured. */
export interface ApplySettings extends WorldOptions {
  readonly runs: number
  readonly drifts: number
  readonly idleSeconds: number
}

/** What a row needs. */
export interface Bench {
  readonly world: World
  readonly settings: ApplySettings
  readonly say: (line: string) => void
  /** The versions that were published last. */
  readonly versions: Versions
  /** Versions that were never published, after a change of all objects or of one. */
  next(what: 'all' | 'one'): Versions
}

const measures = {
  bulk: bulkRows,
  one: oneRows,
  idle: idleRows,
  drift: driftRows,
  memory: memoryRows,
  restart: restartRows,
}

/** Starts clusters and contenders, measures, and ends them. */
export async function applyRows(
  wanted: readonly ApplyRowName[],
  settings: ApplySettings,
  say: (line: string) => void,
): Promise<readonly Row[]> {
  say(`starting ${settings.clusters} control planes`)
  const world = await startWorld(settings)
  try {
    let versions: Versions = { all: 1, one: 0 }
    const bench: Bench = {
      world,
      settings,
      say,
      get versions() {
        return versions
      },
      next(what) {
        versions = what === 'all' ? { all: versions.all + 1, one: 0 } : { ...versions, one: versions.one + 1 }
        return versions
      },
    }
    say(`first rollout of ${settings.count} objects to each`)
    await world.bare.applyAll(versions, 8)
    for (const contender of [world.flotilla, world.flux]) {
      await contender?.publish(versions)
      await contender?.settled()
    }
    await Promise.all(world.planes.map(makeDeploymentsReady))
    const rows: Row[] = []
    for (const name of applyRowNames) if (wanted.includes(name)) rows.push(...(await measures[name](bench)))
    return rows
  } finally {
    await world.stop()
  }
}
