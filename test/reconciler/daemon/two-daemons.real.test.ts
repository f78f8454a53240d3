import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { leaseName } from '../../../reconciler/run/election.ts'
import { getIn, isJsonArray } from '../../../repo-layout/json.ts'
import type { AuditEntry } from '../../testbed/audit-log.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { type ChildDaemon, startChild } from './child.ts'
import { configMap, yaml } from './documents.ts'
import { branches, eventually, isApplied, needs, type TestFleet, withFleet } from './harness.ts'
import { configMapsOf, pathOf, type TestMember } from './members.ts'

const clusters = ['c1', 'c2']
const many = 150

describeReal('two daemons of one fleet over one host cluster', needs, () => {
  it('are an active one and a standby, which takes over within 15 s of its death', () =>
    withFleet({ clusters }, async (fleet) => {
      write(fleet, 1, 'one')
      await fleet.push('One')
      const first = startOver(fleet, 'first')
      await first.applied()
      const second = startOver(fleet, 'second')
      await second.until(({ standby }) => isActive(first, standby), 'the second one waits')
      await second.until(({ source }) => source.fetchedAt !== undefined, 'its clone is warm')
      for (const path of ['/healthz', '/readyz']) assert.equal((await second.get(path)).status, 200, path)
      assert.match((await second.get('/metrics')).text, /^flotilla_leader 0$/m)
      assert.match((await first.get('/metrics')).text, /^flotilla_leader 1$/m)

      write(fleet, 1, 'two')
      await fleet.push('Two')
      await first.process.kill()
      const killed = Date.now()
      await second.until(isApplied, 'the second one has taken over', 20_000)
      const took = Date.now() - killed

      assert.ok(took < 15_000, `${took} ms`)
      assert.deepEqual(await values(fleet), ['two', 'two'])
      await second.process.kill()
    }))

  it('change at once where the active one is told to end', () =>
    withFleet({ clusters }, async (fleet) => {
      write(fleet, 1, 'one')
      await fleet.push('One')
      const first = startOver(fleet, 'first')
      await first.applied()
      const second = startOver(fleet, 'second')
      await second.until(({ standby }) => isActive(first, standby), 'the second one waits')

      first.process.signal('SIGTERM')
      await first.process.ended
      const ended = Date.now()
      await second.until(isApplied, 'the second one has taken over')

      assert.ok(Date.now() - ended < 5000, `${Date.now() - ended} ms`)
      await second.process.kill()
    }))

  it('never undo each other, though the active one is stopped for a minute in mid-apply and goes on', function () {
    this.timeout(150_000)
    return withFleet({ clusters }, async (fleet) => {
      write(fleet, many, 'one')
      await fleet.push('One')
      const c1 = fleet.member('c1')
      const blocked = c1.gate.blockAfter(60_000)
      const first = startOver(fleet, 'first')
      await blocked
      first.process.signal('SIGSTOP')
      const stoppedAt = Date.now()
      assert.ok((await count(fleet, c1)) < many, 'it was stopped in mid-apply')
      // Its connections die while it is stopped, as those of a paused machine do: what was under way is sent again later.
      c1.gate.unblock()

      write(fleet, many, 'two')
      await fleet.push('Two')
      const second = startOver(fleet, 'second')
      await second.until(isApplied, 'the second one has taken over', 25_000)
      const takeover = Date.parse(await acquireTime(fleet))
      assert.ok(takeover > stoppedAt)
      await pause(60_000 - (Date.now() - stoppedAt))
      first.process.signal('SIGCONT')
      await first.logged('this daemon is not the active one any more')
      await first.until(({ standby }) => isActive(second, standby), 'the first one waits')

      for (const { name, plane } of fleet.members) {
        const writes = plane.auditEntries().filter(isWriteOf(first))
        assert.ok(writes.length > 0, `the first one had written to ${name}`)
        const after = writes.filter(({ requestReceivedTimestamp }) => Date.parse(requestReceivedTimestamp) > takeover)
        assert.deepEqual(after, [], name)
        assert.ok(plane.auditEntries().some(isWriteOf(second)), `the second one wrote to ${name}`)
      }
      assert.deepEqual(await values(fleet), ['two', 'two'])
      await first.process.kill()
      await second.process.kill()
    })
  })

  it('write nothing while the lease cannot be renewed, and go on when it can', () =>
    withFleet({ clusters }, async (fleet) => {
      write(fleet, 1, 'one')
      await fleet.push('One')
      // The host cluster is seen through the gate of c1, which holds nothing then.
      fleet.people.remove('clusters/c1.yaml')
      await fleet.push('Only c2')
      const c1 = fleet.member('c1')
      const more = ['--lease-duration', '2s', '--host-kubeconfig', c1.kubeconfig, '--host-namespace', 'default']
      const daemon = startChild(fleet, { more })
      await daemon.applied()

      c1.gate.setOpen(false)
      await pause(2000)
      const c2 = fleet.member('c2')
      await c2.send('DELETE', pathOf.configMap(fleet.ns, 'o-0'))
      await daemon.until(
        ({ clusters: [one] }) => /the lease of this daemon has run out/.test(one?.message ?? ''),
        'it says so',
      )
      assert.equal(await c2.live(pathOf.configMap(fleet.ns, 'o-0')), undefined)

      c1.gate.setOpen(true)
      await eventually(() => c2.live(pathOf.configMap(fleet.ns, 'o-0')), 'the drift is healed', { limit: 30_000 })
      await daemon.process.kill()
    }))
})

