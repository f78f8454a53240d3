import assert from 'node:assert/strict'
import { describeMembers } from '../../testbed/members.ts'
import { startChild } from './child.ts'
import { configMap, yaml } from './documents.ts'
import { eventually, needs, type TestFleet, withFleet } from './harness.ts'
import { configMapsOf, type TestMember } from './members.ts'

const many = 60
const spec = { budget: { maxDeletedObjects: 1000, maxDeletedPercent: 100 } }

describeMembers('a daemon that is killed', needs, () => {
  it('in the middle of an apply loses and doubles nothing: the next one goes on', () =>
    withFleet({ spec }, async (fleet) => {
      write(fleet, many)
      await fleet.push('Many objects')
      const c1 = fleet.member('c1')
      const blocked = c1.gate.blockAfter(35_000)
      const first = startChild(fleet)
      await blocked
      await eventually(async () => (await countIn(fleet, c1)) > 0, 'some objects are there')
      await first.process.kill()
      const then = await countIn(fleet, c1)
      assert.ok(then > 0 && then < many, `${then} of ${many} objects were applied when it was killed`)

      c1.gate.unblock()
      const second = startChild(fleet)
      await second.applied()
      assert.deepEqual(await counts(fleet), [many, many, many])
      for (const member of fleet.members) assert.equal(creations(fleet, member), many, member.name)

      write(fleet, many / 2)
      await fleet.push('Fewer objects')
      second.pullNow()
      await eventually(async () => (await counts(fleet)).every((count) => count === many / 2), 'none was forgotten')
      await second.process.kill()
    }))

  for (const [when, arrange] of [
    [
      'before the server took it',
      (fleet: TestFleet, kill: () => Promise<void>) => fleet.server.beforeNextReceive(kill),
    ],
    ['after the server took it', (fleet: TestFleet, kill: () => Promise<void>) => fleet.server.beforeNextAnswer(kill)],
  ] as const) {
    it(`in the middle of a push, ${when}, leaves one commit for the change: the next one goes on`, () =>
      withFleet({ spec }, async (fleet) => {
        write(fleet, 2)
        await fleet.push('Two objects')
        const first = startChild(fleet)
        await first.applied()

        write(fleet, 3)
        const source = await fleet.push('Three objects')
        arrange(fleet, () => first.process.kill())
        first.pullNow()
        await first.process.ended
        assert.deepEqual(await counts(fleet), [2, 2, 2])

        const second = startChild(fleet)
        await second.applied()
        assert.deepEqual(await counts(fleet), [3, 3, 3])
        const log = fleet.generatedLog()
        assert.deepEqual(
          log.map((message) => message.split('\n')[0]),
          ['Three objects', 'Two objects'],
        )
        assert.ok(log[0]?.includes(`Source-Commit: ${source}`))
        await second.process.kill()
        assert.equal(fleet.git('fsck', '--full', '--strict', '--no-dangling'), '')
      }))
  }
})

describeMembers('a daemon that is told to end', needs, () => {
  it('finishes the writes under way and ends at once', () =>
    withFleet({ spec }, async (fleet) => {
      write(fleet, many)
      await fleet.push('Many objects')
      const child = startChild(fleet)
      await child.logged('generated a commit')

      const start = Date.now()
      child.process.signal('SIGTERM')
      await child.process.ended

      assert.ok(Date.now() - start < 5000, `${Date.now() - start} ms`)
      await child.logged('flotilla has ended')
      const next = startChild(fleet)
      await next.applied()
      assert.deepEqual(await counts(fleet), [many, many, many])
      for (const member of fleet.members) assert.equal(creations(fleet, member), many, member.name)
      await next.process.kill()
    }))

  it('ends within 10 s even where a cluster hangs in the middle of a write', () =>
    withFleet({ spec }, async (fleet) => {
      write(fleet, many)
      await fleet.push('Many objects')
      const blocked = fleet.member('c1').gate.blockAfter(35_000)
      const child = startChild(fleet)
      await blocked

      const start = Date.now()
      child.process.signal('SIGTERM')
      await child.process.ended

      assert.ok(Date.now() - start < 10_000, `${Date.now() - start} ms`)
    }))
})

function write(fleet: TestFleet, count: number): void {
  const clusters = fleet.members.map(({ name }) => name)
  const objects = Array.from({ length: count }, (_, i) => configMap(fleet.ns, `o-${i}`, { i: String(i) }, { clusters }))
  fleet.people.write('objects.yaml', yaml(...objects))
}

async function countIn(fleet: TestFleet, member: TestMember): Promise<number> {
  return (await configMapsOf(member, fleet.ns, fleet.name)).length
}

function counts(fleet: TestFleet): Promise<readonly number[]> {
  return Promise.all(fleet.members.map((member) => countIn(fleet, member)))
}

/** How many ConfigMaps of the fleet were created in a member, as its audit log tells. */
function creations(fleet: TestFleet, { plane }: TestMember): number {
  return plane.auditEntries().filter(({ verb, objectRef, responseStatus }) => {
    const isOurs = objectRef?.resource === 'configmaps' && objectRef.namespace === fleet.ns
    return isOurs && verb === 'patch' && responseStatus?.code === 201
  }).length
}
