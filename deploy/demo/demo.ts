import { join } from 'node:path'
import { type Clock, sleep } from '../../reconciler/clock.ts'
import { deferred } from '../../reconciler/member/deferred.ts'
import { clusters, fleetFiles } from './fleet-files.ts'
import { type Keyboard, listenForKeys } from './keys.ts'
import { narrate } from './narrator.ts'
import { nextSteps } from './next-steps.ts'
import { type Stage, StageError } from './stage.ts'
import { back } from './stages/back.ts'
import { drift } from './stages/drift.ts'
import { firstSync } from './stages/first-sync.ts'
import { lost } from './stages/lost.ts'
import { placement } from './stages/placement.ts'
import { revert } from './stages/revert.ts'
import { createTeller, type Teller } from './teller.ts'
import type { Show } from './view/show.ts'
import { openPlaces, openWorld, type Places, type World } from './world.ts'

/** What the demo is started with. */
export interface DemoOptions {
  /** End after the tour instead of staying up. */
  readonly once: boolean
  readonly show: Show
  readonly clock: Clock
  /** Aborted when the person has had enough: everything is put away then. */
  readonly signal: AbortSignal
  /** Where a person presses keys after the tour; undefined where nobody can. */
  readonly keyboard: Keyboard | undefined
}

/** How the demo ended. */
export type DemoEnd = 'done' | 'failed' | 'interrupted'

/** Between two stages a person reads for so many milliseconds; where nobody watches there is no pause. */
const pause = 1800

/**
 * The whole demo: start the clusters, the Git server and the daemon, walk through the stages, and then stay up until the
 * signal, unless it is to run once. Resolves when everything is put away, however it ended. Rejects where it cannot start.
 */
export async function runDemo(options: DemoOptions): Promise<DemoEnd> {
  const { show, signal, clock } = options
  const teller = createTeller(show, clock)
  let daemon: World['daemon'] | undefined
  // What a forge does with a webhook.
  const places = await openPlaces(() => void daemon?.client.sync().catch(() => undefined))
  let stop = places.stop
  try {
    const started = clock.now()
    welcome(places, show)
    const stages: readonly Stage[] = [firstSync(places.url), placement, drift, lost, back, revert]
    const [first, ...rest] = stages
    if (first) teller.begin(first, 1, stages.length)
    await places.person.commit(await fleetFiles(places.kubeconfig), 'Start the fleet')
    const world = await openWorld(places, { signal, tell: teller.lines })
    stop = world.stop
    daemon = world.daemon
    const end = await watched(world, options, teller, async (pauses) => {
      for (const [index, stage] of stages.entries()) {
        if (index > 0) teller.begin(stage, index + 1, stages.length)
        if (!(await came(stage, world, teller, pauses))) return 'failed'
      }
      show.line()
      show.line(`All ${rest.length + 1} stages came about, in ${Math.round((clock.now() - started) / 1000)} s.`)
      if (options.once) return 'done'
      show.line()
      const where = { url: places.url, kubeconfig: places.kubeconfig, server: world.daemon.server }
      for (const line of nextSteps({ ...where, checkout: join(import.meta.dirname, '../..') })) show.line(line)
      await stay(world, options)
      return 'done'
    })
    return end
  } catch (error) {
    if (signal.aborted) return 'interrupted'
    throw error
  } finally {
    show.end()
    await stop()
  }
}

function welcome({ url, kubeconfig, dir }: Places, show: Show): void {
  const names = clusters.map(({ name }) => name).join(', ')
  show.line('Two regions, three member clusters and a Git server in this process, and beside it a real daemon.')
  show.line()
  show.line(`  Git repository  ${url}`)
  show.line(`  kubeconfig      ${kubeconfig} (contexts ${names})`)
  show.line(`  daemon's log    ${join(dir, 'daemon.log')}`)
}

/** Where a story waits. */
interface Pauses {
  /** Until the narrator has told what came so far. */
  narrated(): Promise<void>
  /** As long as a person reads. */
  breathe(): Promise<void>
}

/** Runs a story while the narrator tells what the daemon does; a daemon that ends meanwhile ends the story. */
async function watched(
  world: World,
  { show, clock, signal }: DemoOptions,
  teller: Teller,
  story: (pauses: Pauses) => Promise<DemoEnd>,
): Promise<DemoEnd> {
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  const narrator = narrate(world, { show, clock, signal: either, tell: teller.story })
  const died = world.daemon.ended.then((words) => {
    if (either.aborted) return 'interrupted' as const
    throw new Error(`the daemon ended:\n${words}`)
  })
  const breathe = async () => {
    if (show.live) await sleep(clock, pause, signal)
    signal.throwIfAborted()
  }
  try {
    return await Promise.race([story({ narrated: narrator.quiet, breathe }), died])
  } finally {
    over.abort()
    died.catch(() => undefined)
    await narrator.ended
  }
}

/** Runs one stage and says what came about; false where it did not. */
async function came(stage: Stage, world: World, teller: Teller, { narrated, breathe }: Pauses): Promise<boolean> {
  try {
    const { shown = [], came } = await stage.run(world)
    await narrated()
    teller.lines(shown)
    teller.came(came)
    await breathe()
    return true
  } catch (error) {
    if (!(error instanceof StageError)) throw error
    teller.failed(stage, error.message)
    return false
  }
}

/** Stays up until the person has had enough; digits cut clusters off and let them back. */
async function stay(world: World, { show, signal, keyboard }: DemoOptions): Promise<void> {
  if (!keyboard) return aborted(signal)
  show.line()
  show.line(
    `Keys: ${clusters.map(({ name }, i) => `${i + 1} cuts ${name} off, or lets it back`).join('; ')}; q ends the demo.`,
  )
  const away = new Set<string>()
  const quit = deferred<void>()
  const stopListening = listenForKeys(keyboard, {
    quit: quit.resolve,
    digit(number) {
      const name = clusters[number - 1]?.name
      if (name === undefined) return
      const reachable = away.delete(name)
      if (!reachable) away.add(name)
      show.line(`  ${name} ${reachable ? 'can be reached again' : 'is cut off'}`)
      void world.setReachable(name, reachable)
    },
  })
  try {
    await Promise.race([quit.promise, aborted(signal)])
  } finally {
    stopListening()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