describeReal('two daemons of one fleet without a host cluster', needs, () => {
  it('never undo each other, though one is stopped in mid-apply and goes on: the epoch in the member says who is later', () =>
    withFleet({ clusters }, async (fleet) => {
      write(fleet, many, 'one')
      await fleet.push('One')
      const c1 = fleet.member('c1')
      const blocked = c1.gate.blockAfter(60_000)
      const first = startChild(fleet, { clone: 'first' })
      await blocked
      first.process.signal('SIGSTOP')
      c1.gate.unblock()

      write(fleet, many, 'two')
      await fleet.push('Two')
      const second = startChild(fleet, { clone: 'second' })
      await second.applied()
      // Longer than what counts as a standstill.
      await pause(3500)
      const takeover = Date.now()
      first.process.signal('SIGCONT')
      await first.until(
        ({ clusters: all }) =>
          all.length > 0 && all.every(({ message }) => message.includes('another daemon took over')),
        'the first one writes to no cluster any more',
      )

      for (const { name, plane } of fleet.members) {
        const after = plane
          .auditEntries()
          .filter(isWriteOf(first))
          .filter(({ requestReceivedTimestamp }) => Date.parse(requestReceivedTimestamp) > takeover)
        assert.deepEqual(after, [], name)
      }
      assert.deepEqual(await values(fleet), ['two', 'two'])
      await first.process.kill()
      await second.process.kill()
    }))
})

describeReal('a daemon whose kubeconfig is replaced by that of another cluster', needs, () => {
  it('writes nothing there while it runs, and stops looking after the cluster', function () {
    this.timeout(90_000)
    return withFleet({ clusters }, async (fleet) => {
      write(fleet, 1, 'one')
      fleet.people.remove('clusters/c2.yaml')
      await fleet.push('One cluster')
      const daemon = startChild(fleet)
      await daemon.applied()

      const [c1, c2] = fleet.members.map(({ kubeconfig }) => kubeconfig)
      copyFileSync(c2 ?? '', c1 ?? '')
      write(fleet, 2, 'two')
      await fleet.push('Something to write')
      // A kubeconfig is read anew after 30 s; until then all goes to the right cluster.
      fleet.member('c1').gate.setOpen(false)
      daemon.pullNow()
      await daemon.until(
        ({ clusters: [one] }) => one?.message.includes('this is another cluster than before') === true,
        'it has noticed',
        60_000,
      )

      assert.deepEqual(fleet.member('c2').plane.auditEntries().filter(isWriteOf(daemon)), [])
      await daemon.process.kill()
    })
  })

  it('writes nothing there for it after a restart, where the other one is of the fleet too', () =>
    withFleet({ clusters }, async (fleet) => {
      fleet.people.write(
        'web.yaml',
        yaml(
          configMap(fleet.ns, 'o-0', { key: 'one' }, { clusters: ['c1'] }),
          configMap(fleet.ns, 'o-1', { key: 'two' }, { clusters: ['c2'] }),
        ),
      )
      await fleet.push('One object each')
      const first = startChild(fleet)
      await first.applied()
      await first.end()

      const [c1, c2] = fleet.members.map(({ kubeconfig }) => kubeconfig)
      copyFileSync(c2 ?? '', c1 ?? '')
      const next = startChild(fleet)
      await next.until(
        ({ clusters: [one, two] }) =>
          one?.message.includes('this cluster is c2 of this fleet') === true && two?.sync === 'synced',
        'it has noticed',
      )

      assert.deepEqual(fleet.member('c2').plane.auditEntries().filter(isWriteOf(next)), [])
      await next.process.kill()
    }))
})

/** Starts a daemon whose host cluster is the one below c1, seen directly. */
function startOver(fleet: TestFleet, clone: string): ChildDaemon {
  const more = ['--host-kubeconfig', fleet.member('c1').plane.kubeconfigPath, '--host-namespace', 'default']
  return startChild(fleet, { clone, more })
}

/** Whether a standby says that this daemon is active. */
function isActive({ process: { pid } }: ChildDaemon, standby: string | undefined): boolean {
  return new RegExp(`/${pid}/[0-9a-f]{8} is active$`).test(standby ?? '')
}

/** Whether a request changes something in a cluster, be it only tried. The Lease is what they quarrel about. */
function isWriteOf({ process: { pid } }: ChildDaemon): (entry: AuditEntry) => boolean {
  return ({ userAgent, verb, objectRef }) =>
    userAgent.includes(`/${pid}/`) && !['get', 'list', 'watch'].includes(verb) && objectRef?.resource !== 'leases'
}

async function acquireTime(fleet: TestFleet): Promise<string> {
  const name = leaseName({ repo: fleet.url, generatedBranch: branches.generated })
  const lease = await fleet.member('c1').live(`/apis/coordination.k8s.io/v1/namespaces/default/leases/${name}`)
  return String(getIn(lease, ['spec', 'acquireTime']))
}

function write(fleet: TestFleet, number: number, key: string): void {
  const objects = Array.from({ length: number }, (_, i) => configMap(fleet.ns, `o-${i}`, { key }, { everywhere: true }))
  fleet.people.write('objects.yaml', yaml(...objects))
}

async function count(fleet: TestFleet, member: TestMember): Promise<number> {
  return (await configMapsOf(member, fleet.ns, fleet.name)).length
}

/** The value in each cluster of the first object; fails where another one of the cluster has another. */
async function values(fleet: TestFleet): Promise<readonly unknown[]> {
  return Promise.all(
    fleet.members.map(async (member) => {
      const list = await member.live(`/api/v1/namespaces/${fleet.ns}/configmaps?labelSelector=flotilla.dev/fleet`)
      const items = getIn(list, ['items'])
      const all = new Set((isJsonArray(items) ? items : []).map((item) => getIn(item, ['data', 'key'])))
      assert.equal(all.size, 1, `${member.name}: ${[...all].join(', ')}`)
      return [...all][0]
    }),
  )
}
