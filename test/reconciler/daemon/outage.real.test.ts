import assert from 'node:assert/strict'
import { describeMembers } from '../../testbed/members.ts'
import { configMap, yaml } from './documents.ts'
import { isApplied, needs, type TestFleet, withFleet } from './harness.ts'
import { pathOf } from './members.ts'

describeMembers('an outage', needs, () => {
  it('of one cluster costs the others nothing, and it catches up when it is back', () =>
    withFleet({}, async (fleet) => {
      write(fleet, 'one')
      await fleet.push('First')
      const daemon = await fleet.start()
      await daemon.synced()

      fleet.member('c2').gate.setOpen(false)
      await daemon.until((status) => status.sync === 'unreachable', 'c2 cannot be reached')
      write(fleet, 'two')
      await fleet.push('Second')
      await daemon.sync()
      await daemon.until(async () => same(await values(fleet), ['two', 'one', 'two']), 'the others go on')
      const states = daemon.status().clusters.map(({ sync }) => sync)
      assert.deepEqual(states, ['synced', 'unreachable', 'synced'])

      fleet.member('c2').gate.setOpen(true)
      await daemon.until((status) => status.sync === 'synced' && isApplied(status), 'c2 catches up')
      assert.deepEqual(await values(fleet), ['two', 'two', 'two'])
    }))

  it('of a cluster that is there at no start holds back no other', () =>
    withFleet({}, async (fleet) => {
      write(fleet, 'one')
      await fleet.push('First')
      const first = await fleet.start()
      await first.synced()
      await first.stop()
      fleet.member('c2').gate.setOpen(false)

      write(fleet, 'two')
      await fleet.push('Second')
      const second = await fleet.start()
      await second.sync()
      await second.until(async () => same(await values(fleet), ['two', 'one', 'two']), 'the others go on')
    }))

  it('of the Git server leaves clusters looked after, and the next pull takes what was pushed meanwhile', () =>
    withFleet({}, async (fleet) => {
      write(fleet, 'one')
      await fleet.push('First')
      const daemon = await fleet.start()
      await daemon.synced()
      write(fleet, 'two')
      await fleet.push('Second')

      fleet.server.setDown(true)
      await daemon.sync()
      assert.match(daemon.status().source.problem, /cannot be reached/)
      await fleet.member('c1').send('DELETE', pathOf.configMap(fleet.ns, 'web'))
      await daemon.until(async () => same(await values(fleet), ['one', 'one', 'one']), 'drift is healed')

      fleet.server.setDown(false)
      const status = await daemon.synced()
      assert.equal(status.source.problem, '')
      assert.deepEqual(await values(fleet), ['two', 'two', 'two'])
    }))

  it('of the Git server at the start leaves clusters looked after as the clone says', () =>
    withFleet({}, async (fleet) => {
      write(fleet, 'one')
      await fleet.push('First')
      const first = await fleet.start()
      await first.synced()
      await first.stop()
      await fleet.member('c1').send('DELETE', pathOf.configMap(fleet.ns, 'web'))
      write(fleet, 'two')
      await fleet.push('Second')
      fleet.server.setDown(true)

      const second = await fleet.start()
      await second.sync()
      assert.match(second.status().source.problem, /cannot be reached/)
      await second.until(async () => same(await values(fleet), ['one', 'one', 'one']), 'drift is healed')

      fleet.server.setDown(false)
      await second.synced()
      assert.deepEqual(await values(fleet), ['two', 'two', 'two'])
    }))

  it('by a server that rejects the push is said in its words, and nothing of that commit is applied', () =>
    withFleet({}, async (fleet) => {
      write(fleet, 'one')
      await fleet.push('First')
      const daemon = await fleet.start()
      await daemon.synced()
      write(fleet, 'two')
      await fleet.push('Second')

      fleet.server.rejectPushes('no deployments on a Friday')
      await daemon.sync()
      assert.match(daemon.status().generated.problem, /no deployments on a Friday/)
      assert.deepEqual(await values(fleet), ['one', 'one', 'one'])

      fleet.server.rejectPushes(undefined)
      const status = await daemon.synced()
      assert.equal(status.generated.problem, '')
      assert.deepEqual(await values(fleet), ['two', 'two', 'two'])
    }))
})

describeMembers('two daemons on one fleet by accident', needs, () => {
  it('do not fight: each change is one commit, and one of them stops writing for good', () =>
    withFleet({}, async (fleet) => {
      write(fleet, 'zero')
      await fleet.push('First')
      const one = await fleet.start()
      await one.synced()
      const two = await fleet.start({ fresh: true })
      await two.sync()
      await two.until(isApplied, 'the second finds everything as it should be')

      for (const value of ['one', 'two', 'three']) {
        write(fleet, value)
        await fleet.push(value)
        await Promise.all([one.sync(), two.sync()])
        await one.until(async () => same(await values(fleet), [value, value, value]), `${value} is applied`)
      }

      assert.deepEqual(
        fleet.generatedLog().map((message) => message.split('\n')[0]),
        ['three', 'two', 'one', 'First'],
      )
      const told = () => [one, two].map((daemon) => daemon.status().clusters.map(({ message }) => message))
      await one.until(
        () => fleet.members.every((_, i) => told().some((messages) => /another daemon/.test(messages[i] ?? ''))),
        'one of both is told in each cluster that another daemon took over',
      )
      for (const i of fleet.members.keys())
        assert.equal(told().filter((messages) => /another daemon/.test(messages[i] ?? '')).length, 1)

      const c1 = fleet.member('c1')
      await c1.send('DELETE', pathOf.configMap(fleet.ns, 'web'))
      await one.until(async () => same(await values(fleet), ['three', 'three', 'three']), 'drift is still healed')
    }))
})

function write(fleet: TestFleet, key: string): void {
  fleet.people.write('web.yaml', yaml(configMap(fleet.ns, 'web', { key }, { clusters: ['c1', 'c2', 'c3'] })))
}

function values(fleet: TestFleet): Promise<readonly unknown[]> {
  const path = pathOf.configMap(fleet.ns, 'web')
  return Promise.all(fleet.members.map((member) => member.value(path, ['data', 'key'])))
}

function same(actual: readonly unknown[], expected: readonly unknown[]): boolean {
  return JSON.stringify(actual) === JSON.stringify(expected)
}
