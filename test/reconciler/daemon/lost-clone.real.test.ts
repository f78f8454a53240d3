import assert from 'node:assert/strict'
import { describeMembers } from '../../testbed/members.ts'
import { configMap, yaml } from './documents.ts'
import { needs, type TestFleet, withFleet } from './harness.ts'
import { pathOf } from './members.ts'

describeMembers('a daemon without the clone it had', needs, () => {
  it('goes on from the generated branch', () =>
    withFleet({}, async (fleet) => {
      await runTwice(fleet)
      write(fleet, 'three')
      await fleet.push('three')
      const next = await fleet.start({ fresh: true })
      await next.synced()
      assert.deepEqual(await values(fleet), ['three', 'three', 'three'])
    }))

  it('renders and applies nothing upon a branch that lacks what a member runs, until it is pushed back', () =>
    withFleet({}, async (fleet) => {
      const [first, second] = await runTwice(fleet)
      fleet.git('update-ref', 'refs/heads/generated', first)
      write(fleet, 'three')
      await fleet.push('three')

      const next = await fleet.start({ fresh: true })
      await next.sync()
      assert.equal(fleet.generatedTip(), first)
      assert.match(
        next.status().source.problem,
        new RegExp(`"generated" was rewound: it lacks commit ${second.slice(0, 12)}, which c[123] runs; `),
      )
      assert.deepEqual(await values(fleet), ['two', 'two', 'two'])

      fleet.git('update-ref', 'refs/heads/generated', second)
      await next.synced()
      assert.deepEqual(await values(fleet), ['three', 'three', 'three'])
    }))

  it('makes no missing branch anew while a member runs the fleet, or cannot be asked, unless it is told to', () =>
    withFleet({}, async (fleet) => {
      await runTwice(fleet)
      fleet.git('update-ref', '-d', 'refs/heads/generated')

      const next = await fleet.start({ fresh: true })
      await next.sync()
      assert.equal(fleet.generatedTip(), undefined)
      assert.match(next.status().source.problem, /c1 runs this fleet already \(and 2 more\)/)
      for (const { gate } of fleet.members) gate.setOpen(false)
      await next.sync()
      assert.match(next.status().source.problem, /c1 cannot be asked: /)
      for (const { gate } of fleet.members) gate.setOpen(true)
      await next.stop()

      const told = await fleet.start({ fresh: true, newFleet: true })
      await told.synced()
      assert.deepEqual(await values(fleet), ['two', 'two', 'two'])
      assert.equal(fleet.generatedLog().length, 1)
    }))
})

/** Runs the fleet until two commits were generated, and gives them. */
async function runTwice(fleet: TestFleet): Promise<readonly [string, string]> {
  write(fleet, 'one')
  await fleet.push('one')
  const daemon = await fleet.start()
  await daemon.synced()
  const first = fleet.generatedTip() ?? ''
  write(fleet, 'two')
  await fleet.push('two')
  await daemon.synced()
  await daemon.stop()
  return [first, fleet.generatedTip() ?? '']
}

function write(fleet: TestFleet, key: string): void {
  fleet.people.write('web.yaml', yaml(configMap(fleet.ns, 'web', { key }, { everywhere: true })))
}

function values(fleet: TestFleet): Promise<readonly unknown[]> {
  const path = pathOf.configMap(fleet.ns, 'web')
  return Promise.all(fleet.members.map((member) => member.value(path, ['data', 'key'])))
}
