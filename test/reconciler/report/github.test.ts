import assert from 'node:assert/strict'
import { forgeBoard } from '../../../reconciler/report/board.ts'
import { testClock } from '../../clocks.ts'
import { type FakeGithub, startFakeGithub } from '../forge/fakes/github.ts'
import { makeWorldOn, type World } from './world.ts'

const [minute, hour] = [60_000, 3_600_000]
const clusters = Array.from({ length: 500 }, (_, i) => `c${String(i).padStart(3, '0')}`)
const twelfth = (cluster: string) => `r${Number(cluster.slice(1)) % 12}`

interface Case {
  readonly what: string
  readonly app?: boolean
  readonly maxClusterStatuses?: number
  readonly regionOf?: (cluster: string) => string
}

const cases: readonly Case[] = [
  { what: 'as it comes' },
  { what: 'with an App', app: true },
  { what: 'that asks for a status of each cluster', maxClusterStatuses: 500 },
  { what: 'with a region for each cluster', regionOf: (cluster) => cluster },
]

describe('a fleet of 500 clusters on GitHub, which refuses what is past its documented limits', function () {
  this.timeout(120_000)

  async function on(
    { app = false, maxClusterStatuses = 50, regionOf = twelfth }: Omit<Case, 'what'>,
    test: (world: World, fake: FakeGithub) => Promise<void>,
  ): Promise<void> {
    const clock = testClock(1_800_000_000_000)
    const fake = await startFakeGithub({ clock, app })
    const forge = fake.open()
    const setting = { board: forgeBoard(forge), clock, newCommit: () => fake.repository.commit('main') }
    const world = makeWorldOn(setting, { clusters, maxClusterStatuses, regionOf })
    try {
      await test(world, fake)
    } finally {
      await world.stop()
      await forge.close()
      await fake.close()
    }
  }

  /** Every cluster arrives, one after the other within five minutes; each twentieth fails for ten more. */
  async function arrive(world: World): Promise<void> {
    const isBad = (_: string, i: number) => i % 20 === 7
    for (const [i, cluster] of clusters.entries()) {
      world.set(cluster, isBad(cluster, i) ? { sync: 'degraded', message: 'no room' } : { sync: 'synced', message: '' })
      if (i % 25 === 24) await world.pass(15_000)
    }
    await world.pass(10 * minute)
    for (const cluster of clusters.filter(isBad)) world.set(cluster, { sync: 'synced', message: '' })
    await world.pass(hour)
  }

  function shown({ posted }: FakeGithub, commit: string): ReadonlyMap<string, string> {
    return new Map(posted.filter((one) => one.commit === commit).map(({ context, state }) => [context, state]))
  }

  function isWithinLimits({ server }: FakeGithub): void {
    const refused = server.requests.filter(({ status }) => status >= 300)
    assert.deepEqual(refused, [])
  }

  for (const { what, ...options } of cases)
    it(`is reported within them, the aggregate first, and ends settled: one ${what}`, () =>
      on(options, async (world, fake) => {
        const commit = world.push()
        const pushed = world.clock.now()
        await world.pass(1000)
        const [first] = fake.posted
        assert.deepEqual([first?.context, first?.state], ['flotilla', 'pending'])
        assert.ok(first && first.at - pushed < 1000, 'it is there at once')
        await arrive(world)
        isWithinLimits(fake)
        const end = shown(fake, commit)
        assert.equal(end.get('flotilla'), 'success')
        assert.deepEqual(
          [...end].filter(([, state]) => state !== 'success'),
          [],
        )
        assert.ok(fake.posted.length <= 400, `${fake.posted.length} statuses`)
        assert.ok(end.has('flotilla/c007'), 'a cluster that failed was told of by itself')
        assert.equal(world.results('posted'), fake.posted.length)
      }))

  it('is reported within them while commits follow each other, and the daemon is started anew amid each', () =>
    on({ maxClusterStatuses: 500, regionOf: (cluster) => `r${Number(cluster.slice(1)) % 60}` }, async (world, fake) => {
      for (let i = 0; i < 5; i++) {
        world.push()
        await world.pass(1000)
        for (const [at, cluster] of clusters.entries())
          world.set(cluster, at % 7 === i ? { sync: 'degraded', message: 'no room' } : { sync: 'synced', message: '' })
        await world.pass(i * 5000)
        await world.restart()
        await world.pass(5 * minute)
      }
      for (const cluster of clusters) world.set(cluster, { sync: 'synced', message: '' })
      await world.pass(4 * hour)
      isWithinLimits(fake)
      for (const commit of world.commits) {
        const open = [...shown(fake, commit)].filter(([, state]) => state === 'pending')
        assert.deepEqual(open, [], commit)
      }
    }))
})
