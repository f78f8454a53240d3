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
  /** The versions that one of those who apply was given last. */
  versionsOf(who: string): Versions
  /** Versions that it was never given, after a change of all its objects or of one. */
  next(who: string, what: 'all' | 'one'): Versions
}

const first: Versions = { all: 1, one: 0 }

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
    const given = new Map<string, Versions>()
    const versionsOf = (who: string) => given.get(who) ?? first
    const bench: Bench = {
      world,
      settings,
      say,
      versionsOf,
      next(who, what) {
        const { all, one } = versionsOf(who)
        const next = what === 'all' ? { all: all + 1, one: 0 } : { all, one: one + 1 }
        given.set(who, next)
        return next
      },
    }
    say(`first rollout of ${settings.count} objects to each`)
    await world.bare.applyAll(first, 8)
    for (const contender of [world.flotilla, world.flux]) {
      await contender?.publish(first)
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
