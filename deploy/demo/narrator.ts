import { type Clock, sleep } from '../../reconciler/clock.ts'
import { DaemonError } from '../../reconciler/commands/client.ts'
import type { FleetStatus } from '../../reconciler/server/types.ts'
import { allClusters, joining } from './fleet-files.ts'
import { type Column, panelLines } from './view/matrix.ts'
import type { Show } from './view/show.ts'
import { type StoryLine, storyOf } from './view/story.ts'
import type { World } from './world.ts'

/** Tells what the daemon does while it does it. */
export interface Narrator {
  /** Resolves once nothing new is told for a moment, so that a stage does not end in the middle of a sentence. */
  quiet(): Promise<void>
  /** Resolves when it has ended, after the signal was aborted; rejects where it cannot go on. */
  readonly ended: Promise<void>
}

/** The panel is drawn anew so often, in milliseconds. */
const drawEvery = 250
/** Nothing told for so long is quiet, and longer than the other is not waited for. */
const moment = 400
const longest = 3000

/** Follows the daemon's events and, on a terminal, keeps a panel of what runs where. Ends with the signal. */
export function narrate(
  world: World,
  options: {
    readonly show: Show
    readonly clock: Clock
    readonly signal: AbortSignal
    readonly tell: (line: StoryLine) => void
  },
): Narrator {
  const { show, clock, signal, tell } = options
  let last: FleetStatus | undefined
  let toldAt = clock.now()

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const status of world.daemon.client.events({}, signal)) await next(status)
      } catch (error) {
        // The daemon may be about to end; who watches over it says so.
        if (!(error instanceof DaemonError)) throw error
      }
      await sleep(clock, drawEvery, signal)
    }
  }

  async function next(status: FleetStatus): Promise<void> {
    const [source, generated] = await Promise.all([
      messageOf(status.source.commit, last?.source.commit),
      messageOf(status.generated.commit, last?.generated.commit),
    ])
    for (const line of storyOf(last, status, { source, generated })) {
      tell(line)
      toldAt = clock.now()
    }
    last = status
  }

  /** Messages are read only for commits that are new; one that cannot be read leaves its line without a subject. */
  async function messageOf(commit: string | undefined, before: string | undefined): Promise<string | undefined> {
    if (commit === undefined || commit === before) return undefined
    return world.person.message(commit).catch(() => undefined)
  }

  async function draw(): Promise<void> {
    while (show.live && !signal.aborted) {
      // A cluster that has not joined yet is no part of the fleet.
      const hasJoined = last?.clusters.some(({ cluster }) => cluster === joining.name)
      const shown = allClusters.filter((cluster) => cluster !== joining || hasJoined)
      const columns = await Promise.all(
        shown.map(async ({ name, region }): Promise<Column> => {
          const sync = last?.clusters.find(({ cluster }) => cluster === name)?.sync
          return { cluster: name, region, sync, running: await world.inside(name) }
        }),
      )
      if (last) show.panel(panelLines(last, columns, show.screen))
      await sleep(clock, drawEvery, signal)
    }
  }

  return {
    ended: Promise.all([follow(), draw()]).then(() => undefined),
    async quiet() {
      const asked = clock.now()
      const quietSince = () => Math.max(asked, toldAt)
      while (!signal.aborted && clock.now() < Math.min(asked + longest, quietSince() + moment)) {
        await sleep(clock, 50, signal)
      }
    },
  }
}
