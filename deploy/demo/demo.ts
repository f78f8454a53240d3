import { join } from 'node:path'
import { type Clock, sleep } from '../../reconciler/clock.ts'
import { deferred } from '../../reconciler/member/deferred.ts'
import { whyNoHelm } from './daemon.ts'
import { allClusters, fleetFiles } from './fleet-files.ts'
import { type Keyboard, listenForKeys } from './keys.ts'
import { narrate } from './narrator.ts'
import { nextSteps, writeSettings } from './next-steps.ts'
import type { Stage } from './stage.ts'
import { back } from './stages/back.ts'
import { drift } from './stages/drift.ts'
import { firstSync } from './stages/first-sync.ts'
import { lost } from './stages/lost.ts'
import { placement } from './stages/placement.ts'
import { promotion } from './stages/promotion.ts'
import { revert } from './stages/revert.ts'
import { rollout } from './stages/rollout.ts'
import { createTeller, type Teller } from './teller.ts'
import { type Pauses, walk } from './tour.ts'
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

/** A person reads for so many milliseconds before a stage and after it; where nobody watches there is no pause. */
const reading = { before: 1200, after: 2400 } as const

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
    const noHelm = await whyNoHelm(places.dir)
    const withCharts = noHelm === undefined ? [rollout, promotion] : []
    const stages: readonly Stage[] = [firstSync(places.url), placement, drift, lost, back, revert, ...withCharts]
    if (stages[0]) teller.begin(stages[0], 1, stages.length)
    teller.act()
    await places.person.commit(await fleetFiles(places.kubeconfig, places.charts.url), 'Start the fleet')
    show.panel(['', '  the daemon starts'])
    const world = await openWorld(places, { signal, tell: teller.lines })
    stop = world.stop
    daemon = world.daemon
    return await withNarrator(world, options, teller, async (pauses) => {
      const { lastWords } = world.daemon
      if (!(await walk({ stages, world, teller, pauses, lastWords, signal }))) return 'failed'
      show.line()
      if (noHelm !== undefined) show.line(`The rollout of an Application is left out: ${noHelm}.`)
      show.line(`All ${stages.length} stages came about, in ${Math.round((clock.now() - started) / 1000)} s.`)
      if (!options.once) await stay(world, options, teller)
      return 'done'
    })
  } catch (error) {
    if (signal.aborted) return 'interrupted'
    throw error
  } finally {
    show.end()
    await stop()
  }
}

function welcome({ url, kubeconfig, dir }: Places, show: Show): void {
  const names = allClusters.map(({ name }) => name).join(', ')
  show.line('Four clusters, a Git server and the real daemon, all on this machine.')
  show.line()
  show.line(`  Git repository  ${url}`)
  show.line(`  kubeconfig      ${kubeconfig}`)
  show.line(`  contexts        ${names}`)
  show.line(`  daemon's log    ${join(dir, 'daemon.log')}`)
}

/** Runs a story while the narrator tells what the daemon does; a daemon that ends meanwhile ends the story. */
async function withNarrator(
  world: World,
  { show, clock, signal }: DemoOptions,
  teller: Teller,
  story: (pauses: Pauses) => Promise<DemoEnd>,
): Promise<DemoEnd> {
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  const narrator = narrate(world, { show, clock, signal: either, tell: teller.story })
  const died = world.daemon.ended.then((): DemoEnd => {
    if (either.aborted) return 'interrupted'
    show.line(`The daemon ended. It said last:\n${world.daemon.lastWords()}`)
    return 'failed'
  })
  const pauses: Pauses = {
    narrated: narrator.quiet,
    async read(when) {
      if (show.live) await sleep(clock, reading[when], signal)
      signal.throwIfAborted()
    },
  }
  try {
    const broken = narrator.ended.then(() => died)
    return await Promise.race([story(pauses), died, broken])
  } finally {
    over.abort()
    await narrator.ended
  }
}

/** Says how to go on by hand and stays up until the person has had enough; digits cut clusters off and let them back. */
async function stay(world: World, { show, signal, keyboard }: DemoOptions, teller: Teller): Promise<void> {
  show.line()
  const settings = await writeSettings({ ...world, server: world.daemon.server })
  for (const line of nextSteps(settings, join(import.meta.dirname, '../..'))) show.line(line)
  teller.stay()
  if (!keyboard) return aborted(signal)
  show.line()
  const names = allClusters.map(({ name }, i) => `${i + 1} ${name}`).join(', ')
  show.line(`Keys cut a cluster off, or let it back: ${names}; q ends the demo.`)
  const away = new Set<string>()
  const quit = deferred<void>()
  const stopListening = listenForKeys(keyboard, {
    quit: quit.resolve,
    digit(number) {
      const name = allClusters[number - 1]?.name
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
