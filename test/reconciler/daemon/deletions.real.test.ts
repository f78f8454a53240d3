import assert from 'node:assert/strict'
import { describeMembers } from '../../testbed/members.ts'
import { configMap, yaml } from './documents.ts'
import { needs, type RunningDaemon, type TestFleet, withFleet } from './harness.ts'
import { configMapsOf } from './members.ts'

describeMembers('objects that leave Git', needs, () => {
  it('are deleted within the budget, and what somebody else made stays', () =>
    withFleet({}, async (fleet) => {
      write(fleet, 12)
      await fleet.push('Twelve objects')
      const daemon = await fleet.start()
      await daemon.synced()
      const stranger = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'stranger', ...labelsOf(fleet) } }
      await fleet.member('c1').send('POST', `/api/v1/namespaces/${fleet.ns}/configmaps`, stranger)

      write(fleet, 10)
      await fleet.push('Ten objects')
      await daemon.synced()

      assert.deepEqual(await counts(fleet), [11, 10, 10])
      assert.ok((await configMapsOf(fleet.member('c1'), fleet.ns, fleet.name)).includes('stranger'))
    }))

  it('stay while they are over the budget, the rest goes on, and the trailer with their digest lets them go', () =>
    withFleet({ spec: { budget: { maxDeletedObjects: 5 } } }, async (fleet) => {
      write(fleet, 10)
      await fleet.push('Ten objects')
      const daemon = await fleet.start()
      await daemon.synced()

      write(fleet, 8, { added: 'yes' })
      await fleet.push('Eight objects, and changed ones')
      const digest = await heldBack(daemon)
      assert.deepEqual(await counts(fleet), [10, 10, 10])
      assert.equal(
        await fleet.member('c3').value(`/api/v1/namespaces/${fleet.ns}/configmaps/o-7`, ['data', 'added']),
        'yes',
      )
      assert.match(
        daemon.status().generated.problem,
        /^6 objects in 3 clusters are not deleted: more than 5 objects; to allow it, push a commit with the trailer Flotilla-Allow-Delete: [0-9a-f]{12}$/,
      )

      await fleet.push(`Try another one\n\nFlotilla-Allow-Delete: ${'0'.repeat(12)}`)
      assert.equal(await heldBack(daemon), digest)
      assert.deepEqual(await counts(fleet), [10, 10, 10])

      await fleet.push(`Let them go\n\nFlotilla-Allow-Delete: ${digest}`)
      const status = await daemon.synced()
      assert.equal(status.generated.problem, '')
      assert.deepEqual(await counts(fleet), [8, 8, 8])
    }))

  it('are held back after a restart too, and a revert makes them wanted again', () =>
    withFleet({ spec: { budget: { maxDeletedObjects: 0 } } }, async (fleet) => {
      write(fleet, 3)
      await fleet.push('Three objects')
      const first = await fleet.start()
      await first.synced()
      write(fleet, 2)
      await fleet.push('Two objects')
      const digest = await heldBack(first)
      await first.stop()

      const second = await fleet.start()
      await second.sync()
      assert.equal(await heldBack(second), digest)
      assert.deepEqual(await counts(fleet), [3, 3, 3])

      await fleet.people.git('revert', '--no-edit', 'HEAD')
      await fleet.people.push()
      const status = await second.synced()
      assert.equal(status.generated.problem, '')
      assert.deepEqual(await counts(fleet), [3, 3, 3])
    }))

  it('stay where a source folder was emptied by mistake, whose files are more than a tenth of the fleet', () =>
    withFleet({}, async (fleet) => {
      write(fleet, 6)
      await fleet.push('Six objects')
      const daemon = await fleet.start()
      await daemon.synced()

      fleet.people.remove('objects.yaml')
      await fleet.push('Empty the folder')
      await heldBack(daemon)

      assert.match(
        daemon.status().generated.problem,
        /^18 objects in 3 clusters are not deleted: nothing of the fleet would be left, more than 10 %/,
      )
      assert.deepEqual(await counts(fleet), [6, 6, 6])
    }))
})

function write(fleet: TestFleet, count: number, data = {}): void {
  const objects = Array.from({ length: count }, (_, i) =>
    configMap(fleet.ns, `o-${i}`, { i: String(i), ...data }, { clusters: fleet.members.map(({ name }) => name) }),
  )
  fleet.people.write('objects.yaml', yaml(...objects))
}

async function heldBack(daemon: RunningDaemon): Promise<string> {
  await daemon.sync()
  await daemon.settled()
  return daemon.until(
    ({ generated }) => /Flotilla-Allow-Delete: ([0-9a-f]{12})/.exec(generated.problem)?.[1],
    'deletions are held back',
  )
}

function labelsOf({ name }: TestFleet) {
  return { labels: { 'flotilla.dev/fleet': name } }
}

async function counts(fleet: TestFleet): Promise<readonly number[]> {
  const lists = await Promise.all(fleet.members.map((member) => configMapsOf(member, fleet.ns, fleet.name)))
  return lists.map(({ length }) => length)
}
