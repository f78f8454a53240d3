import assert from 'node:assert/strict'
import { systemClock } from '../../../reconciler/clock.ts'
import { connect } from '../../../reconciler/member/connect.ts'
import { wholeCluster } from '../../../reconciler/member/pause.ts'
import { openSession } from '../../../reconciler/member/session.ts'
import type { DesiredState, MemberSettings } from '../../../reconciler/member/types.ts'
import { planMember } from '../../../reconciler/plan/plan-member.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { describeMembers } from '../../testbed/members.ts'
import { sharedControlPlanes } from '../../testbed/shared.ts'
import { apply, configMap, desired, namespace, settings, unique, withMember } from '../member/support.ts'

describeMembers('a plan for a member in which something is paused', ['etcd', 'kube-apiserver'], () => {
  it('says of what is paused that it stays as it is, until when and why', async () => {
    const [plane] = await sharedControlPlanes(1)
    assert(plane)
    const ns = unique('planned')
    const set = settings()
    const now = Date.now()
    const times = { until: new Date(now + 60_000).toISOString(), at: new Date(now).toISOString() }
    const next = desired(namespace(ns), configMap(ns, 'c', { k: '2' }), configMap(ns, 'd', { k: '2' }))
    const paused = /^paused until .* by ann: INC-42$/
    await withMember(plane, async (member) => {
      const maps = ['c', 'd', 'gone'].map((name) => configMap(ns, name, { k: '1' }))
      await apply(member, desired(namespace(ns), ...maps), set)
      for (const name of ['c', 'gone'])
        await member.pause({ subject: `ConfigMap/${ns}/${name}`, reason: 'INC-42', by: 'ann', ...times })
      const planned = await plan(plane, next, set)
      assert.match(planned.get(`ConfigMap/${ns}/c`)?.why ?? '', paused)
      assert.equal(planned.get(`ConfigMap/${ns}/d`)?.action, 'configured')
      assert.deepEqual(
        [planned.get(`ConfigMap/${ns}/gone`)?.action, planned.get(`ConfigMap/${ns}/gone`)?.how],
        ['skipped', 'kept'],
      )
      assert.match(planned.get(`ConfigMap/${ns}/gone`)?.why ?? '', paused)
      await member.pause({ subject: wholeCluster, reason: 'INC-42', by: 'ann', ...times })
      const whole = await plan(plane, next, set)
      assert.equal(whole.get(`ConfigMap/${ns}/d`)?.how, 'suspended')
    })
  })
})

/** The plan of a member by Subject, over a connection of its own. */
async function plan(plane: ControlPlane, state: DesiredState, set: MemberSettings) {
  const connection = { type: 'file', path: plane.kubeconfigPath, context: undefined } as const
  const cluster = { name: plane.name, connection, proxyURL: '', serviceAccountName: '' }
  const transport = connect(cluster, { clock: systemClock, readSecret: async () => undefined })
  try {
    const session = await openSession({
      ...{ transport, clock: systemClock, owner: set, knownUid: undefined, isKnownCommit: undefined },
      holder: { id: 'plan', epoch: undefined, member: plane.name, isOther: () => false },
      freshKey: () => 'key',
    })
    const { objects } = await planMember(session, state, set, systemClock)
    return new Map(objects.map((one) => [one.subject, one]))
  } finally {
    await transport.close()
  }
}
