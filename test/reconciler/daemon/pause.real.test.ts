import assert from 'node:assert/strict'
import type { JsonObject } from '../../../repo-layout/json.ts'
import { describeMembers } from '../../testbed/members.ts'
import { configMap, override, yaml } from './documents.ts'
import { needs, type TestFleet, withFleet } from './harness.ts'
import { pathOf } from './members.ts'

const all = ['c1', 'c2', 'c3']
/** Half of what the fleet runs goes, and that is what the test is about. */
const budget = { maxDeletedPercent: 100 }
const edited = { data: { key: 'by hand' } }

describeMembers('leaving alone what somebody works on', needs, () => {
  const suspend = { 'flotilla.dev/suspend': 'true' }
  const levels: readonly (readonly [level: string, clusters: readonly string[], set: (fleet: TestFleet) => void])[] = [
    ['the fleet', all, (fleet) => fleet.writeFleet({ budget, suspend: true })],
    ['a cluster', ['c1'], (fleet) => fleet.writeCluster('c1', { suspend: true })],
    ['a workload', all, (fleet) => write(fleet, { key: 'new' }, { around: suspend })],
    ['an object, in the template', all, (fleet) => write(fleet, { key: 'new' }, { inside: suspend })],
    [
      'an object, by an override',
      ['c2'],
      (fleet) => write(fleet, { key: 'new' }, { overrides: [override('c2', '/metadata/annotations', suspend, 'add')] }),
    ],
  ]
  for (const [level, clusters, set] of levels)
    it(`suspends at the level of ${level}: watched and reported, neither written nor pruned`, () =>
      withFleet({ spec: { budget } }, async (fleet) => {
        const path = pathOf.configMap(fleet.ns, 'web')
        const subject = `ConfigMap/${fleet.ns}/web`
        write(fleet, { key: 'old' })
        fleet.people.write('stays.yaml', yaml(configMap(fleet.ns, 'stays', { key: 'value' }, { everywhere: true })))
        await fleet.push('Write the workload')
        const daemon = await fleet.start()
        await daemon.synced()
        set(fleet)
        await fleet.push('Suspend')
        await daemon.sync()
        await daemon.settled()

        for (const name of all) await fleet.member(name).send('PATCH', `${path}?fieldManager=kubectl-edit`, edited)
        const others = all.filter((name) => !clusters.includes(name))
        await daemon.until((status) => {
          const objectIn = (name: string) =>
            status.clusters.find(({ cluster }) => cluster === name)?.objects.find((one) => one.subject === subject)
          const told = clusters.every((name) => objectIn(name)?.drift?.fields[0]?.manager === 'kubectl-edit')
          return told && others.every((name) => objectIn(name)?.drift?.healedAt !== undefined)
        }, 'drift is told where it is suspended, and healed elsewhere')
        for (const name of clusters) assert.equal(await fleet.member(name).value(path, ['data', 'key']), 'by hand')
        for (const name of others) assert.notEqual(await fleet.member(name).value(path, ['data', 'key']), 'by hand')

        fleet.people.remove('w.yaml')
        await fleet.push('Take the workload out')
        await daemon.sync()
        await daemon.settled()
        for (const name of all)
          assert.equal((await fleet.member(name).live(path)) !== undefined, clusters.includes(name), name)
      }))

  it('pauses an object of one cluster as a person asks, over a restart, and keeps what healing undoes then', () =>
    withFleet({}, async (fleet) => {
      const path = pathOf.configMap(fleet.ns, 'web')
      const subject = `ConfigMap/${fleet.ns}/web`
      write(fleet, { key: 'old' })
      await fleet.push('Write the workload')
      const first = await fleet.start()
      await first.synced()
      const order = { cluster: 'c1', forMs: 3_600_000, reason: 'INC-42', by: 'ann@desk (127.0.0.1)' }

      const misspelt = await first.pause({ ...order, subject: `ConfigMap/${fleet.ns}/wbe` })
      assert.deepEqual(misspelt, {
        type: 'refused',
        status: 404,
        error: `c1 has no ConfigMap/${fleet.ns}/wbe; did you mean "${subject}"?`,
      })
      const unknown = await first.pause({ ...order, cluster: 'c9', subject })
      assert.equal(unknown.type === 'refused' && unknown.status, 404)
      const done = await first.pause({ ...order, subject: `configmap/${fleet.ns}/web` })
      assert.equal(done.type === 'done' && done.pause.subject, subject)
      await fleet.member('c1').send('PATCH', `${path}?fieldManager=kubectl-edit`, edited)
      const [compared] = await first.diff(['c1'])
      assert.deepEqual(
        compared?.drifts.map((drift) => drift.subject),
        [subject],
      )
      assert.equal(compared?.pauses?.[0]?.reason, 'INC-42')
      await first.stop()

      const second = await fleet.start()
      await second.sync()
      await second.settled()
      assert.equal(await fleet.member('c1').value(path, ['data', 'key']), 'by hand')
      const c1 = second.status().clusters.find(({ cluster }) => cluster === 'c1')
      assert.match(c1?.message ?? '', /1 paused/)
      const resumed = await second.resume({ cluster: 'c1', subject, by: 'bob' })
      assert.equal(resumed.type === 'done' && resumed.pause.by, order.by)
      const again = await second.resume({ cluster: 'c1', subject, by: 'bob' })
      assert.match(again.type === 'refused' ? again.error : '', /c1: no pause of .* is in force/)
      await second.until(
        async () => (await fleet.member('c1').value(path, ['data', 'key'])) === 'old',
        'the object is healed',
      )
      const [history] = second.history(['c1'])
      assert.deepEqual(
        history?.entries.map(({ fields }) => fields),
        [[{ path: '/data/key', live: 'by hand', wanted: 'old', manager: 'kubectl-edit' }]],
      )
    }))

  it('says that a cluster that cannot be reached is not paused', () =>
    withFleet({ clusters: ['c1'] }, async (fleet) => {
      write(fleet, { key: 'old' })
      await fleet.push('Write the workload')
      const daemon = await fleet.start()
      await daemon.synced()
      fleet.member('c1').gate.setOpen(false)
      await daemon.until(({ clusters }) => clusters[0]?.sync === 'unreachable', 'the cluster is lost')
      const order = { cluster: 'c1', subject: undefined, forMs: 60_000, reason: '', by: 'ann' }
      const outcome = await daemon.pause(order)
      assert.equal(outcome.type === 'refused' && outcome.status, 503)
      assert.match(outcome.type === 'refused' ? outcome.error : '', /not in force: the cluster cannot be reached/)
    }))
})

/** Writes one ConfigMap for all clusters, with annotations around its template or inside of it. */
function write(
  fleet: TestFleet,
  data: JsonObject,
  more: { around?: JsonObject; inside?: JsonObject; overrides?: readonly JsonObject[] } = {},
): void {
  const { around, inside, overrides = [] } = more
  const where = { everywhere: true, overrides, ...(inside ? { annotations: inside } : {}) }
  const document = configMap(fleet.ns, 'web', data, where)
  const metadata = { ...(document.metadata as JsonObject), ...(around ? { annotations: around } : {}) }
  fleet.people.write('w.yaml', yaml({ ...document, metadata }))
}
