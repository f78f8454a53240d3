import assert from 'node:assert/strict'
import type { Drift } from '../../../reconciler/member/types.ts'
import type { JsonObject } from '../../../repo-layout/json.ts'
import { describeMembers } from '../../testbed/members.ts'
import { configMap, yaml } from './documents.ts'
import { needs, type RunningDaemon, type TestFleet, withFleet } from './harness.ts'
import { pathOf } from './members.ts'

describeMembers('drift in a member cluster', needs, () => {
  it('of a field, of a deleted object and of a removed label is healed, and said whose doing it was', () =>
    withFleet({}, async (fleet) => {
      const daemon = await running(fleet, {})
      const c1 = fleet.member('c1')
      const path = (name: string) => pathOf.configMap(fleet.ns, name)

      const hotfix = { data: { key: 'hotfix' } }
      await c1.send('PATCH', `${path('field')}?fieldManager=kubectl-edit`, hotfix)
      await c1.send('DELETE', path('deleted'))
      await c1.send('PATCH', `${path('label')}?fieldManager=kubectl-label`, { metadata: { labels: { team: null } } })
      const ours = { 'flotilla.dev/fleet': null }
      await c1.send('PATCH', `${path('ours')}?fieldManager=kubectl-label`, { metadata: { labels: ours } })

      const drifts = await daemon.until((status) => {
        const found = driftsOf(status, 'c1').filter(({ healedAt }) => healedAt !== undefined)
        return found.length === 4 && found
      }, 'four drifts are healed')
      const of = (name: string) => drifts.find(({ subject }) => subject === `ConfigMap/${fleet.ns}/${name}`)
      const fields = (name: string) =>
        of(name)?.fields.map(({ path, live, wanted, manager }) => ({ path, live, wanted, manager }))
      assert.deepEqual(
        ['field', 'deleted', 'label', 'ours'].map((name) => of(name)?.reason),
        ['changed', 'deleted', 'changed', 'label removed'],
      )
      assert.deepEqual(fields('field'), [
        { path: '/data/key', live: 'hotfix', wanted: 'value', manager: 'kubectl-edit' },
      ])
      assert.deepEqual(fields('label'), [
        { path: '/metadata/labels/team', live: undefined, wanted: 'shop', manager: 'unknown (removed)' },
      ])
      for (const name of ['field', 'deleted', 'label', 'ours']) {
        assert.equal(await c1.value(path(name), ['data', 'key']), 'value', name)
        assert.equal(await c1.value(path(name), ['metadata', 'labels', 'team']), 'shop', name)
        assert.equal(await c1.value(path(name), ['metadata', 'labels', 'flotilla.dev/fleet']), fleet.name, name)
      }
      const status = await daemon.until(({ sync, ...status }) => sync === 'synced' && status, 'all is well again')
      assert.deepEqual([driftsOf(status, 'c2'), driftsOf(status, 'c3')], [[], []])
      assert.equal(fleet.generatedLog().length, 1, 'healing decides nothing, so it makes no commit')
    }))

  it('is only told where the Fleet says Report, until Git changes the object', () =>
    withFleet({}, async (fleet) => {
      const daemon = await running(fleet, { sync: { drift: 'Report' } })
      const c2 = fleet.member('c2')
      const path = pathOf.configMap(fleet.ns, 'field')
      await c2.send('PATCH', `${path}?fieldManager=kubectl-edit`, { data: { key: 'hotfix' } })

      const [drift] = await daemon.until((status) => {
        const found = driftsOf(status, 'c2')
        return found.length > 0 && found
      }, 'the drift is told')
      assert.equal(drift?.healedAt, undefined)
      assert.deepEqual(
        drift?.fields.map(({ path, manager }) => [path, manager]),
        [['/data/key', 'kubectl-edit']],
      )
      const sync = daemon.status().clusters.map((cluster) => cluster.sync)
      assert.deepEqual(sync, ['synced', 'drifted', 'synced'])
      await daemon.sync()
      await daemon.settled()
      assert.equal(await c2.value(path, ['data', 'key']), 'hotfix')
      const [asked] = await daemon.diff(['c2'])
      assert.deepEqual(
        asked?.drifts.map(({ subject }) => subject),
        [`ConfigMap/${fleet.ns}/field`],
      )

      write(fleet, 'new')
      await fleet.push('Change it in Git')
      await daemon.synced()
      assert.equal(await c2.value(path, ['data', 'key']), 'new')
    }))

  it('that came while no daemon ran is healed by the next one', () =>
    withFleet({}, async (fleet) => {
      const first = await running(fleet, {})
      await first.stop()
      const c3 = fleet.member('c3')
      const path = (name: string) => pathOf.configMap(fleet.ns, name)
      await c3.send('PATCH', `${path('field')}?fieldManager=kubectl-edit`, { data: { key: 'hotfix' } })
      await c3.send('DELETE', path('deleted'))

      const second = await fleet.start()
      await second.synced()

      assert.equal(await c3.value(path('field'), ['data', 'key']), 'value')
      assert.equal(await c3.value(path('deleted'), ['data', 'key']), 'value')
    }))
})

async function running(fleet: TestFleet, spec: JsonObject): Promise<RunningDaemon> {
  fleet.writeFleet(spec)
  write(fleet, 'value')
  await fleet.push('Run four objects')
  const daemon = await fleet.start()
  await daemon.synced()
  return daemon
}

function write(fleet: TestFleet, value: string): void {
  const clusters = fleet.members.map(({ name }) => name)
  const objects = ['field', 'deleted', 'label', 'ours'].map((name) =>
    configMap(fleet.ns, name, { key: value }, { clusters, labels: { team: 'shop' } }),
  )
  fleet.people.write('objects.yaml', yaml(...objects))
}

function driftsOf(status: Pick<ReturnType<RunningDaemon['status']>, 'clusters'>, cluster: string): readonly Drift[] {
  const objects = status.clusters.find((one) => one.cluster === cluster)?.objects ?? []
  return objects.flatMap(({ drift }) => (drift ? [drift] : []))
}
