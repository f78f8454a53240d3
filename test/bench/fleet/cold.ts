import { buildFlotilla } from '../daemon.ts'
import { goal, medianOf, type Row } from '../result.ts'
import { startFleet } from './fleet.ts'

/** How large the fleet is. */
export interface ColdSettings {
  readonly clusters: number
  readonly objects: number
  readonly runs: number
  readonly profile: string | undefined
}

interface Round {
  /** From the start of the daemon until all clusters that live are synced. */
  readonly cold: number
  /** From being told that one object changed in all clusters until they are synced with it, each time. */
  readonly changes: readonly number[]
  readonly peakBytes: number | undefined
}

/** The fleet that goals are set for; of a smaller one they say nothing. */
const large = { clusters: 1000, objects: 100 }
const deadShare = 0.1

/** A fleet from nothing, then one change on all of it; the same with every tenth cluster dead. */
export async function coldFleetRows(settings: ColdSettings, say: (line: string) => void): Promise<readonly Row[]> {
  const { clusters, objects } = settings
  const program = await buildFlotilla()
  const dead = Math.max(1, Math.round(clusters * deadShare))
  const alive = await round(program, settings, 0, say)
  const partly = await round(program, settings, dead, say)

  const title = `${clusters} sandbox clusters × ${objects} ConfigMaps`
  const partlyTitle = `${title}, ${dead} clusters dead`
  const same = 'the same with all of them alive'
  const gibibytes = ({ peakBytes }: Round) => (peakBytes === undefined ? undefined : medianOf([peakBytes / 2 ** 30]))
  const rows = [
    { name: 'fleet', what: 'daemon started → all synced', unit: 's', goalText: '≤ 60 s', most: 60, of: coldOf },
    {
      name: 'fleet-change',
      what: '1 changed in each, told → synced',
      unit: 's',
      goalText: '≤ 5 s',
      most: 5,
      of: changeOf,
    },
    {
      name: 'fleet-memory',
      what: 'peak memory of the daemon',
      unit: 'GiB',
      goalText: '≤ 1 GiB',
      most: 1,
      of: gibibytes,
    },
  ] as const
  return rows.flatMap(({ name, what, unit, goalText, most, of }): readonly Row[] => {
    const [whole, part] = [of(alive), of(partly)]
    if (!whole || !part) return []
    const aim = (value: number) =>
      clusters >= large.clusters && objects >= large.objects ? goal(goalText, value <= most) : undefined
    return [
      { name, title: `${title}: ${what}`, unit, flotilla: whole, goal: aim(whole.value) },
      {
        name: `${name}-dead`,
        title: `${partlyTitle}: ${what}`,
        unit,
        flotilla: part,
        limit: { ...whole, note: same },
        goal: aim(part.value),
      },
    ]
  })
}

function coldOf({ cold }: Round) {
  return medianOf([cold])
}

function changeOf({ changes }: Round) {
  return medianOf(changes)
}

async function round(
  program: string,
  { clusters, objects, runs, profile }: ColdSettings,
  dead: number,
  say: (line: string) => void,
): Promise<Round> {
  const fleet = await startFleet({ program, clusters, dead, objects, profile })
  try {
    const settled = (commit: string) =>
      fleet.daemon.until(
        commit,
        (all) =>
          all.length === clusters &&
          all.filter(({ sync, isApplied }) => sync === 'synced' && isApplied).length === clusters - dead,
        100,
      )
    const since = (at: number) => (Date.now() - at) / 1000
    const first = await fleet.publish(1, 'all')
    const start = fleet.daemon.start('--new-fleet')
    await settled(first)
    const cold = since(start)
    const changes: number[] = []
    for (let run = 0; run < runs; run++) {
      const commit = await fleet.publish(run + 2, 'first')
      const at = await fleet.daemon.tell()
      await settled(commit)
      changes.push(since(at))
    }
    const { value } = medianOf(changes)
    say(
      `fleet: ${dead} of ${clusters} dead: all synced after ${cold.toFixed(1)} s, a change after ${value.toFixed(2)} s`,
    )
    return { cold, changes, peakBytes: fleet.daemon.usage()?.peakBytes }
  } finally {
    await fleet.stop()
  }
}
