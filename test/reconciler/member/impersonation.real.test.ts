import assert from 'node:assert/strict'
import { systemClock } from '../../../reconciler/clock.ts'
import { connect } from '../../../reconciler/member/connect.ts'
import { describeReal } from '../../testbed/binaries.ts'
import { sharedControlPlane } from '../../testbed/shared.ts'
import { apply, configMap, desired, memberOf, namespace, settings, unique } from './support.ts'

// In a cluster in memory everybody may do everything.
describeReal('a member of a real cluster: impersonation', ['etcd', 'kube-apiserver'], () => {
  it('of a service account lets RBAC hold us to what that may do', async () => {
    const plane = await sharedControlPlane()
    const connection = { type: 'file', path: plane.kubeconfigPath, context: undefined } as const
    const transport = connect(
      { name: 'm', connection, proxyURL: '', serviceAccountName: 'ops/flotilla' },
      { clock: systemClock, readSecret: async () => undefined },
    )
    const member = memberOf(plane, { transport })
    try {
      const ns = unique('connect')
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: '1' })), settings())
      assert.equal(member.status().sync, 'unauthorized')
      assert.match(member.status().message, /system:serviceaccount:ops:flotilla/)
    } finally {
      await member.stop()
    }
  })
})
