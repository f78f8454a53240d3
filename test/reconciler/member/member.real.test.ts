import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../reconciler/clock.ts'
import { connect } from '../../../reconciler/member/connect.ts'
import { createMember } from '../../../reconciler/member/member.ts'
import type { MemberCluster } from '../../../repo-layout/cluster.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { describeMembers } from '../../testbed/members.ts'
import { refuse } from '../../testbed/refuse.ts'
import { ownControlPlane, sharedControlPlane, sharedControlPlanes } from '../../testbed/shared.ts'
import {
  apply,
  configMap,
  deployment,
  desired,
  eventually,
  log,
  memberOf,
  namespace,
  objectOf,
  read,
  send,
  settings,
  unique,
  valueAt,
  withMember,
} from './support.ts'

const merge = { 'content-type': 'application/merge-patch+json' }

describeMembers('a member: connections', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
  })

  type Target = Pick<MemberCluster, 'name' | 'connection' | 'proxyURL' | 'serviceAccountName'>
  async function over(
    cluster: Partial<Target> & Pick<Target, 'connection'>,
    readSecret: (name: string) => Promise<{ [key: string]: string } | undefined>,
    test: (member: ReturnType<typeof createMember>) => Promise<void>,
  ) {
    const transport = connect(
      { name: 'm', proxyURL: '', serviceAccountName: '', ...cluster },
      { clock: systemClock, readSecret },
    )
    const member = createMember({ cluster: 'm', transport, clock: systemClock, log })
    try {
      await test(member)
    } finally {
      await member.stop()
    }
  }
  const none = async () => undefined
  const state = () => {
    const ns = unique('connect')
    return desired(namespace(ns), configMap(ns, 'c', { k: '1' }))
  }

  it('comes in by a kubeconfig in a Secret, by kubefed and by Shipper', async () => {
    const kubeconfig = readFileSync(plane.kubeconfigPath, 'utf8')
    const ca = Buffer.from(plane.caData, 'base64').toString()
    const kubefed = {
      type: 'kubefed',
      apiEndpoint: plane.server,
      caBundle: plane.caData,
      secretName: 's',
      disabledTLSValidations: [],
    } as const
    await over(
      { connection: { type: 'secret', name: 's', key: 'value' } },
      async () => ({ value: kubeconfig }),
      async (member) => {
        await apply(member, state(), settings())
        assert.equal(member.status().sync, 'synced', member.status().message)
      },
    )
    await over(
      { connection: kubefed },
      async () => ({ token: plane.token }),
      async (member) => {
        await apply(member, state(), settings())
        assert.equal(member.status().sync, 'synced', member.status().message)
      },
    )
    const shipper = { type: 'shipper', apiMaster: plane.server, secretName: 's' } as const
    await over(
      { connection: shipper },
      async () => ({ token: plane.token, 'ca.crt': ca }),
      async (member) => {
        await apply(member, state(), settings())
        assert.equal(member.status().sync, 'synced', member.status().message)
      },
    )
  })

  it('is unauthorized, not lost, with a wrong token, a wrong CA or no Secret, and recovers with a new one', async () => {
    let secret: { [key: string]: string } | undefined
    const kubefed = {
      type: 'kubefed',
      apiEndpoint: plane.server,
      caBundle: plane.caData,
      secretName: 's',
      disabledTLSValidations: [],
    } as const
    await over(
      { connection: kubefed },
      async () => secret,
      async (member) => {
        await apply(member, state(), settings())
        assert.equal(member.status().sync, 'unauthorized')
        assert.match(member.status().message, /Secret s does not exist/)
        secret = { token: 'wrong' }
        await eventually(() => /Unauthorized/.test(member.status().message), 'the refusal')
        assert.equal(member.status().sync, 'unauthorized')
        assert.equal(member.observe().reachable, true)
        secret = { token: plane.token }
        await eventually(() => member.status().sync === 'synced', 'the recovery')
      },
    )
    await over(
      { connection: { ...kubefed, caBundle: undefined } },
      async () => ({ token: plane.token }),
      async (member) => {
        await apply(member, state(), settings())
        assert.equal(member.status().sync, 'unauthorized', member.status().message)
      },
    )
    await over(
      { connection: { ...kubefed, apiEndpoint: 'https://127.0.0.1:1' } },
      async () => ({ token: plane.token }),
      async (member) => {
        await apply(member, state(), settings())
        assert.equal(member.status().sync, 'unreachable', member.status().message)
        assert.equal(member.observe().reachable, false)
      },
    )
  })

  it('goes through an HTTP proxy', async () => {
    let tunnels = 0
    const proxy = createServer()
    proxy.on('connect', (request, client, head) => {
      tunnels++
      const [host = '', port = '443'] = (request.url ?? '').split(':')
      const upstream = connectSocket(Number(port), host, () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n')
        upstream.write(head)
        upstream.pipe(client).pipe(upstream)
      })
      upstream.on('error', () => client.destroy())
      client.on('error', () => upstream.destroy())
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const address = proxy.address()
    assert(typeof address === 'object' && address)
    const connection = { type: 'file', path: plane.kubeconfigPath, context: undefined } as const
    await over({ connection, proxyURL: `http://127.0.0.1:${address.port}` }, none, async (member) => {
      await apply(member, state(), settings())
      assert.equal(member.status().sync, 'synced', member.status().message)
      assert(tunnels > 0)
    })
    proxy.close()
  })

  it('runs an exec plugin once for all, and again when its token is refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flotilla-exec-'))
    const [script, calls, token] = ['plugin.sh', 'calls', 'token'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    writeFileSync(token, 'wrong')
    writeFileSync(
      script,
      `echo call >> ${calls}\nprintf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' "$(cat ${token})"\n`,
    )
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server: plane.server, 'certificate-authority-data': plane.caData } }],
      users: [
        {
          name: 'u',
          user: {
            exec: {
              apiVersion: 'client.authentication.k8s.io/v1',
              command: 'sh',
              args: [script],
              interactiveMode: 'Never',
            },
          },
        },
      ],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    }
    const path = join(folder, 'config')
    writeFileSync(path, JSON.stringify(config))
    await over({ connection: { type: 'file', path, context: 'c' } }, none, async (member) => {
      await apply(member, state(), settings())
      assert.equal(member.status().sync, 'unauthorized', member.status().message)
      writeFileSync(token, plane.token)
      await eventually(() => member.status().sync === 'synced', 'the recovery')
      const before = readFileSync(calls, 'utf8').length
      await apply(member, state(), settings({ fleetName: 'x', fleetUid: 'x' }))
      assert.equal(readFileSync(calls, 'utf8').length, before)
    })
  })
})

