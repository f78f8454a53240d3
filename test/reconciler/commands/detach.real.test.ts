import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describeMembers } from '../../testbed/members.ts'
import { configMap, yaml } from '../daemon/documents.ts'
import { makeFleet, needs, type TestFleet } from '../daemon/harness.ts'
import { eventually } from '../member/support.ts'
import { type Ended, flotilla } from './cli.ts'

describeMembers('flotilla detach', needs, function () {
  // Each command is a process of its own.
  this.timeout(240_000)
  let fleet: TestFleet
  beforeEach(async () => {
    fleet = await makeFleet({ clusters: ['c1', 'c2'] })
    fleet.people.write('workloads/map.yaml', yaml(configMap(fleet.ns, 'map', { k: '1' }, { everywhere: true })))
    await fleet.push('Add a workload')
    // What others keep there keeps the namespace, which other suites on this cluster need.
    const { plane } = fleet.member('c1')
    await plane.request('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'flotilla-system' },
    })
    const keeper = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'keeper', namespace: 'flotilla-system' } }
    await plane.request('POST', '/api/v1/namespaces/flotilla-system/configmaps', keeper)
  })
  afterEach(() => fleet.stop())

  const detach = (...more: readonly string[]): Promise<Ended> =>
    flotilla(['detach', '--repo', fleet.url, '--dir', join(fleet.folder, 'detach'), '-c', 'c1', ...more])
  const live = async () => {
    const { plane } = fleet.member('c1')
    return JSON.stringify((await plane.request('GET', `/api/v1/namespaces/${fleet.ns}/configmaps/map`)).body)
  }

  it('begins only once Git says that the cluster is left alone, and takes it out then, also beside a daemon', async () => {
    const daemon = await fleet.start()
    await daemon.synced()
    const refused = await detach()
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /still looks after c1.*spec\.suspend: true in clusters\/c1\.yaml/)
    assert.match(await live(), /flotilla\.dev\/id/)

    const unknown = await flotilla(['detach', '--repo', fleet.url, '--dir', join(fleet.folder, 'detach'), '-c', 'c9'])
    assert.equal(unknown.code, 2)
    assert.match(unknown.stderr, /no cluster "c9" \(it names c1, c2\)/)

    fleet.writeCluster('c1', { suspend: true })
    await fleet.push('Leave c1 alone')
    const shown = await detach('--dry-run')
    assert.equal(shown.code, 0, shown.stderr)
    assert.match(
      shown.stderr,
      /Would release 2 objects of c1 and remove 2 objects of Flotilla's own\. Nothing was written/,
    )
    const done = await detach('-o', 'json')
    assert.equal(done.code, 0, done.stderr)
    const report = JSON.parse(done.stdout)
    assert.deepEqual(report.problem, '')
    assert.deepEqual(
      report.objects.map(({ subject, outcome }: { subject: string; outcome: string }) => `${outcome} ${subject}`),
      [`released ConfigMap/${fleet.ns}/map`, `released Namespace/${fleet.ns}`],
    )
    assert.doesNotMatch(await live(), /flotilla/)
    await daemon.sync()
    await daemon.settled()
    assert.doesNotMatch(await live(), /flotilla/, 'the daemon has not taken it back')
    const again = await detach()
    assert.equal(again.code, 0)
    assert.match(again.stderr, /Nothing of the fleet \S+ is in c1/)
  })

  it('stops a daemon for good that does not know yet, with --force', async () => {
    const daemon = await fleet.start()
    await daemon.synced()
    const done = await detach('--force')
    assert.equal(done.code, 0, done.stderr)
    assert.match(done.stderr, /c1 is detached: 2 objects released, which run on/)
    await eventually(
      () => daemon.status().clusters.some(({ message }) => /another daemon took over/.test(message)),
      'the daemon to stop',
    )
    await daemon.sync()
    assert.doesNotMatch(await live(), /flotilla/)
  })

  it('reaches a cluster whose file has left Git by its kubeconfig', async () => {
    const daemon = await fleet.start()
    await daemon.synced()
    fleet.people.remove('clusters/c1.yaml')
    await fleet.push('Let c1 go')
    await daemon.applied()
    const unknown = await detach()
    assert.equal(unknown.code, 2)
    assert.match(unknown.stderr, /names no cluster "c1".*--kubeconfig/)
    const done = await detach('--kubeconfig', fleet.member('c1').kubeconfig)
    assert.equal(done.code, 0, done.stderr)
    assert.doesNotMatch(await live(), /flotilla/)
  })
})
