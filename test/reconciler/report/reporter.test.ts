import assert from 'node:assert/strict'
import { releaseInCluster, rolloutOf } from '../views/rollout-example.ts'
import { makeWorld, type ReportWorld, type WorldOptions } from './world.ts'

const minute = 60_000

async function withWorld(options: WorldOptions, test: (world: ReportWorld) => Promise<void>): Promise<void> {
  const world = makeWorld(options)
  try {
    await test(world)
  } finally {
    await world.stop()
  }
}

/** What a board shows of a commit, as `context state description`. */
function shown({ board }: ReportWorld, commit: string): readonly string[] {
  return [...board.of(commit).values()]
    .map(({ context, state, description }) => `${context} ${state} ${description}`)
    .sort()
}

describe('the report on a commit', () => {
  it('goes from pending to success once every cluster is synced, and not before', () =>
    withWorld({}, async (world) => {
      const commit = world.push()
      await world.pass(1000)
      assert.deepEqual(shown(world, commit), ['flotilla pending 0/2 synced, 2 progressing'])
      world.set('c1', { sync: 'synced' })
      await world.pass(30_000)
      assert.equal(world.board.of(commit).get('flotilla')?.state, 'pending')
      assert.equal(world.board.of(commit).get('flotilla/c1')?.state, 'success')
      assert.equal(world.board.of(commit).get('flotilla/c2')?.state, 'pending')
      world.set('c2', { sync: 'synced' })
      await world.pass(1000)
      assert.deepEqual(shown(world, commit), [
        'flotilla success 2/2 synced',
        'flotilla/c1 success synced, 412/412 applied',
        'flotilla/c2 success synced, 412/412 applied',
      ])
      assert.equal(
        world.board.of(commit).get('flotilla')?.targetUrl,
        `https://forge.example/commit/${'f'.repeat(8)}${'1'.padStart(32, '0')}`,
      )
    }))

  it('turns back when a cluster drifts, and is restored when it recovers', () =>
    withWorld({}, async (world) => {
      const commit = world.push()
      for (const name of ['c1', 'c2']) world.set(name, { sync: 'synced' })
      await world.pass(1000)
      world.set('c2', { sync: 'drifted' })
      await world.pass(3000)
      assert.equal(world.board.of(commit).get('flotilla')?.state, 'success', 'what is healed at once is not told')
      await world.pass(5000)
      assert.equal(world.board.of(commit).get('flotilla')?.state, 'failure')
      assert.equal(world.board.of(commit).get('flotilla/c2')?.state, 'failure')
      world.set('c2', { sync: 'synced' })
      await world.pass(1000)
      assert.deepEqual(
        [...world.board.of(commit).values()].map(({ state }) => state),
        ['success', 'success', 'success'],
      )
    }))

  it('ends in a failure where a cluster is not healthy in time, and in an error where one cannot be reached', () =>
    withWorld({}, async (world) => {
      const commit = world.push()
      world.set('c2', { sync: 'unreachable', seenAt: '2027-01-15T07:59:00.000Z' })
      await world.pass(9 * minute)
      assert.equal(world.board.of(commit).get('flotilla/c1')?.state, 'pending')
      assert.match(world.board.of(commit).get('flotilla/c2')?.description ?? '', /^unreachable since 2027-01-15 07:59Z/)
      await world.pass(2 * minute)
      world.set('c1', { sync: 'degraded', message: 'not applied and healthy within 10m; 3/4 applied' })
      await world.pass(10_000)
      assert.equal(
        world.board.of(commit).get('flotilla/c1')?.description,
        'degraded: not applied and healthy within 10m',
      )
      assert.equal(world.board.of(commit).get('flotilla/c2')?.state, 'error')
      assert.deepEqual(
        shown(world, commit)[0],
        'flotilla failure 0/2 synced, 1 degraded, 1 unreachable: c1 not applied and healthy within 10m',
      )
    }))

  it('says first which release is kept back where and by which pods, pending and then as a failure', () =>
    withWorld({ clusters: ['c1'] }, async (world) => {
      const pod = 'super-server-71fd5980-0-nginx-5d4f8c9b7-x7k2p'
      const seen = (message: string) => ({
        rollouts: [
          rolloutOf({ contender: { ...releaseInCluster, message: `1 of 1 pods not ready: ${pod} ${message}` } }),
        ],
      })
      const commit = world.push()
      world.change(seen('not started yet'))
      await world.pass(1000)
      assert.equal(world.board.of(commit).get('flotilla')?.description, '0/1 synced, 1 progressing')
      world.change(seen('ImagePullBackOff: nginx:nope'))
      await world.pass(2 * minute)
      const why = '1 of 1 pods not ready: …-nginx-5d4f8c9b7-x7k2p ImagePullBackOff: nginx:nope'
      assert.equal(world.board.of(commit).get('flotilla')?.state, 'pending')
      const first = world.board.of(commit).get('flotilla')?.description ?? ''
      assert.ok(first.startsWith(`super-server-71fd5980-0 in c1: ${why}`), first)
      world.set('c1', { sync: 'degraded', message: 'not applied and healthy within 10m; 3/4 applied' })
      await world.pass(2 * minute)
      assert.equal(world.board.of(commit).get('flotilla')?.state, 'failure')
      assert.equal(world.board.of(commit).get('flotilla/c1')?.state, 'failure')
      const part = world.board.of(commit).get('flotilla/c1')?.description ?? ''
      assert.ok(part.startsWith(`degraded: super-server-71fd5980-0: ${why}`), part)
    }))

  it('fails the commit that made a release which failed later, though it was overtaken, and keeps it so', () =>
    withWorld({ clusters: ['c1'] }, async (world) => {
      const made = world.push()
      world.set('c1', { sync: 'synced' })
      await world.pass(minute)
      assert.equal(world.board.of(made).get('flotilla')?.state, 'success')
      const other = world.push()
      world.set('c1', { sync: 'synced' })
      await world.pass(minute)
      const reason = 'step 1 (half) does not stand within 15m; c1: 1 of 1 pods not ready'
      const failed = { release: 'super-server-3acd4093-0', reason, commit: made }
      world.change({ rollouts: [rolloutOf({}, { failed })] })
      await world.pass(minute)
      const words = `failure release super-server-3acd4093-0 failed: ${reason}`
      assert.deepEqual(shown(world, made), [`flotilla ${words}`, 'flotilla/c1 success synced, 412/412 applied'])
      const [later = ''] = shown(world, other)
      assert.ok(later.startsWith('flotilla failure release super-server-3acd4093-0 failed: '), later)

      const before = world.board.journal.length
      await world.restart()
      await world.pass(minute)
      assert.equal(world.board.journal.length, before, 'nothing is said twice')
      world.change({})
      const reverted = world.push()
      world.set('c1', { sync: 'synced' })
      await world.pass(10 * minute)
      assert.deepEqual(shown(world, made), [`flotilla ${words}`, 'flotilla/c1 success synced, 412/412 applied'])
      assert.equal(world.board.of(reverted).get('flotilla')?.state, 'success')
    }))

  it('says at once why a release is kept back where it said that it waits, and that it failed whatever was sent before', () =>
    withWorld({ clusters: ['c1'] }, async (world) => {
      const release = 'super-server-71fd5980-0'
      const said = () => world.board.of(commit).get('flotilla')?.description ?? ''
      const commit = world.push()
      await world.pass(1000)
      assert.equal(said(), '0/1 synced, 1 progressing')
      const message = `1 of 1 pods not ready: ${release}-x ImagePullBackOff: nginx:nope`
      world.change({ rollouts: [rolloutOf({ contender: { ...releaseInCluster, message } })] })
      await world.pass(1000)
      assert.ok(said().startsWith(`${release} in c1: 1 of 1 pods not ready`), said())
      for (let i = 0; i < 8; i++) {
        world.set('c1', { sync: i % 2 === 0 ? 'synced' : 'progressing' })
        await world.pass(2 * minute)
      }
      world.change({ rollouts: [rolloutOf({}, { failed: { release, reason: 'c1: no image' } })] })
      await world.pass(1000)
      assert.ok(said().startsWith(`release ${release} failed: c1: no image`), said())
    }))

  it('takes success back within seconds where pods fail for a cause that has a name, and after a minute for another', () =>
    withWorld({ clusters: ['c1'] }, async (world) => {
      const state = () => world.board.of(commit).get('flotilla')?.state
      const seen = (why: string) => {
        const message = `1 of 1 pods not ready: super-server-71fd5980-0-x ${why}`
        return { rollouts: [rolloutOf({ contender: { ...releaseInCluster, message } })] }
      }
      const commit = world.push()
      world.set('c1', { sync: 'synced' })
      await world.pass(minute)
      assert.equal(state(), 'success')
      world.change(seen('not started yet'))
      world.set('c1', { sync: 'progressing' })
      await world.pass(10_000)
      assert.equal(state(), 'success')
      world.change(seen('CrashLoopBackOff: web ends with exit code 1'))
      await world.pass(1000)
      assert.equal(state(), 'pending')
    }))

  it('settles commits that were overtaken with the one that overtook them', () =>
    withWorld({}, async (world) => {
      const first = world.push()
      await world.pass(10_000)
      const second = world.push()
      await world.pass(1000)
      assert.match(world.board.of(first).get('flotilla')?.description ?? '', /^0\/2 synced/)
      const last = world.push(3)
      const [, skipped = '', between = ''] = world.commits
      await world.pass(1000)
      for (const name of ['c1', 'c2']) world.set(name, { sync: 'synced' })
      await world.pass(1000)
      const by = `superseded by ${last.slice(0, 7)}`
      for (const commit of [first, second, skipped, between])
        assert.deepEqual(
          [world.board.of(commit).get('flotilla')?.state, world.board.of(commit).get('flotilla')?.description],
          ['success', `${by}: 2/2 synced`],
        )
      assert.equal(world.board.of(first).get('flotilla/c1')?.description, `${by}: synced, 412/412 applied`)
      assert.equal(world.board.of(last).get('flotilla')?.state, 'success')
    }))

  it('is made complete after a restart, and nothing that is there is posted again', () =>
    withWorld({}, async (world) => {
      const first = world.push()
      await world.pass(10_000)
      world.board.become({ type: 'unreachable' })
      const second = world.push()
      for (const name of ['c1', 'c2']) world.set(name, { sync: 'synced' })
      await world.pass(10_000)
      assert.equal(world.board.of(second).size, 0)
      await world.restart()
      world.board.become('well')
      await world.pass(minute)
      assert.equal(world.board.of(first).get('flotilla')?.state, 'success')
      assert.equal(world.board.of(second).size, 3)
      const before = world.board.journal.length
      await world.restart()
      await world.pass(10 * minute)
      assert.equal(world.board.journal.length, before)
    }))

  it('stays failed after a restart, until the cluster has had its time again', () =>
    withWorld({ clusters: ['c1'] }, async (world) => {
      const commit = world.push()
      await world.pass(10 * minute)
      world.set('c1', { sync: 'degraded', message: 'not applied and healthy within 10m' })
      await world.pass(10_000)
      assert.equal(world.board.of(commit).get('flotilla')?.state, 'failure')
      const before = world.board.journal.length
      world.set('c1', { sync: 'progressing', message: '' })
      await world.restart()
      // What has taken too long is noticed a little later than it has.
      await world.pass(10 * minute + 300)
      world.set('c1', { sync: 'degraded', message: 'not applied and healthy within 10m' })
      await world.pass(minute)
      assert.deepEqual(world.board.journal.slice(before), [])
    }))

  it('says once, as the worst of the hour, that a cluster is flapping', () =>
    withWorld({}, async (world) => {
      const commit = world.push()
      for (const name of ['c1', 'c2']) world.set(name, { sync: 'synced' })
      await world.pass(minute)
      for (let i = 0; i < 25; i++) {
        world.set('c2', { sync: i % 2 === 0 ? 'degraded' : 'synced', message: 'the disk is full' })
        await world.pass(minute)
      }
      const posts = world.board.journal.filter(({ status }) => status.context === 'flotilla/c2')
      assert.equal(posts.length, 6)
      assert.deepEqual(
        [posts.at(-1)?.status.state, posts.at(-1)?.status.description],
        ['failure', 'flapping: degraded: the disk is full'],
      )
      world.set('c2', { sync: 'synced', message: '' })
      await world.pass(70 * minute)
      assert.equal(world.board.of(commit).get('flotilla/c2')?.state, 'success')
      assert.equal(world.board.of(commit).get('flotilla')?.state, 'success')
    }))

  it('is per region, with each cluster that fails, in a large fleet', () =>
    withWorld({ clusters: ['a1', 'a2', 'bb1', 'bb2'], maxClusterStatuses: 3 }, async (world) => {
      const commit = world.push()
      for (const name of ['a1', 'a2', 'bb1']) world.set(name, { sync: 'synced' })
      world.set('bb2', { sync: 'degraded', message: 'no room' })
      await world.pass(20_000)
      assert.deepEqual(shown(world, commit), [
        'flotilla failure 3/4 synced, 1 degraded: bb2 no room',
        'flotilla/bb2 failure degraded: no room',
        'flotilla/region/r-2 success 2/2 synced',
        'flotilla/region/r-3 failure 1/2 synced, 1 degraded: bb2 no room',
      ])
      world.set('bb2', { sync: 'synced', message: '' })
      await world.pass(1000)
      assert.ok([...world.board.of(commit).values()].every(({ state }) => state === 'success'))
    }))

  it('keeps what matters most within its limits, and sends the rest later', () => {
    const clusters = Array.from({ length: 40 }, (_, i) => `c${i}`)
    return withWorld({ clusters, limits: { perMinute: 20, perHour: 400 } }, async (world) => {
      const commit = world.push()
      for (const name of clusters) world.set(name, { sync: 'synced' })
      world.set('c7', { sync: 'degraded', message: 'no room' })
      await world.pass(9000)
      const order = world.board.journal.map(({ status }) => status.context)
      assert.equal(order.indexOf('flotilla'), 0)
      assert.ok(order.length <= 20)
      const failing = world.board.of(commit).get('flotilla/c7')
      assert.equal(failing?.state, 'failure', 'a failure passes those that wait')
      await world.pass(5 * minute)
      assert.equal(world.board.of(commit).size, 41)
    })
  })
})