describeMembers('a member: one that comes and goes', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await ownControlPlane('comes-and-goes')
  })
  after(() => plane.stop())

  it('goes on after the cluster was away, with what changed meanwhile', async () => {
    const ns = unique('away')
    const set = settings()
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: '1' })), set)
      await plane.kill()
      await eventually(() => member.status().sync === 'unreachable', 'losing it')
      assert.equal(member.observe().reachable, false)
      member.setDesired(desired(namespace(ns), configMap(ns, 'c', { k: '2' })), set)
      await member.settled()
      assert.equal(member.status().sync, 'unreachable')
      await plane.restart()
      await eventually(() => member.status().sync === 'synced', 'the return', 40_000)
      assert.equal(await valueAt(plane, `/api/v1/namespaces/${ns}/configmaps/c`, ['data', 'k']), '2')
    })
  })

  it('heals what drifted while no daemon ran', async () => {
    const ns = unique('asleep')
    const set = settings()
    const path = (name: string) => `/api/v1/namespaces/${ns}/configmaps/${name}`
    const state = desired(namespace(ns), ...['a', 'b', 'c', 'd'].map((name) => configMap(ns, name, { k: '1' })))
    await withMember(plane, (member) => apply(member, state, set))
    await send(plane, 'PATCH', `${path('a')}?fieldManager=kubectl`, { data: { k: 'other' } }, merge)
    await send(plane, 'DELETE', path('b'))
    await send(
      plane,
      'PATCH',
      `${path('c')}?fieldManager=kubectl`,
      { metadata: { labels: { 'flotilla.dev/fleet': null } } },
      merge,
    )
    await withMember(plane, async (member) => {
      await apply(member, state, set)
      const reasons = ['a', 'b', 'c', 'd'].map((name) => objectOf(member, `ConfigMap/${ns}/${name}`).drift?.reason)
      assert.deepEqual(reasons, ['changed', 'deleted', 'label removed', undefined])
      assert.equal(await valueAt(plane, path('a'), ['data', 'k']), '1')
      assert(await read(plane, path('b')))
      assert.equal(member.status().sync, 'synced')
    })
    const inventory = `/api/v1/namespaces/flotilla-system/configmaps/flotilla-${set.fleetName}-0`
    const header = JSON.parse(String(await valueAt(plane, inventory, ['data', 'header'])))
    assert.equal(header.epoch, 2, 'the epoch is raised before the first heal too')
  })

  it('waits with what needs a namespace that cannot be made, and goes on as soon as it can', async () => {
    const ns = unique('waits')
    const admitAgain = await refuse(plane, {
      name: ns,
      operations: ['CREATE'],
      resource: 'namespaces',
      expression: `object.metadata.name != '${ns}'`,
      refuses: ({ metadata }) => metadata.name === ns,
      message: 'not this one',
    })
    const denied = async () =>
      (await plane.request('POST', '/api/v1/namespaces?dryRun=All', namespace(ns))).status === 422
    await eventually(denied, 'the policy')
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), configMap(ns, 'c', {}), configMap('default', ns, {})), settings())
      assert.match(objectOf(member, `Namespace/${ns}`).message, /not this one/)
      assert.match(objectOf(member, `ConfigMap/${ns}/c`).message, /needs Namespace/)
      assert.equal(objectOf(member, `ConfigMap/default/${ns}`).action, 'created')
      await admitAgain()
      await eventually(() => member.status().sync === 'synced', 'going on', 30_000)
    })
  })

  it('stops for good when a second daemon takes over, and for another cluster behind the same name', async () => {
    const ns = unique('epoch')
    const set = settings()
    const one = memberOf(plane)
    try {
      await apply(one, desired(namespace(ns), configMap(ns, 'c', { k: '1' })), set)
      await withMember(plane, async (two) => {
        await apply(two, desired(namespace(ns), configMap(ns, 'c', { k: '2' })), set)
        await eventually(
          () => /another daemon took over.*epoch 2, ours 1/.test(one.status().message),
          'the first daemon to stop',
        )
        assert.equal(one.status().sync, 'degraded')
        one.setDesired(desired(namespace(ns), configMap(ns, 'c', { k: '3' })), set)
        await one.settled()
        await send(plane, 'DELETE', `/api/v1/namespaces/${ns}/configmaps/c`)
        await eventually(
          async () => (await valueAt(plane, `/api/v1/namespaces/${ns}/configmaps/c`, ['data', 'k'])) === '2',
          'the heal by the second',
        )
      })
    } finally {
      await one.stop()
    }
    const inventory = `/api/v1/namespaces/flotilla-system/configmaps/flotilla-${set.fleetName}-0`
    const header = JSON.parse(String(await valueAt(plane, inventory, ['data', 'header'])))
    await send(
      plane,
      'PATCH',
      inventory,
      { data: { header: JSON.stringify({ ...header, clusterUid: 'another' }) } },
      merge,
    )
    await withMember(plane, async (three) => {
      await apply(three, desired(namespace(ns), configMap(ns, 'c', { k: '4' })), set)
      assert.equal(three.status().sync, 'degraded')
      assert.match(three.status().message, /another cluster than before/)
      assert.equal(await valueAt(plane, `/api/v1/namespaces/${ns}/configmaps/c`, ['data', 'k']), '2')
    })
  })

  it('writes nothing while suspended, but tells drift', async () => {
    const ns = unique('suspended')
    const set = settings()
    const state = desired(
      namespace(ns),
      configMap(ns, 'c', { k: '1' }),
      configMap(ns, 'd', { k: '1' }, { annotations: { 'flotilla.dev/suspend': 'true' } }),
    )
    await withMember(plane, async (member) => {
      await apply(member, state, set)
      assert.match(objectOf(member, `ConfigMap/${ns}/d`).message, /suspended/)
      assert.equal(await read(plane, `/api/v1/namespaces/${ns}/configmaps/d`), undefined)
      member.setDesired(state, { ...set, suspended: true })
      await member.settled()
      await send(
        plane,
        'PATCH',
        `/api/v1/namespaces/${ns}/configmaps/c?fieldManager=kubectl`,
        { data: { k: '9' } },
        merge,
      )
      await eventually(() => objectOf(member, `ConfigMap/${ns}/c`).drift, 'the report')
      assert.equal(member.status().sync, 'suspended')
      assert.equal(await valueAt(plane, `/api/v1/namespaces/${ns}/configmaps/c`, ['data', 'k']), '9')
      await apply(member, desired(...[...state.objects.values()].map(({ object }) => object)), set)
      await eventually(
        async () => (await valueAt(plane, `/api/v1/namespaces/${ns}/configmaps/c`, ['data', 'k'])) === '1',
        'the heal',
      )
    })
  })
})

