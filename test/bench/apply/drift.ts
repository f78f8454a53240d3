import { setTimeout as sleep } from 'node:timers/promises'
import { goal, type Measure, type Row } from '../result.ts'
import { percentile } from '../stats.ts'
import { bareUser } from './bare.ts'
import { driftOf, objectOf, pathOf } from './objects.ts'
import { type Answered, isWrite } from './request-log.ts'
import type { Bench } from './rows.ts'

/** Who changes objects by hand: the testbed's own user. */
const hand = 'testbed'
/** A change by hand every so many milliseconds; they do not wait for each other. */
const pace = 50

/** A drift that is not put right in so many milliseconds never will be. */
const longestHeal = 60_000

/** Objects are changed by hand, each once, and put right again. */
export async function driftRows(bench: Bench): Promise<readonly Row[]> {
  const { world, settings, say } = bench
  const stopHealing = await world.bare.healAll(bench.versionsOf(bareUser))
  const limit = await healed(bench, bareUser)
  await stopHealing()
  say(`drift: bare p99 ${percentile(limit, 99).toFixed(0)} ms`)

  const flotilla = await healed(bench, world.flotilla.user)
  say(`drift: flotilla p99 ${percentile(flotilla, 99).toFixed(0)} ms`)

  let peer: readonly number[] | undefined
  if (world.flux) {
    const changed = await drift(bench, world.flux.user)
    const asked = await world.flux.lookAgain()
    peer = (await heals(bench, world.flux.user, changed)).map(({ heal }) => heal.answeredAt - asked)
    say(`drift: flux p99 ${percentile(peer, 99).toFixed(0)} ms after it was asked`)
  }
  const note = 'counted from when it was asked to look; by itself it looks at its next interval, minutes apart'
  const row = (percent: number): Row => {
    const at = (values: readonly number[], said = ''): Measure => ({
      value: percentile(values, percent),
      runs: [...values],
      note: said,
    })
    const title = `${settings.drifts} drifts → healed, p${percent}`
    const rest = { unit: 'ms', limit: at(limit), peer: peer && at(peer, note) } as const
    return { name: `drift-p${percent}`, title, flotilla: at(flotilla), ...rest }
  }
  return [row(50), { ...row(99), goal: goal('< 1 s', percentile(flotilla, 99) < 1000) }]
}

async function healed(bench: Bench, user: string): Promise<readonly number[]> {
  const changed = await drift(bench, user, pace)
  return (await heals(bench, user, changed)).map(({ drift, heal }) => heal.answeredAt - drift.answeredAt)
}

/** Changes objects of one contender by hand and gives the time before the first. */
async function drift({ world, settings, versionsOf }: Bench, contender: string, every = 0): Promise<number> {
  const at = Date.now()
  const sent: Promise<unknown>[] = []
  for (let i = 0; i < settings.drifts; i++) {
    const plane = world.planes[i % world.planes.length]
    const index = Math.floor(i / world.planes.length)
    if (!plane || index >= settings.count) break
    const object = objectOf(contender, index, plane.name, versionsOf(contender))
    const request = plane.request('PATCH', pathOf(object), driftOf(object))
    if (every === 0) await request
    else sent.push(request, sleep(at + (i + 1) * every - Date.now()))
    if (every > 0) await sent.at(-1)
  }
  await Promise.all(sent)
  return at
}

interface Heal {
  readonly drift: Answered
  readonly heal: Answered
}

/** Each change by hand since a time with the write that put it right, once there is one for each. */
async function heals({ world }: Bench, user: string, since: number): Promise<readonly Heal[]> {
  const byHand = world.log
    .since(since, hand)
    .filter((one) => isWrite(one) && one.object?.startsWith(`bench-${user}-`) === true)
  if (byHand.length === 0) throw new Error(`no object of ${user} was changed by hand`)
  const pairs = (found: readonly Answered[]) =>
    byHand.flatMap((drift) => {
      const heal = found.find(
        (one) =>
          isWrite(one) &&
          one.cluster === drift.cluster &&
          one.object === drift.object &&
          // The watch may tell of a change before its own answer is written.
          one.receivedAt >= drift.receivedAt,
      )
      return heal ? [{ drift, heal }] : []
    })
  const found = await world.log
    .until(since, user, (answered) => pairs(answered).length === byHand.length, longestHeal)
    .catch(() => world.log.since(since, user))
  const done = new Set(pairs(found).map(({ drift }) => drift))
  const left = byHand.filter((one) => !done.has(one)).map(({ cluster, object }) => `${cluster}: ${object}`)
  if (left.length > 0)
    throw new Error(`${user} did not put right ${left.length} objects: ${left.slice(0, 5).join(', ')}`)
  return pairs(found)
}
