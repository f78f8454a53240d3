import assert from 'node:assert/strict'
import pino from 'pino'
import { type Deletion, digestOf } from '../../../reconciler/cycle/budget.ts'
import { createDeletionGuard } from '../../../reconciler/cycle/deletions.ts'
import type { FleetOrder } from '../../../reconciler/cycle/members.ts'
import type { Commit } from '../../../reconciler/git/types.ts'
import { testClock } from '../../clocks.ts'
import { fleet } from '../../render/helper.ts'
import { readSource } from './support.ts'

const source = 'a'.repeat(40)

/** A guard over members that would delete `deletions`, in a fleet of a thousand objects. */
async function guarding(deletions: readonly Deletion[]) {
  const { fleet: settings } = await readSource({ 'flotilla.yaml': fleet })
  const clock = testClock()
  const world = {
    clock,
    looks: 0,
    deletions,
    commit: 'one',
    source,
    messages: ['Change'] as readonly string[],
    logs: 0,
    allowed: [] as (readonly string[])[],
    desired: new Map([['a', { commit: '', tree: '', objects: new Map([['ConfigMap/ns/kept', kept]]) }]]),
    unplaced: [] as readonly string[],
    onLog: () => {},
  }
  const order = (): FleetOrder => ({
    ...{ commit: world.commit, fleet: settings, fleetUid: 'uid', clusters: [], desired: world.desired },
    ...{ leaving: new Set(), mayDelete: [], unplaced: new Set(world.unplaced) },
  })
  const guard = createDeletionGuard({
    members: { deletions: () => world.deletions, settled: async () => undefined, total: () => 1000 },
    repository: {
      async logAll() {
        world.logs++
        world.onLog()
        return world.messages.map((message, i): Commit => ({ ...bare, oid: String(i), message }))
      },
    },
    log: pino({ level: 'silent' }),
    inForce: () => ({ order: order(), source: world.source }),
    allow: (deletions) => world.allowed.push(clustersOf(deletions)),
    onChange: () => {
      world.looks++
    },
    clock,
  })
  return { guard, world }
}

const bare = { parents: [], tree: '', author: { name: '', email: '', time: 0 } }
const some = (count: number, cluster = 'a'): readonly Deletion[] =>
  Array.from({ length: count }, (_, i) => ({
    cluster,
    subject: `ConfigMap/ns/o-${i}`,
    uid: `${cluster}-${i}`,
    takes: 0,
  }))
