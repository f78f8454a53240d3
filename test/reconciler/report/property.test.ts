import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Sync } from '../../../reconciler/member/types.ts'
import { mostPerHour } from '../../../reconciler/report/bound.ts'
import { type Mood, makeWorld, type ReportWorld } from './world.ts'

const syncs: readonly Sync[] = [
  'synced',
  'progressing',
  'drifted',
  'degraded',
  'unauthorized',
  'unreachable',
  'suspended',
]
const clusters = ['c1', 'c2', 'c3']
const hour = 3_600_000

type Event =
  | { readonly type: 'sync'; readonly cluster: string; readonly sync: Sync; readonly message: string }
  | { readonly type: 'push'; readonly commits: number }
  | { readonly type: 'mood'; readonly mood: 'well' | 'lost' | 'unreachable' | 'unauthorized' | 'limited' }
  | { readonly type: 'restart' }
  | { readonly type: 'pass'; readonly ms: number }

const events: fc.Arbitrary<readonly Event[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        type: fc.constant('sync' as const),
        cluster: fc.constantFrom(...clusters),
        sync: fc.constantFrom(...syncs),
        message: fc.constantFrom('', 'no room', 'the disk is full'),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ type: fc.constant('push' as const), commits: fc.integer({ min: 1, max: 3 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant('mood' as const),
        mood: fc.constantFrom(
          'well' as const,
          'lost' as const,
          'unreachable' as const,
          'unauthorized' as const,
          'limited' as const,
        ),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('restart' as const) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        type: fc.constant('pass' as const),
        ms: fc.constantFrom(100, 2000, 20_000, 90_000, 700_000),
      }),
    },
  ),
  { maxLength: 40 },
)

describe('whatever happens to a fleet, its forge and its daemon', () => {
  it('no status is posted twice, the bound holds, and every commit ends settled', async function () {
    this.timeout(120_000)
    const options = fc.constantFrom(
      { maxClusterStatuses: 50 },
      { maxClusterStatuses: 1 },
      { maxClusterStatuses: 50, atOnce: 99 },
    )
    await fc.assert(
      fc.asyncProperty(options, events, async (settings, story) => {
        const world = makeWorld({ clusters, ...settings })
        try {
          world.push()
          await world.pass(2000)
          for (const event of story) await happen(world, event)
          checkJournal(world)
          world.board.become('well')
          for (const cluster of clusters) world.set(cluster, { sync: 'synced', message: '' })
          await world.pass(3 * hour)
          checkJournal(world)
          checkSettled(world)
        } finally {
          await world.stop()
        }
      }),
      { numRuns: 300 },
    )
  })
})

async function happen(world: ReportWorld, event: Event): Promise<void> {
  switch (event.type) {
    case 'sync':
      return world.set(event.cluster, { sync: event.sync, message: event.message })
    case 'push':
      world.push(event.commits)
      return
    case 'mood':
      return world.board.become(moodOf(event.mood, world.clock.now()))
    case 'restart':
      return world.restart()
    case 'pass':
      return world.pass(event.ms)
  }
}

function moodOf(type: 'well' | 'lost' | 'unreachable' | 'unauthorized' | 'limited', now: number): Mood {
  if (type === 'well' || type === 'lost') return type
  return type === 'limited' ? { type, retryAt: now + 90_000 } : { type }
}

function checkJournal({ board }: ReportWorld): void {
  const last = new Map<string, string>()
  const times = new Map<string, number[]>()
  for (const { at, commit, status } of board.journal) {
    const key = `${commit} ${status.context}`
    const text = `${status.state} ${status.description}`
    assert.notEqual(last.get(key), text, `posted twice: ${key} ${text}`)
    assert.ok([...status.description].length <= 140, text)
    last.set(key, text)
    const before = (times.get(key) ?? []).filter((time) => time > at - hour)
    times.set(key, [...before, at])
    assert.ok(before.length < mostPerHour, `too often: ${key}`)
  }
}

function checkSettled({ board, commits }: ReportWorld): void {
  for (const commit of commits) {
    const statuses = [...board.of(commit).values()]
    assert.ok(board.of(commit).has('flotilla'), `${commit} has no status`)
    const pending = statuses.filter(({ state }) => state === 'pending').map(({ context }) => context)
    assert.deepEqual(pending, [], commit)
  }
  const [tip = ''] = commits
  for (const { context, state } of board.of(tip).values()) assert.equal(state, 'success', context)
}
