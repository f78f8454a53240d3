import assert from 'node:assert/strict'
import type { Drift, Member } from '../../../reconciler/member/types.ts'
import { getIn, type Json, type JsonPath, type KubeObject } from '../../../repo-layout/json.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { describeMembers } from '../../testbed/members.ts'
import { sharedControlPlane } from '../../testbed/shared.ts'
import {
  apply,
  configMap,
  deployment,
  desired,
  eventually,
  namespace,
  objectOf,
  read,
  requestsSince,
  send,
  settings,
  unique,
  valueAt,
  withMember,
} from './support.ts'

const merge = { 'content-type': 'application/merge-patch+json' }
const strategic = { 'content-type': 'application/strategic-merge-patch+json' }
const jsonPatch = { 'content-type': 'application/json-patch+json' }
const pod: JsonPath = ['spec', 'template', 'spec']

interface Situation {
  readonly name: string
  /** What somebody does to the Deployment; `manager` writes as. */
  readonly act: (plane: ControlPlane, path: string) => Promise<unknown>
  /** What the report must say; undefined where it is no drift. */
  readonly drift?: { readonly reason?: Drift['reason']; readonly path?: string; readonly manager?: string }
  /** What must be there in the end. */
  readonly at: JsonPath
  readonly is: (value: Json | undefined) => boolean
}

const patched =
  (body: Json, headers: Readonly<Record<string, string>>, query: string) => (plane: ControlPlane, path: string) =>
    send(plane, 'PATCH', `${path}${query}`, body, headers)

