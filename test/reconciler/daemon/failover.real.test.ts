import assert from 'node:assert/strict'
import type { JsonObject } from '../../../repo-layout/json.ts'
import { describeMembers } from '../../testbed/members.ts'
import { deployment, preference, yaml } from './documents.ts'
import { needs, type RunningDaemon, type TestFleet, withFleet } from './harness.ts'
import { pathOf } from './members.ts'

const quick = { after: '1s', back: '1s' }

describeMembers('replicas that a preference divides', needs, () => {
  it('grow elsewhere when a cluster is lost, whose own stay as they are, and move back when it is back', () =>
    withFleet({}, async (fleet) => {
      const daemon = await divided(fleet, quick)
      assert.deepEqual(await replicas(fleet), [3, 3, 3])
      const before = fleet.git('rev-parse', 'generated:clusters/c3')

      fleet.member('c3').gate.setOpen(false)
      await daemon.until(() => committed(fleet, 2), 'the loss is a commit')
      await daemon.until(async () => hasGrown(await replicas(fleet)), 'the others grow')
      assert.equal(fleet.git('rev-parse', 'generated:clusters/c3'), before)
      const [away] = fleet.generatedLog()
      assert.match(
        away ?? '',
        /^Move replicas away from c3\n\nc3 cannot be reached; what runs there stays as it is\.\n/,
      )
      assert.match(away ?? '', /\nReason: failover\n/)

      fleet.member('c3').gate.setOpen(true)
      await daemon.until(() => committed(fleet, 3), 'the return is a commit')
      await daemon.until(async () => equal(await replicas(fleet), [3, 3, 3]), 'all is as it was')
      const [back] = fleet.generatedLog()
      assert.match(back ?? '', /^Move replicas back to c3\n\nc3 can be reached again\.\n/)
      assert.match(back ?? '', /\nReason: failback\n/)
      assert.equal(fleet.git('rev-parse', 'generated:clusters'), fleet.git('rev-parse', 'generated~2:clusters'))
    }))

  it('stay moved over a restart while the cluster is still lost', () =>
    withFleet({}, async (fleet) => {
      const first = await divided(fleet, quick)
      fleet.member('c3').gate.setOpen(false)
      await first.until(() => committed(fleet, 2), 'the loss is a commit')
      await first.stop()

      const second = await fleet.start()
      await second.sync()
      await second.until(async () => hasGrown(await replicas(fleet)), 'the others have grown')
      assert.equal(fleet.generatedLog().length, 2)

      fleet.member('c3').gate.setOpen(true)
      await second.until(() => committed(fleet, 3), 'the return is a commit')
      await second.until(async () => equal(await replicas(fleet), [3, 3, 3]), 'all is as it was')
    }))

  it('do not move when more clusters are lost than the Fleet allows: then it is rather us', () =>
    withFleet({}, async (fleet) => {
      const daemon = await divided(fleet, { ...quick, maxLostClusters: '50%' })

      for (const name of ['c2', 'c3']) fleet.member(name).gate.setOpen(false)
      const lost = await daemon.until(
        (status) => status.clusters.filter(({ sync }) => sync === 'unreachable').length === 2 && Date.now(),
        'two clusters cannot be reached',
      )
      await daemon.until(() => Date.now() > lost + 2000, 'they would have been lost long ago')
      await daemon.sync()
      assert.equal(fleet.generatedLog().length, 1)
      assert.deepEqual(await replicas(fleet), [3, 3, 3])

      fleet.member('c2').gate.setOpen(true)
      await daemon.until(() => committed(fleet, 2), 'one lost cluster is not too many')
      await daemon.until(async () => hasGrown(await replicas(fleet)), 'the others grow')
    }))
})

async function divided(fleet: TestFleet, failover: JsonObject): Promise<RunningDaemon> {
  fleet.writeFleet({ failover })
  const clusters = { '*': { weight: 1 } }
  fleet.people.write(
    'web.yaml',
    yaml(deployment(fleet.ns, 'web', 9, {}), preference(fleet.ns, 'web', 9, { rebalance: true, clusters })),
  )
  await fleet.push('Divide nine replicas')
  const daemon = await fleet.start()
  await daemon.applied()
  return daemon
}

function replicas(fleet: TestFleet): Promise<readonly unknown[]> {
  const path = pathOf.deployment(fleet.ns, 'web')
  return Promise.all(fleet.members.map((member) => member.value(path, ['spec', 'replicas'])))
}

function committed(fleet: TestFleet, count: number): boolean {
  return fleet.generatedLog().length === count
}

/** Which of the two others takes the odd replica depends on their names. */
function hasGrown([c1, c2, c3]: readonly unknown[]): boolean {
  return c3 === 3 && equal([c1, c2].sort(), [4, 5])
}

function equal(actual: unknown, expected: unknown): boolean {
  return JSON.stringify(actual) === JSON.stringify(expected)
}
