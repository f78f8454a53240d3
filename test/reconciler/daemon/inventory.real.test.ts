import assert from 'node:assert/strict'
import { describeMembers } from '../../testbed/members.ts'
import { configMap, deployment, preference, yaml } from './documents.ts'
import { needs, type RunningDaemon, type TestFleet, withFleet } from './harness.ts'
import { configMapsOf, pathOf } from './members.ts'

describeMembers('the inventory of a fleet', needs, () => {
  it('may grow: the new cluster runs what is selected for it, and takes its share of replicas once it was seen', () =>
    withFleet({}, async (fleet) => {
      fleet.people.remove('clusters/c3.yaml')
      const daemon = await running(fleet)
      assert.deepEqual(await whereItRuns(fleet), [['web'], ['web'], []])
      assert.deepEqual(await replicas(fleet), [3, 3, undefined])

      fleet.writeCluster('c3')
      await fleet.push('Add c3')
      await daemon.applied()

      assert.deepEqual(await whereItRuns(fleet), [['web'], ['web'], ['web']])
      const divided = async () => JSON.stringify(await replicas(fleet)) === '[2,2,2]'
      await daemon.until(divided, 'the replicas are divided anew')
    }))

  it('may shrink: a cluster that is taken out keeps what it runs, and is not looked after any more', () =>
    withFleet({}, async (fleet) => {
      const daemon = await running(fleet)

      fleet.people.remove('clusters/c3.yaml')
      await fleet.push('Take c3 out')
      const status = await daemon.applied()

      assert.deepEqual(
        status.clusters.map(({ cluster }) => cluster),
        ['c1', 'c2'],
      )
      assert.deepEqual(await whereItRuns(fleet), [['web'], ['web'], ['web']])
      const divided = async () => JSON.stringify(await replicas(fleet)) === '[3,3,2]'
      await daemon.until(divided, 'the others take its share')
      assert.equal(fleet.git('ls-tree', '-r', '--name-only', 'generated').includes('c3'), false)
    }))

  it('empties a cluster that is taken out with deletionPolicy Delete, over a restart and an outage', () =>
    withFleet({}, async (fleet) => {
      fleet.writeCluster('c3', { deletionPolicy: 'Delete' })
      const first = await running(fleet)
      const c3 = fleet.member('c3')
      const stranger = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'stranger' } }
      await c3.send('POST', `/api/v1/namespaces/${fleet.ns}/configmaps`, stranger)

      c3.gate.setOpen(false)
      fleet.people.remove('clusters/c3.yaml')
      await fleet.push('Take c3 out')
      await first.until(async ({ clusters }) => {
        const last = clusters.at(-1)
        return last?.cluster === 'c3' && /^leaving the fleet; /.test(last.message) && (await replicas(fleet))[0] === 3
      }, 'c3 is leaving')
      await first.stop()
      assert.deepEqual(await whereItRuns(fleet), [['web'], ['web'], ['web']])

      c3.gate.setOpen(true)
      const second = await fleet.start()
      await second.sync()
      await second.until(({ clusters }) => clusters.length === 2, 'c3 has left')

      assert.deepEqual(await whereItRuns(fleet), [['web'], ['web'], []])
      assert.deepEqual(await replicas(fleet), [3, 3, undefined])
      assert.ok(await c3.live(pathOf.configMap(fleet.ns, 'stranger')))
      assert.equal(fleet.git('ls-tree', '-r', '--name-only', 'generated').includes('c3'), false)
    }))

  it('forgets no cluster that is taken out while the fleet is suspended', () =>
    withFleet({}, async (fleet) => {
      fleet.writeCluster('c3', { deletionPolicy: 'Delete' })
      const daemon = await running(fleet)

      fleet.writeFleet({ suspend: true })
      fleet.people.remove('clusters/c3.yaml')
      await fleet.push('Take c3 out of a suspended fleet')
      await daemon.sync()
      await daemon.settled()
      await daemon.sync()
      assert.equal(daemon.status().clusters.length, 3)
      assert.deepEqual(await whereItRuns(fleet), [['web'], ['web'], ['web']])

      fleet.writeFleet({})
      await fleet.push('Go on')
      await daemon.sync()
      await daemon.until(({ clusters }) => clusters.length === 2, 'c3 has left')
      assert.deepEqual(await whereItRuns(fleet), [['web'], ['web'], []])
    }))

  it('that loses more clusters at a time than the budget allows keeps them until the trailer lets them go', () =>
    withFleet({}, async (fleet) => {
      const daemon = await running(fleet)

      for (const name of ['c2', 'c3']) fleet.people.remove(`clusters/${name}.yaml`)
      await fleet.push('Lose two of them')
      const held = await daemon.applied()
      const [, digest] = /^c2, c3 left the inventory, .* Flotilla-Allow-Delete: ([0-9a-f]{12})$/.exec(
        held.generated.problem,
      ) ?? [held.generated.problem]
      assert.ok(digest, held.generated.problem)
      assert.equal(held.clusters.length, 3)
      assert.deepEqual(await replicas(fleet), [2, 2, 2])
      await fleet.member('c3').send('DELETE', pathOf.configMap(fleet.ns, 'web'))
      await daemon.until(async () => (await whereItRuns(fleet))[2]?.length === 1, 'c3 is still looked after')

      await fleet.push(`Let them go\n\nFlotilla-Allow-Delete: ${digest}`)
      const status = await daemon.applied()
      assert.equal(status.generated.problem, '')
      assert.equal(status.clusters.length, 1)
      assert.deepEqual(await replicas(fleet), [6, 2, 2])
    }))

  it('with a document in error has its cluster looked after as before', () =>
    withFleet({}, async (fleet) => {
      const daemon = await running(fleet)

      fleet.writeCluster('c3', { deletionPolicy: 'Destroy' })
      await fleet.push('Make a mistake')
      const status = await daemon.applied()

      assert.equal(status.messages.filter(({ path }) => path === 'clusters/c3.yaml').length, 1)
      await fleet.member('c3').send('DELETE', pathOf.configMap(fleet.ns, 'web'))
      await daemon.until(async () => (await whereItRuns(fleet))[2]?.length === 1, 'its drift is healed')
      assert.deepEqual(await replicas(fleet), [2, 2, 2])
    }))
})

async function running(fleet: TestFleet): Promise<RunningDaemon> {
  fleet.people.write(
    'web.yaml',
    yaml(
      configMap(fleet.ns, 'web', { key: 'value' }, { everywhere: true }),
      deployment(fleet.ns, 'web', 6, { everywhere: true }),
      preference(fleet.ns, 'web', 6, { rebalance: true, clusters: { '*': { weight: 1 } } }),
    ),
  )
  await fleet.push('Run web')
  const daemon = await fleet.start()
  await daemon.applied()
  return daemon
}

function whereItRuns(fleet: TestFleet): Promise<readonly (readonly string[])[]> {
  return Promise.all(fleet.members.map((member) => configMapsOf(member, fleet.ns, fleet.name)))
}

function replicas(fleet: TestFleet): Promise<readonly unknown[]> {
  const path = pathOf.deployment(fleet.ns, 'web')
  return Promise.all(fleet.members.map((member) => member.value(path, ['spec', 'replicas'])))
}
