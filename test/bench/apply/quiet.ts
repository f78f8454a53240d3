import { setTimeout as sleep } from 'node:timers/promises'
import { goal, medianOf, type Row } from '../result.ts'
import type { Contender } from './contender.ts'
import { type Answered, lastAnswer } from './request-log.ts'
import type { Bench } from './rows.ts'

/** Without a request for so many milliseconds, a contender is done. */
const quiet = 3000
/** Restarts are slow and vary little. */
const mostRestarts = 3

/** Each is ended and started again with nothing changed. */
export async function restartRows(bench: Bench): Promise<readonly Row[]> {
  const { world, settings, say } = bench
  const [lists, ours, peers]: [number[], Restart[], Restart[]] = [[], [], []]
  for (let run = 0; run < Math.min(settings.runs, mostRestarts); run++) {
    lists.push(await world.bare.listAll())
    ours.push(await restart(bench, world.flotilla))
    if (world.flux) peers.push(await restart(bench, world.flux))
    const said = [ours, peers].map((all) => all.at(-1)).map((one) => (one ? `${one.seconds.toFixed(2)} s` : '–'))
    say(`restart: run ${run + 1}: ${said.join(', ')}`)
  }
  const each = (what: keyof Restart) => ({
    flotilla: medianOf(ours.map((one) => one[what])),
    peer: peers.length > 0 ? medianOf(peers.map((one) => one[what])) : undefined,
  })
  const patches = each('patches')
  const title = 'Restart, nothing changed'
  const limit = medianOf(lists, 'one list of each kind in each cluster')
  return [
    { name: 'restart', title: `${title}: until all was looked at`, unit: 's', limit, ...each('seconds') },
    { name: 'restart-requests', title: `${title}: requests`, unit: 'requests', ...each('requests') },
    {
      name: 'restart-patches',
      title: `${title}: PATCHes`,
      unit: 'requests',
      ...patches,
      goal: goal('0', patches.flotilla.value === 0),
    },
  ]
}

interface Restart {
  readonly seconds: number
  readonly requests: number
  readonly patches: number
}

async function restart({ world }: Bench, contender: Contender): Promise<Restart> {
  const at = await contender.restart()
  const found = await world.log.untilQuiet(at, contender.user, quiet)
  await contender.settled()
  return {
    seconds: (lastAnswer(found) - at) / 1000,
    requests: found.length,
    patches: found.filter(({ verb }) => verb === 'patch').length,
  }
}

/** Requests for each object while nothing changes, over one interval of Flux and so many seconds of Flotilla. */
export async function idleRows({ world, settings, say }: Bench): Promise<readonly Row[]> {
  const objects = settings.count * settings.clusters
  const each = (found: readonly Answered[]) => found.filter(({ object }) => object !== undefined).length / objects

  const from = await world.flotilla.lookAgain()
  say(`idle: ${settings.idleSeconds} s`)
  await sleep(settings.idleSeconds * 1000)
  const ours = world.log.since(from, world.flotilla.user)
  const others = ours.filter(({ object }) => object === undefined).length
  const flotilla = medianOf(
    [each(ours)],
    `over ${settings.idleSeconds} s with polls of Git; requests that name no object (watches, signs of life): ${others}`,
  )

  let peer: Row['peer']
  if (world.flux) {
    const at = await world.flux.lookAgain()
    peer = medianOf([each(await world.log.untilQuiet(at, world.flux.user, quiet))], 'each interval')
  }
  const title = 'Requests for each unchanged object'
  return [{ name: 'idle', title, unit: 'requests', flotilla, peer, goal: goal('0', flotilla.value === 0) }]
}