const clustersOf = (deletions: readonly Deletion[]) => [...new Set(deletions.map((one) => one.cluster))].sort()
const kept = {
  subject: 'ConfigMap/ns/kept',
  ...{ oid: '', source: '', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept' } } },
}

describe('the guard of deletions', () => {
  it('lets clusters delete within the budget, and reads no history for it', async () => {
    const { guard, world } = await guarding([...some(3), ...some(3, 'b')])
    assert.equal(guard.isBusy(), true)
    await guard.settled()
    assert.deepEqual(world.allowed, [['a', 'b']])
    assert.deepEqual(clustersOf(guard.mayDelete('one')), ['a', 'b'])
    assert.equal(guard.problem(), '')
    assert.equal(world.logs, 0)
  })

  it('allows nothing for a commit that was not judged', async () => {
    const { guard, world } = await guarding(some(3))
    await guard.settled()
    assert.deepEqual([...guard.mayDelete('two')], [])
    world.commit = 'two'
    guard.look()
    assert.deepEqual([...guard.mayDelete('one')], [])
    await guard.settled()
    assert.deepEqual(clustersOf(guard.mayDelete('two')), ['a'])
  })

  it('holds back what is over the budget, says so once, and asks again only when something changed', async () => {
    const { guard, world } = await guarding(some(30))
    await guard.settled()
    assert.deepEqual(world.allowed, [])
    assert.match(guard.problem(), /^30 objects in 1 cluster are not deleted/)
    assert.equal(guard.isBusy(), false, 'what waits for a person is not under way')
    guard.look()
    await guard.settled()
    assert.equal(world.logs, 1)

    world.deletions = some(29)
    await guard.settled()
    assert.match(guard.problem(), /^29 objects/)
    assert.equal(world.logs, 2)
    world.deletions = []
    guard.look()
    assert.equal(guard.problem(), '')
  })

  it('lets go what a trailer of a source commit allows, in any case of its key', async () => {
    const { guard, world } = await guarding(some(30))
    await guard.settled()
    world.source = 'b'.repeat(40)
    world.messages = ['Newer', `Allow\n\nflotilla-allow-delete: ${digestOf(some(30))}`]
    await guard.settled()
    assert.deepEqual(world.allowed, [['a']])
    assert.equal(guard.problem(), '')
  })

  it('lets go nothing by a digest in a subject, or of another set', async () => {
    const { guard, world } = await guarding(some(30))
    world.messages = [
      `Flotilla-Allow-Delete: ${digestOf(some(30))}`,
      `x\n\nFlotilla-Allow-Delete: ${digestOf(some(31))}`,
    ]
    await guard.settled()
    assert.deepEqual(world.allowed, [])
  })

  it('counts what the same commit was allowed before, when a cluster comes back later', async () => {
    const { guard, world } = await guarding(some(15))
    await guard.settled()
    assert.deepEqual(world.allowed, [['a']])

    world.deletions = [...some(15), ...some(15, 'late')]
    await guard.settled()
    assert.match(guard.problem(), /^15 objects in 1 cluster are not deleted: .*, with the 15 already deleted/)
    assert.deepEqual(world.allowed, [['a']])
  })

  it('allows the very objects that were judged, and judges what leaves the same cluster later', async () => {
    const { guard, world } = await guarding(some(15))
    await guard.settled()
    assert.equal(guard.mayDelete('one').length, 15)

    world.deletions = some(30)
    await guard.settled()
    assert.match(guard.problem(), /^15 objects in 1 cluster are not deleted: .*, with the 15 already deleted/)
    assert.equal(guard.mayDelete('one').length, 15)
  })

  it('asks before the last object of a fleet goes, and before a workload goes that is placed nowhere by a slip', async () => {
    const { guard, world } = await guarding(some(1))
    world.desired = new Map()
    await guard.settled()
    assert.match(guard.problem(), /^1 object in 1 cluster is not deleted: nothing of the fleet would be left;/)

    const other = await guarding(some(1))
    other.world.unplaced = ['ConfigMap/ns/o-0']
    await other.guard.settled()
    assert.match(other.guard.problem(), /is not deleted: the placement of ConfigMap\/ns\/o-0 selects no cluster;/)
    assert.deepEqual(other.world.allowed, [])
  })

  it('says why history cannot be read, and asks for another look only after a pause', async () => {
    const { guard, world } = await guarding(some(30))
    world.onLog = () => {
      throw new Error('the remote is away')
    }
    await guard.settled()
    assert.match(guard.problem(), /^deletions wait, for they cannot be judged: the remote is away$/)
    assert.equal(guard.isBusy(), false)
    const looks = world.looks
    for (let i = 0; i < 3; i++) guard.look()
    await guard.settled()
    assert.deepEqual([world.logs, world.looks], [1, looks])

    world.onLog = () => {}
    world.messages = [`x\n\nFlotilla-Allow-Delete: ${digestOf(some(30))}`]
    world.clock.pass(10_000)
    assert.equal(world.looks, looks + 1)
    await guard.settled()
    assert.deepEqual(world.allowed, [['a']])
    assert.equal(guard.problem(), '')
  })

  it('judges anew what changed while history was read', async () => {
    const { guard, world } = await guarding(some(30))
    world.messages = [`x\n\nFlotilla-Allow-Delete: ${digestOf(some(30))}`]
    world.onLog = () => {
      world.deletions = some(31)
    }
    await guard.settled()
    assert.deepEqual(world.allowed, [], 'the allowance was for another set')
    assert.match(guard.problem(), /^31 objects/)
  })
})
