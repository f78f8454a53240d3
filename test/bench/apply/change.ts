import { goal, type Measure, medianOf, type Row } from '../result.ts'
import { bareUser } from './bare.ts'
import type { Contender } from './contender.ts'
import { lone } from './objects.ts'
import { type Answered, isWrite, lastAnswer } from './request-log.ts'
import type { Bench } from './rows.ts'

interface Change {
  readonly seconds: number
  /** Until the first write; the rest is the servers' work as much as the contender's. */
  readonly head: number
  readonly cpuSeconds: number
}

/** Connections to each cluster that the limit is looked for with. */
const sweep = [4, 8, 16, 32] as const

/** Every object in every cluster changes. The limit is the best of several numbers of connections. */
export async function bulkRows(bench: Bench): Promise<readonly Row[]> {
  const { world, settings, say } = bench
  const objects = settings.count * settings.clusters
  const tried: [connections: number, seconds: number][] = []
  for (const connections of sweep) {
    const seconds = await world.bare.applyAll(bench.next(bareUser, 'all'), connections)
    say(`bulk: bare, ${connections} connections a cluster: ${(objects / seconds).toFixed(0)} PATCH/s`)
    tried.push([connections, seconds])
  }
  const [connections] = tried.reduce((best, one) => (one[1] < best[1] ? one : best))

  const bare: Change[] = []
  const ours: Change[] = []
  const peers: Change[] = []
  for (let run = 0; run < settings.runs; run++) {
    const before = process.cpuUsage()
    const seconds = await world.bare.applyAll(bench.next(bareUser, 'all'), connections)
    const { user, system } = process.cpuUsage(before)
    bare.push({ seconds, head: 0, cpuSeconds: (user + system) / 1e6 })
    for (const [contender, changes] of [
      [world.flotilla, ours],
      [world.flux, peers],
    ] as const)
      if (contender) changes.push(await change(bench, contender, 'all', objects))
    const said = [bare, ours, peers].map((all) => all.at(-1)).map(told)
    say(`bulk: run ${run + 1}: ${said.join(', ')}`)
  }

  const flotilla = secondsOf(ours)
  const limit = secondsOf(bare, `best of ${sweep.join(', ')} connections a cluster: ${connections}`)
  const peer = peers.length > 0 ? secondsOf(peers) : undefined
  const rates = (changes: readonly Change[]) => medianOf(changes.map(({ seconds, head }) => objects / (seconds - head)))
  const size = `${objects} objects changed in ${settings.clusters} clusters`
  const goals = `≥ 80 % of the bare rate${peer ? ', ≤ a third of Flux' : ''}`
  const met = flotilla.value <= limit.value / 0.8 && (!peer || flotilla.value <= peer.value / 3)
  const heads = (changes: readonly Change[]) => medianOf(changes.map(({ head }) => head))
  const beforeFirst = peers.length > 0 ? heads(peers) : undefined
  const title = `${size}, from the first write to the last`
  const cpu = peers.length > 0 ? cpuOf(peers) : undefined
  return [
    { name: 'bulk', title: `${size}, told → applied`, unit: 's', flotilla, limit, peer, goal: goal(goals, met) },
    { name: 'head', title: `${size}, told → first write`, unit: 's', flotilla: heads(ours), peer: beforeFirst },
    { name: 'rate', title, unit: '/s', flotilla: rates(ours), limit: rates(bare) },
    { name: 'cpu', title: `${size}, client CPU`, unit: 's', flotilla: cpuOf(ours), limit: cpuOf(bare), peer: cpu },
  ]
}

/** One object changes in one cluster, among all the others. */
export async function oneRows(bench: Bench): Promise<readonly Row[]> {
  const { world, settings, say } = bench
  const [bare, ours, peers]: [number[], number[], number[]] = [[], [], []]
  for (let run = 0; run < settings.runs; run++) {
    bare.push(await world.bare.applyOne(bench.next(bareUser, 'one')))
    ours.push((await change(bench, world.flotilla, 'one', 1)).seconds)
    if (world.flux) peers.push((await change(bench, world.flux, 'one', 1)).seconds)
    say(`one: run ${run + 1}: ${[bare, ours, peers].map((all) => `${all.at(-1)?.toFixed(3) ?? '–'} s`).join(', ')}`)
  }
  const flotilla = medianOf(ours)
  return [
    {
      name: 'one',
      title: `1 of ${settings.count * settings.clusters} objects changed, told → applied`,
      unit: 's',
      flotilla,
      limit: medianOf(bare),
      peer: peers.length > 0 ? medianOf(peers) : undefined,
      goal: goal('≤ 0.4 s', flotilla.value <= 0.4),
    },
  ]
}

function told(change: Change | undefined): string {
  return change ? `${change.seconds.toFixed(2)} s (first write at ${change.head.toFixed(2)})` : '–'
}

/** Publishes a change and waits until so many objects were written; the last answer is the end. */
async function change(bench: Bench, contender: Contender, what: 'all' | 'one', expected: number): Promise<Change> {
  const before = contender.usage()
  const at = await contender.publish(bench.next(contender.name, what))
  const found = await bench.world.log.until(at, contender.user, (all) => written(all, expected).size >= expected)
  const writes = found.filter((one) => counts(one, expected))
  const seconds = (lastAnswer(writes) - at) / 1000
  const head = (Math.min(...writes.map(({ receivedAt }) => receivedAt)) - at) / 1000
  await contender.settled()
  const after = contender.usage()
  return { seconds, head, cpuSeconds: (after?.cpuSeconds ?? 0) - (before?.cpuSeconds ?? 0) }
}

function written(all: readonly Answered[], expected: number): ReadonlySet<string> {
  return new Set(all.filter((one) => counts(one, expected)).map(({ cluster, object }) => `${cluster}/${object}`))
}

function counts(one: Answered, expected: number): boolean {
  return isWrite(one) && (expected > 1 || one.cluster === lone.cluster)
}

function secondsOf(changes: readonly Change[], note = ''): Measure {
  return medianOf(
    changes.map(({ seconds }) => seconds),
    note,
  )
}

function cpuOf(changes: readonly Change[]): Measure {
  return medianOf(changes.map(({ cpuSeconds }) => cpuSeconds))
}

/** The most memory that each held since it was started last. */
export async function memoryRows({ world, settings }: Bench): Promise<readonly Row[]> {
  const megabytes = (contender: Contender | undefined) => {
    const bytes = contender?.usage()?.peakBytes
    return bytes === undefined ? undefined : medianOf([bytes / 1e6])
  }
  const flotilla = megabytes(world.flotilla)
  if (!flotilla) return []
  const title = `Peak memory with ${settings.count * settings.clusters} objects`
  return [{ name: 'memory', title, unit: 'MB', flotilla, peer: megabytes(world.flux) }]
}