describeMembers(
  'a member: workloads',
  ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'],
  () => {
    it('observes replicas, pods and nodes, and follows health', async () => {
      const [plane] = await sharedControlPlanes(1, { controllers: true })
      assert(plane)
      const ns = unique('observe')
      const member = memberOf(plane, { observeNodes: true })
      try {
        await apply(
          member,
          desired(
            namespace(ns),
            deployment(ns, 'web'),
            deployment(ns, 'big', {}, { nodeSelector: { no: 'such-node' } }),
          ),
          settings(),
        )
        await eventually(
          () => objectOf(member, `Deployment.apps/${ns}/web`).health === 'Current',
          'the rollout',
          40_000,
        )
        const { workloads, nodes, applied, reachable } = member.observe()
        assert.equal(reachable, true)
        assert.equal(applied?.tree, member.status().appliedCommit && `sha256:${member.status().appliedCommit}`)
        assert.deepEqual(workloads?.[`Deployment.apps/${ns}/web`], {
          replicas: 2,
          readyReplicas: 2,
          availableReplicas: 2,
          runningPods: 2,
          unschedulablePods: 0,
        })
        assert.equal(objectOf(member, `Deployment.apps/${ns}/big`).health, 'InProgress')
        assert.equal(member.status().sync, 'progressing')
        await eventually(() => member.observe().nodes, 'the nodes')
        assert.equal(nodes?.length ?? member.observe().nodes?.length, 1)
        await eventually(
          () => member.observe().workloads?.[`Deployment.apps/${ns}/big`]?.runningPods === 0,
          'the pod analysis',
        )
      } finally {
        await member.stop()
      }
    })
  },
)
