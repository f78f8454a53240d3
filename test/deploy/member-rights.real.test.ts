import assert from 'node:assert/strict'
import { join } from 'node:path'
import { systemClock } from '../../reconciler/clock.ts'
import { connect } from '../../reconciler/member/connect.ts'
import type { Member } from '../../reconciler/member/types.ts'
import type { KubeObject } from '../../repo-layout/json.ts'
import { takeOut } from '../reconciler/detach/support.ts'
import {
  apply,
  configMap,
  deployment,
  desired,
  eventually,
  memberOf,
  namespace,
  objectOf,
  read,
  send,
  settings,
  unique,
} from '../reconciler/member/support.ts'
import { describeReal } from '../testbed/binaries.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'
import { sharedControlPlane } from '../testbed/shared.ts'
import { kubectl, manifests } from './kubectl.ts'
import { may, rightsIn } from './rights.ts'

const account = 'flotilla-system:flotilla-member'

describeReal('deploy/manifests/member on a real cluster', ['etcd', 'kube-apiserver', 'kubectl'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
    // Other suites may have made the namespace without kubectl, which then warns once.
    await kubectl(plane, 'apply', '--filename', join(manifests, 'member', 'namespace.yaml'))
    const { stderr } = await kubectl(plane, 'apply', '--kustomize', join(manifests, 'member'))
    assert.equal(stderr, '')
  })

  /** A member that the daemon reaches as the account of the manifests. */
  function asAccount(): Member {
    const connection = { type: 'file', path: plane.kubeconfigPath, context: undefined } as const
    const cluster = { name: plane.name, connection, proxyURL: '', serviceAccountName: account.replace(':', '/') }
    return memberOf(plane, {
      transport: connect(cluster, { clock: systemClock, readSecret: async () => undefined }),
    })
  }

  it('is enough to apply, heal, adopt and prune, without one refused request', async () => {
    const ns = unique('rights')
    const from = plane.auditEntries().length
    const service: KubeObject = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: ns },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    }
    const set = settings()
    await send(plane, 'POST', '/api/v1/namespaces', namespace(ns))
    await send(plane, 'POST', `/api/v1/namespaces/${ns}/configmaps`, configMap(ns, 'there', { k: '1' }))
    const member = asAccount()
    try {
      const all = [
        namespace(ns),
        deployment(ns, 'web'),
        service,
        configMap(ns, 'c', { k: '1' }),
        configMap(ns, 'there', { k: '1' }),
      ]
      await apply(member, desired(...all), set)
      const { applied, total, message } = member.status()
      assert.equal(applied, total, message)
      assert.equal(message, '5/5 applied')

      await send(plane, 'PATCH', `/api/v1/namespaces/${ns}/configmaps/c`, { data: { k: 'by hand' } })
      await eventually(() => objectOf(member, `ConfigMap/${ns}/c`).drift?.healedAt !== undefined, 'the heal')

      await apply(member, desired(namespace(ns)), set)
      assert.equal(await read(plane, `/apis/apps/v1/namespaces/${ns}/deployments/web`), undefined)
      assert.equal(member.status().message, '1/1 applied')
    } finally {
      await member.stop()
    }
    const refused = plane
      .auditEntries()
      .slice(from)
      .filter((entry) => entry.userAgent === 'flotilla' && entry.responseStatus?.code === 403)
      .map(({ verb, requestURI }) => `${verb} ${requestURI}`)
    assert.deepEqual(refused, [])
  })

  it('is enough to detach, but for looking whether anything else is in the namespace', async () => {
    const ns = unique('rights')
    const set = settings()
    const member = asAccount()
    await apply(member, desired(namespace(ns), deployment(ns, 'web'), configMap(ns, 'c', { k: '1' })), set)
    await member.stop()
    const report = await takeOut(plane, set, { as: account.replace(':', '/') })
    assert.deepEqual([report.problem, report.unread], ['', []])
    assert.deepEqual(
      report.objects.map(({ outcome }) => outcome),
      ['released', 'released', 'released'],
    )
    assert.match(JSON.stringify(report.left), /Namespace\/flotilla-system/)
    const live = JSON.stringify(await read(plane, `/apis/apps/v1/namespaces/${ns}/deployments/web`))
    assert.doesNotMatch(live, /flotilla/)
  })

  it('says of a kind that the account may not touch which right is missing, and goes on with the rest', async () => {
    const ns = unique('rights')
    const secret: KubeObject = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', namespace: ns },
      data: { k: 'eA==' },
    }
    const member = asAccount()
    try {
      await apply(member, desired(namespace(ns), secret, configMap(ns, 'c', { k: '1' })), settings())
      assert.equal(objectOf(member, `ConfigMap/${ns}/c`).action, 'created')
      const failed = objectOf(member, `Secret/${ns}/s`)
      assert.equal(failed.action, 'failed')
      assert.match(failed.message, /secrets .*is forbidden.*cannot \w+ resource "secrets"/)
      assert.equal(member.status().sync, 'degraded')
    } finally {
      await member.stop()
    }
  })

  it('gives no right over Secrets beyond its own namespace, over roles, nodes or other accounts', async () => {
    for (const verb of ['get', 'list', 'watch', 'create', 'patch', 'delete'])
      assert(!(await may(plane, account, { verb, resource: 'secrets', namespace: 'default' })), verb)
    assert(!(await may(plane, account, { verb: 'list', resource: 'secrets', namespace: 'flotilla-system' })))
    assert(!(await may(plane, account, { verb: 'impersonate', resource: 'serviceaccounts', namespace: 'default' })))
    assert(!(await may(plane, account, { verb: 'get', resource: 'nodes' })))
    const rights = await rightsIn(plane, account, 'default')
    const broad = rights.filter((right) => right.includes('*') || /rbac|escalate|bind|update|pods\/|exec/.test(right))
    assert.deepEqual(broad, [])
  })

  it('has an admin variant that may do everything', async () => {
    const folder = join(manifests, 'member-admin')
    const { stderr } = await kubectl(plane, 'apply', '--kustomize', folder)
    assert.equal(stderr, '')
    try {
      assert(await may(plane, account, { verb: '*', group: '*', resource: '*' }))
    } finally {
      // Other suites share the cluster, and this suite is about an account that may do little.
      await kubectl(plane, 'delete', '--filename', join(folder, 'admin.yaml'))
    }
  })
})
