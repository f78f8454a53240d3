import assert from 'node:assert/strict'
import type { AuditEntry } from '../../testbed/audit-log.ts'
import { describeMembers } from '../../testbed/members.ts'
import { configMap, deployment, yaml } from './documents.ts'
import { needs, type TestFleet, withFleet } from './harness.ts'

describeMembers('a restart with nothing changed', needs, () => {
  it('writes nothing to any member and no commit, and lists each kind once', () =>
    withFleet({}, async (fleet) => {
      const clusters = fleet.members.map(({ name }) => name)
      const objects = Array.from({ length: 20 }, (_, i) => configMap(fleet.ns, `o-${i}`, { i: '1' }, { clusters }))
      fleet.people.write('objects.yaml', yaml(...objects, deployment(fleet.ns, 'web', 2, { clusters })))
      await fleet.push('Run it all')
      const first = await fleet.start()
      await first.applied()
      await first.stop()
      const tip = fleet.generatedTip()
      const before = fleet.members.map(({ plane }) => requestsOfDaemon(plane).length)

      for (const fresh of [false, true]) {
        const daemon = await fleet.start({ fresh })
        await daemon.applied()
        await daemon.stop()
      }

      assert.equal(fleet.generatedTip(), tip)
      for (const [i, { plane, name }] of fleet.members.entries()) {
        const requests = requestsOfDaemon(plane).slice(before[i])
        const writes = requests.filter(({ verb }) => !['get', 'list', 'watch'].includes(verb))
        assert.deepEqual(
          writes.map(({ verb, requestURI }) => `${verb} ${requestURI}`),
          [],
          name,
        )
        assert.equal(listsOf(requests, 'deployments', fleet), 2, `${name}: one list of Deployments for each start`)
      }
    }))

  it('asks the Git server for its refs alone', () =>
    withFleet({}, async (fleet) => {
      fleet.people.write('objects.yaml', yaml(configMap(fleet.ns, 'one', { i: '1' }, { clusters: ['c1'] })))
      await fleet.push('Run it')
      const first = await fleet.start()
      await first.synced()
      await first.stop()
      const before = fleet.server.requests().length

      const second = await fleet.start()
      await second.synced()

      const requests = fleet.server.requests().slice(before)
      const paths = requests.map(({ method, path }) => `${method} ${path.replace(/^\/fleet.git/, '')}`)
      assert.deepEqual([...new Set(paths)], ['GET /info/refs?service=git-upload-pack', 'POST /git-upload-pack'])
      assert.ok(paths.length <= 2, paths.join('\n'))
    }))
})

function requestsOfDaemon(plane: { auditEntries(): readonly AuditEntry[] }): readonly AuditEntry[] {
  return plane.auditEntries().filter(({ user }) => user.username === 'admin')
}

function listsOf(requests: readonly AuditEntry[], resource: string, fleet: TestFleet): number {
  return requests.filter(
    ({ verb, objectRef, requestURI }) =>
      verb === 'list' && objectRef?.resource === resource && requestURI.includes(fleet.name),
  ).length
}