const situations: readonly Situation[] = [
  {
    name: "a controller's annotation, twice",
    async act(plane, path) {
      for (const value of ['1', '2'])
        await send(
          plane,
          'PATCH',
          `${path}?fieldManager=kube-controller-manager`,
          { metadata: { annotations: { 'deployment.kubernetes.io/revision': value } } },
          merge,
        )
    },
    at: ['metadata', 'annotations', 'deployment.kubernetes.io/revision'],
    is: (value) => value === '2',
  },
  {
    name: 'a filled `resources: {}`',
    act: patched(
      { spec: { template: { spec: { containers: [{ name: 'web', resources: { limits: { cpu: '1' } } }] } } } },
      strategic,
      '?fieldManager=vpa',
    ),
    at: [...pod, 'containers', 0, 'resources', 'limits', 'cpu'],
    is: (value) => value === '1',
  },
  {
    name: 'replicas through scale',
    act: (plane, path) => send(plane, 'PATCH', `${path}/scale?fieldManager=kubectl`, { spec: { replicas: 7 } }, merge),
    drift: { reason: 'changed', path: '/spec/replicas', manager: 'kubectl (scale)' },
    at: ['spec', 'replicas'],
    is: (value) => value === 2,
  },
  {
    name: 'a removed label',
    act: patched({ metadata: { labels: { team: null } } }, merge, '?fieldManager=kubectl'),
    drift: { reason: 'changed', path: '/metadata/labels/team', manager: 'unknown (removed)' },
    at: ['metadata', 'labels', 'team'],
    is: (value) => value === 'web',
  },
  {
    name: 'reordered init containers',
    async act(plane, path) {
      const live = await read(plane, path)
      const list = getIn(live, [...pod, 'initContainers'])
      await send(
        plane,
        'PATCH',
        `${path}?fieldManager=kubectl`,
        [{ op: 'replace', path: '/spec/template/spec/initContainers', value: [...(list as Json[])].reverse() }],
        jsonPatch,
      )
    },
    drift: { reason: 'changed', path: '/spec/template/spec/initContainers' },
    at: [...pod, 'initContainers', 0, 'name'],
    is: (value) => value === 'first',
  },
  {
    name: 'reordered env',
    async act(plane, path) {
      const live = await read(plane, path)
      const list = getIn(live, [...pod, 'containers', 0, 'env'])
      await send(
        plane,
        'PATCH',
        `${path}?fieldManager=kubectl`,
        [{ op: 'replace', path: '/spec/template/spec/containers/0/env', value: [...(list as Json[])].reverse() }],
        jsonPatch,
      )
    },
    drift: { reason: 'changed', path: '/spec/template/spec/containers[name=web]/env' },
    at: [...pod, 'containers', 0, 'env', 0, 'name'],
    is: (value) => value === 'A',
  },
  {
    name: 'other args',
    act: patched(
      { spec: { template: { spec: { containers: [{ name: 'web', args: ['a', 'x'] }] } } } },
      strategic,
      '?fieldManager=kubectl-edit',
    ),
    drift: { reason: 'changed', path: '/spec/template/spec/containers[name=web]/args', manager: 'kubectl-edit' },
    at: [...pod, 'containers', 0, 'args', 1],
    is: (value) => value === 'b',
  },
  {
    name: 'a status',
    act: (plane, path) =>
      send(
        plane,
        'PATCH',
        `${path}/status?fieldManager=kube-controller-manager`,
        { status: { replicas: 2, observedGeneration: 1 } },
        merge,
      ),
    at: ['status', 'replicas'],
    is: (value) => value === 2,
  },
  {
    name: 'an injected sidecar',
    act: patched(
      { spec: { template: { spec: { containers: [{ name: 'sidecar', image: 's:1' }] } } } },
      strategic,
      '?fieldManager=injector',
    ),
    at: [...pod, 'containers'],
    is: (value) => (value as Json[]).length === 2,
  },
  {
    name: 'a changed emptyDir',
    act: patched(
      { spec: { template: { spec: { volumes: [{ name: 'tmp', emptyDir: { medium: 'Memory' } }] } } } },
      strategic,
      '?fieldManager=kubectl',
    ),
    at: [...pod, 'volumes', 0, 'emptyDir', 'medium'],
    is: (value) => value === 'Memory',
  },
  {
    name: 'wiped managedFields',
    act: patched({ metadata: { managedFields: [{}] } }, merge, '?fieldManager=kubectl'),
    drift: { reason: 'ownership wiped' },
    at: ['metadata', 'managedFields'],
    is: (value) => (value as Json[]).some((entry) => getIn(entry, ['manager']) === 'flotilla'),
  },
  {
    name: 'a write under our own name',
    async act(plane, path) {
      const live = await read(plane, path)
      assert(live)
      const { managedFields: _fields, resourceVersion: _version, ...metadata } = live.metadata
      const body = { ...live, metadata, spec: { ...(getIn(live, ['spec']) as object), replicas: 9 } } as Json
      await send(plane, 'PATCH', `${path}?fieldManager=flotilla&force=true`, body, {
        'content-type': 'application/apply-patch+yaml',
      })
    },
    drift: { reason: 'changed', path: '/spec/replicas', manager: 'flotilla' },
    at: ['spec', 'replicas'],
    is: (value) => value === 2,
  },
  {
    name: 'a new image by kubectl set image',
    act: patched(
      { spec: { template: { spec: { containers: [{ name: 'web', image: 'nginx:hotfix' }] } } } },
      strategic,
      '?fieldManager=kubectl-set',
    ),
    drift: { reason: 'changed', path: '/spec/template/spec/containers[name=web]/image', manager: 'kubectl-set' },
    at: [...pod, 'containers', 0, 'image'],
    is: (value) => value === 'nginx:1',
  },
]

const podSpec = {
  initContainers: [
    { name: 'first', image: 'i:1' },
    { name: 'second', image: 'i:1' },
  ],
  volumes: [{ name: 'tmp', emptyDir: {} }],
}

