import { setTimeout as sleep } from 'node:timers/promises'
import { buildFlotilla } from '../daemon.ts'
import { goal, type Measure, medianOf, type Row } from '../result.ts'
import { startFleet } from './fleet.ts'

/** How many clusters idle for how long. */
export interface IdleSettings {
  readonly clusters: number
  /** After so many seconds without a change they are watched twice as long. */
  readonly idleSeconds: number
  readonly profile: string | undefined
}

/** ConfigMaps in each cluster; with their namespace there are two objects. */
const objects = 1
/** For daemon and sandbox together, in GiB. */
const budget = 1.5

/**
 * Many sandbox clusters in a process and a daemon on all of them in another: how long until all are synced, and what
 * both hold when nothing more happens. Memory is what Linux counts as resident; on other systems there are no such rows.
 */
export async function idleFleetRows(settings: IdleSettings, say: (line: string) => void): Promise<readonly Row[]> {
  const { clusters, idleSeconds: settle, profile } = settings
  // The longest interval of what the daemon does of itself is a minute.
  const watched = 2 * settle
  const program = await buildFlotilla()
  say(`clusters: starting ${clusters} in one process`)
  const fleet = await startFleet({ program, clusters, dead: 0, objects, profile })
  try {
    const alone = fleet.sandboxUsage()?.residentBytes
    const commit = await fleet.publish(1, 'all')
    const at = fleet.daemon.start('--new-fleet')
    await fleet.daemon.until(
      commit,
      (all) => all.length === clusters && all.every(({ sync }) => sync === 'synced'),
      500,
    )
    const seconds = (Date.now() - at) / 1000
    say(`clusters: all synced after ${seconds.toFixed(1)} s; idle for ${settle + watched} s`)
    await sleep(settle * 1000)

    const before = await fleet.daemon.requests()
    const held: Held[] = []
    for (let second = 0; second < watched; second++) {
      await sleep(1000)
      const [daemon, sandbox] = [fleet.daemon.usage(), fleet.sandboxUsage()]
      if (daemon && sandbox) held.push({ daemon: daemon.residentBytes, sandbox: sandbox.residentBytes })
    }
    const perMinute = ((await fleet.daemon.requests()) - before) / (watched / 60)

    const most = Math.max(0, ...held.map(({ daemon, sandbox }) => gib(daemon + sandbox)))
    say(`clusters: idle ${most.toFixed(2)} GiB of ${budget}: the budget ${most <= budget ? 'holds' : 'is exceeded'}`)
    const title = `${clusters} sandbox clusters, 2 objects in each`
    const each = `${(perMinute / clusters).toFixed(2)} a cluster, for watches that end and signs of life`
    return [
      { name: 'clusters', title: `${title}: daemon started → all synced`, unit: 's', flotilla: medianOf([seconds]) },
      ...memoryRows(title, held, alone, fleet),
      {
        name: 'clusters-requests',
        title: `${title}: requests a minute while idle`,
        unit: 'requests',
        flotilla: medianOf([perMinute], each),
      },
    ]
  } finally {
    await fleet.stop()
  }
}

/** What both processes held at a moment, in bytes. */
interface Held {
  readonly daemon: number
  readonly sandbox: number
}

function memoryRows(
  title: string,
  held: readonly Held[],
  alone: number | undefined,
  fleet: Awaited<ReturnType<typeof startFleet>>,
): readonly Row[] {
  const [daemon, sandbox] = [fleet.daemon.usage(), fleet.sandboxUsage()]
  if (!daemon || !sandbox || held.length === 0) return []
  const idle = memoryOf(held, `; the sandbox before the daemon came ${gib(alone ?? 0).toFixed(2)}`)
  const peak = memoryOf([{ daemon: daemon.peakBytes, sandbox: sandbox.peakBytes }], ', each at its own time')
  return [
    {
      name: 'clusters-memory',
      title: `${title}: memory of daemon and sandbox, idle`,
      unit: 'GiB',
      flotilla: idle,
      goal: goal(`≤ ${budget} GiB`, idle.value <= budget),
    },
    { name: 'clusters-peak', title: `${title}: memory of both, most ever held`, unit: 'GiB', flotilla: peak },
  ]
}

/** The most that both ever held together of what was seen: a budget is not kept on average. */
function memoryOf(held: readonly Held[], more: string): Measure {
  const sums = held.map((one) => gib(one.daemon + one.sandbox))
  const value = Math.max(...sums)
  const most = held[sums.indexOf(value)] ?? { daemon: 0, sandbox: 0 }
  const [daemon, sandbox] = [most.daemon, most.sandbox].map((bytes) => gib(bytes).toFixed(2))
  return { value, runs: sums, note: `daemon ${daemon} GiB, sandbox ${sandbox} GiB${more}` }
}

function gib(bytes: number): number {
  return bytes / 2 ** 30
}