describeMembers('a member of a real cluster: drift', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
  })

  async function watched(
    test: (member: Member, ns: string, path: string) => Promise<void>,
    change: Partial<KubeObject> = {},
    set = settings(),
  ) {
    const ns = unique('drift')
    await withMember(plane, async (member) => {
      const web = deployment(ns, 'web', {}, podSpec)
      const object = {
        ...web,
        ...change,
        metadata: { ...web.metadata, ...change.metadata, namespace: ns },
      } as KubeObject
      await apply(member, desired(namespace(ns), object), set)
      assert.equal(member.status().applied, 2, JSON.stringify(member.status()))
      await test(member, ns, `/apis/apps/v1/namespaces/${ns}/deployments/web`)
    })
  }

  for (const { name, act, drift, at, is } of situations) {
    it(`${drift ? 'heals' : 'leaves alone'} ${name}`, () =>
      watched(async (member, ns, path) => {
        const subject = `Deployment.apps/${ns}/web`
        const from = plane.auditEntries().length
        await act(plane, path)
        if (drift) {
          const seen = await eventually(() => objectOf(member, subject).drift, 'a drift report')
          assert.equal(seen.reason, drift.reason)
          if (drift.path !== undefined)
            assert.deepEqual(
              seen.fields.map((field) => field.path),
              [drift.path],
            )
          if (drift.manager !== undefined) assert.equal(seen.fields[0]?.manager, drift.manager)
          assert.equal(seen.healed, 1)
          assert.equal(member.status().sync === 'drifted', false)
        }
        await eventually(async () => is(await valueAt(plane, path, at)), 'the value in the end')
        // Converged: an event of any other kind causes no more writes.
        const ours = () =>
          requestsSince(plane, from, (uri) => uri.startsWith(path)).filter((line) => !/^(get|watch|list)/.test(line))
        await new Promise((resolve) => setTimeout(resolve, 300))
        const writes = ours().length
        await send(plane, 'PATCH', `${path}?fieldManager=noise`, { metadata: { annotations: { noise: '1' } } }, merge)
        await new Promise((resolve) => setTimeout(resolve, 300))
        assert.equal(ours().length, writes, ours().join('\n'))
        assert(writes <= (drift ? 2 : 0), ours().join('\n'))
        assert.deepEqual(await member.diff(), { drifts: [], problem: '' })
      }))
  }

  it('shows an injected sidecar as an extra', () =>
    watched(async (member, ns, path) => {
      await send(
        plane,
        'PATCH',
        `${path}?fieldManager=injector`,
        { spec: { template: { spec: { containers: [{ name: 'sidecar', image: 's:1' }] } } } },
        strategic,
      )
      await eventually(
        () =>
          objectOf(member, `Deployment.apps/${ns}/web`).extras.includes('/spec/template/spec/containers[name=sidecar]'),
        'the extra',
      )
    }))

  it('creates again what was deleted, labels what lost our label, takes what was recreated', () =>
    watched(async (member, ns, path) => {
      const subject = `Deployment.apps/${ns}/web`
      await send(plane, 'DELETE', path)
      const deleted = await eventually(() => objectOf(member, subject).drift, 'the report')
      assert.equal(deleted.reason, 'deleted')
      const live = await eventually(() => read(plane, path), 'the object')

      await send(
        plane,
        'PATCH',
        `${path}?fieldManager=kubectl`,
        { metadata: { labels: { 'flotilla.dev/fleet': null } } },
        merge,
      )
      await eventually(() => objectOf(member, subject).drift?.reason === 'label removed', 'the report')
      await eventually(
        async () => (await valueAt(plane, path, ['metadata', 'labels', 'flotilla.dev/fleet'])) !== undefined,
        'the label',
      )
      assert.equal(objectOf(member, subject).drift?.fields[0]?.manager, 'unknown (removed)')

      // As kubectl replace --force does it, quicker than anybody sees: the object comes back with another uid.
      const {
        managedFields: _m,
        resourceVersion: _r,
        uid: _u,
        creationTimestamp: _c,
        generation: _g,
        ...metadata
      } = live.metadata
      await Promise.all([
        send(plane, 'DELETE', path),
        eventually(
          async () =>
            (
              await plane.request('POST', path.replace(/\/web$/, ''), {
                ...live,
                metadata,
                spec: { ...(live.spec as object), replicas: 5 },
              } as Json)
            ).status === 201 || objectOf(member, subject).drift?.healed === 3,
          'creating it anew',
        ),
      ])
      await eventually(
        async () =>
          objectOf(member, subject).drift?.healed === 3 && (await valueAt(plane, path, ['spec', 'replicas'])) === 2,
        'the heal',
      )
      await eventually(async () => (await member.diff()).drifts.length === 0, 'no difference')
    }))

  it('only tells under Report, and heals once it is allowed to', () => {
    const set = settings()
    const report = { ...set, sync: { ...set.sync, drift: 'Report' as const } }
    return watched(
      async (member, ns, path) => {
        const subject = `Deployment.apps/${ns}/web`
        await send(plane, 'PATCH', `${path}/scale?fieldManager=kubectl`, { spec: { replicas: 4 } }, merge)
        const drift = await eventually(() => objectOf(member, subject).drift, 'the report')
        assert.deepEqual(drift.fields, [{ path: '/spec/replicas', live: 4, wanted: 2, manager: 'kubectl (scale)' }])
        assert.equal(drift.healedAt, undefined)
        assert.equal(member.status().sync, 'drifted')
        assert.equal(await valueAt(plane, path, ['spec', 'replicas']), 4)
        assert.equal((await member.diff()).drifts.length, 1)
        await send(plane, 'PATCH', `${path}/scale?fieldManager=kubectl`, { spec: { replicas: 2 } }, merge)
        await eventually(() => objectOf(member, subject).drift === undefined, 'the end of the drift')
        await send(plane, 'DELETE', path)
        await eventually(() => objectOf(member, subject).drift?.reason === 'deleted', 'the report')
        assert.equal(await read(plane, path), undefined)
        await apply(member, desired(namespace(ns), deployment(ns, 'web', {}, podSpec)), set)
        await eventually(() => read(plane, path), 'the object')
      },
      {},
      report,
    )
  })

  it('masks the values of a Secret, and heals it', async () => {
    const ns = unique('secret')
    const path = `/api/v1/namespaces/${ns}/secrets/s`
    await withMember(plane, async (member) => {
      const secret = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 's', namespace: ns },
        stringData: { password: 'hunter2' },
      }
      await apply(member, desired(namespace(ns), secret), settings())
      await send(plane, 'PATCH', `${path}?fieldManager=kubectl`, { data: { password: 'c3RvbGVu' } }, merge)
      const drift = await eventually(() => objectOf(member, `Secret/${ns}/s`).drift, 'the report')
      assert.deepEqual(drift.fields, [
        { path: '/data/password', live: '(masked)', wanted: '(masked)', manager: 'kubectl' },
      ])
      assert.equal(await valueAt(plane, path, ['data', 'password']), Buffer.from('hunter2').toString('base64'))
    })
  })

  it('does not fight an autoscaler', () => {
    const set = settings()
    return watched(
      async (member, ns, path) => {
        await send(
          plane,
          'PATCH',
          `${path}/scale?fieldManager=kube-controller-manager`,
          { spec: { replicas: 6 } },
          merge,
        )
        await new Promise((resolve) => setTimeout(resolve, 400))
        assert.equal(await valueAt(plane, path, ['spec', 'replicas']), 6)
        assert.equal(objectOf(member, `Deployment.apps/${ns}/web`).drift, undefined)
        // A new image leaves the autoscaler's replicas as they are.
        const next = deployment(ns, 'web', {}, { ...podSpec, terminationGracePeriodSeconds: 5 })
        await apply(member, desired(namespace(ns), next), set)
        assert.equal(await valueAt(plane, path, [...pod, 'terminationGracePeriodSeconds']), 5)
        assert.equal(await valueAt(plane, path, ['spec', 'replicas']), 6)
      },
      {},
      set,
    )
  })

  it('keeps the live replicas when they leave Git', () => {
    const set = settings()
    return watched(
      async (member, ns, path) => {
        const { replicas: _replicas, ...spec } = deployment(ns, 'web', {}, podSpec).spec as { replicas: number }
        await apply(member, desired(namespace(ns), { ...deployment(ns, 'web'), spec: spec as never }), set)
        assert.equal(await valueAt(plane, path, ['spec', 'replicas']), 2)
      },
      {},
      set,
    )
  })

  it('heals a Service whose port was edited under the same name, and retains what the cluster allotted', async () => {
    const ns = unique('service')
    const path = `/api/v1/namespaces/${ns}/services/s`
    const service = (spec: object) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace: ns },
      spec: {
        selector: { app: 'a' },
        type: 'NodePort',
        ports: [{ name: 'http', port: 80, nodePort: 31999 - (process.pid % 900) }],
        ...spec,
      },
    })
    const set = settings()
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), service({ clusterIP: '10.0.0.77' })), set)
      const live = await read(plane, path)
      assert(live, member.status().message)
      const nodePort = getIn(live, ['spec', 'ports', 0, 'nodePort'])
      // kubectl edit: a strategic merge that replaces port 80 by 8080.
      await send(
        plane,
        'PATCH',
        `${path}?fieldManager=kubectl-edit`,
        {
          spec: {
            $setElementOrder: undefined,
            ports: [
              { port: 80, $patch: 'delete' },
              { name: 'http', port: 8080, targetPort: 80 },
            ],
          },
        } as never,
        strategic,
      )
      await eventually(() => objectOf(member, `Service/${ns}/s`).drift, 'the report')
      await eventually(
        async () =>
          JSON.stringify(
            ((await valueAt(plane, path, ['spec', 'ports'])) as Json[]).map((port) => getIn(port, ['port'])),
          ) === '[80]',
        'the port',
      )
      assert.equal(objectOf(member, `Service/${ns}/s`).action, 'created', objectOf(member, `Service/${ns}/s`).message)
      // Another address in Git than the one that was allotted cannot be had; the live one is retained.
      await apply(
        member,
        desired(
          namespace(ns),
          service({
            clusterIP: '10.0.0.78',
            ports: [{ name: 'http', port: 80, nodePort: 30001 + (process.pid % 900) }],
          }),
        ),
        set,
      )
      assert.equal(
        objectOf(member, `Service/${ns}/s`).action !== 'failed',
        true,
        objectOf(member, `Service/${ns}/s`).message,
      )
      assert.equal(await valueAt(plane, path, ['spec', 'clusterIP']), '10.0.0.77')
      assert(nodePort)
    })
  })

  it('leaves an ignored field to whoever owns it, and names a fight', async () => {
    const ns = unique('ignored')
    const path = `/api/v1/namespaces/${ns}/configmaps/c`
    const annotations = { 'flotilla.dev/ignore-differences': '/data/shared' }
    await withMember(plane, async (member) => {
      await apply(
        member,
        desired(namespace(ns), configMap(ns, 'c', { shared: 'git', own: 'git' }, { annotations })),
        settings(),
      )
      await send(plane, 'PATCH', `${path}?fieldManager=other`, { data: { shared: 'other' } }, merge)
      await new Promise((resolve) => setTimeout(resolve, 300))
      assert.equal(await valueAt(plane, path, ['data', 'shared']), 'other')
      assert.equal(objectOf(member, `ConfigMap/${ns}/c`).drift, undefined)
      for (let i = 0; i < 7; i++) {
        await send(plane, 'PATCH', `${path}?fieldManager=stubborn`, { data: { own: `other ${i}` } }, merge)
        await new Promise((resolve) => setTimeout(resolve, 150))
      }
      const status = await eventually(() => {
        const object = objectOf(member, `ConfigMap/${ns}/c`)
        return object.drift?.fight ? object : undefined
      }, 'the fight')
      assert.equal(status.drift?.fields[0]?.manager, 'stubborn')
      assert.equal(member.status().sync, 'drifted')
      assert.equal(await valueAt(plane, path, ['data', 'shared']), 'other')
    })
  })
})
