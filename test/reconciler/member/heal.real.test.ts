import assert from 'node:assert/strict'
import { getIn, type Json, type KubeObject } from '../../../repo-layout/json.ts'
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
const applyPatch = { 'content-type': 'application/apply-patch+yaml' }

describeMembers('a member of a real cluster: healing', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
  })
  const mapPath = (ns: string, name = 'c') => `/api/v1/namespaces/${ns}/configmaps/${name}`
  const edit = (ns: string, data: Json, manager = 'kubectl-edit', name = 'c') =>
    send(plane, 'PATCH', `${mapPath(ns, name)}?fieldManager=${manager}`, { data }, merge)

  it('tells under Report what a forced apply could not even try, with who did it', async () => {
    const ns = unique('clash')
    const path = `/api/v1/namespaces/${ns}/services/s`
    const service: KubeObject = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace: ns, annotations: { 'flotilla.dev/drift': 'Report' } },
      spec: { selector: { app: 'a' }, ports: [{ name: 'http', port: 80 }] },
    }
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), service), settings())
      const ports = [
        { port: 80, $patch: 'delete' },
        { name: 'http', port: 8080, targetPort: 80 },
      ]
      await send(plane, 'PATCH', `${path}?fieldManager=kubectl-edit`, { spec: { ports } }, strategic)
      const drift = await eventually(() => objectOf(member, `Service/${ns}/s`).drift, 'the report')
      assert.deepEqual(
        drift.fields.map((field) => [field.path, getIn(field.live, [0, 'port']), getIn(field.wanted, [0, 'port'])]),
        [['/spec/ports', 8080, 80]],
      )
      assert.match(drift.fields[0]?.manager ?? '', /kubectl-edit/)
      assert.match(objectOf(member, `Service/${ns}/s`).message, /would be refused: .*Duplicate value/)
      assert.equal(objectOf(member, `Service/${ns}/s`).action, 'created')
      assert.equal(member.status().sync, 'drifted')
      assert.equal((await member.diff()).drifts.length, 1)
      assert.equal(await valueAt(plane, path, ['spec', 'ports', 0, 'port']), 8080)
    })
  })

  it('heeds the word on an object more than that of the fleet: Report under Heal, Heal under Report', async () => {
    const ns = unique('word')
    const base = settings()
    const annotated = (name: string, word: string) =>
      configMap(ns, name, { k: 'git' }, { annotations: { 'flotilla.dev/drift': word } })
    const state = desired(namespace(ns), annotated('told', 'Report'), annotated('healed', 'Heal'))
    for (const drift of ['Heal', 'Report'] as const)
      await withMember(plane, async (member) => {
        await apply(member, state, { ...base, sync: { ...base.sync, drift } })
        for (const name of ['told', 'healed']) await edit(ns, { k: `under ${drift}` }, 'kubectl-edit', name)
        const told = await eventually(() => objectOf(member, `ConfigMap/${ns}/told`).drift, 'the report')
        assert.equal(told.healedAt, undefined)
        await eventually(async () => (await valueAt(plane, mapPath(ns, 'healed'), ['data', 'k'])) === 'git', 'the heal')
        assert.equal(await valueAt(plane, mapPath(ns, 'told'), ['data', 'k']), `under ${drift}`)
      })
  })

  it('brings back what was removed of a map or a list, which nobody signs for', async () => {
    const ns = unique('removed')
    const path = `/apis/apps/v1/namespaces/${ns}/deployments/web`
    await withMember(plane, async (member) => {
      await apply(
        member,
        desired(namespace(ns), deployment(ns, 'web'), configMap(ns, 'c', { k: '1', l: '2' })),
        settings(),
      )
      await edit(ns, { l: null })
      const env = [{ name: 'B', $patch: 'delete' }]
      await send(
        plane,
        'PATCH',
        `${path}?fieldManager=kubectl-edit`,
        { spec: { template: { spec: { containers: [{ name: 'web', env }] } } } },
        strategic,
      )
      const [map, list] = [`ConfigMap/${ns}/c`, `Deployment.apps/${ns}/web`]
      await eventually(() => objectOf(member, map).drift && objectOf(member, list).drift, 'the reports')
      assert.deepEqual(objectOf(member, map).drift?.fields, [
        { path: '/data/l', live: undefined, wanted: '2', manager: 'unknown (removed)' },
      ])
      assert.deepEqual(
        objectOf(member, list).drift?.fields.map((field) => [field.path, field.manager]),
        [['/spec/template/spec/containers[name=web]/env[name=B]', 'unknown (removed)']],
      )
      await eventually(async () => (await member.diff()).drifts.length === 0, 'no difference')
    })
  })

  it('takes back what was wiped with an empty list, so that a field dropped from Git later really goes', async () => {
    const ns = unique('wiped')
    const set = settings()
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: '1', l: '2' })), set)
      await send(plane, 'PATCH', mapPath(ns), { metadata: { managedFields: [] } }, merge)
      // Nobody owns anything then; the next writer's server notes all that is there under another name.
      await eventually(() => objectOf(member, `ConfigMap/${ns}/c`).drift?.reason === 'ownership wiped', 'the report')
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: '1' })), set)
      assert.equal(await valueAt(plane, mapPath(ns), ['data', 'l']), undefined)
    })
  })

  it('does nothing where another manager applies the same value, or a quantity is only written otherwise', async () => {
    const ns = unique('same')
    const set = settings()
    const resources = { requests: { cpu: '1000m', memory: '1024Mi' } }
    const pod = { containers: [{ name: 'web', image: 'nginx:1', resources }] }
    const state = desired(namespace(ns), configMap(ns, 'c', { k: '1' }), deployment(ns, 'web', {}, pod))
    await withMember(plane, async (member) => {
      await apply(member, state, set)
      const from = plane.auditEntries().length
      const { apiVersion, kind, metadata, data } = configMap(ns, 'c', { k: '1' })
      const same = { apiVersion, kind, metadata: { name: metadata.name }, data } as Json
      await send(plane, 'PATCH', `${mapPath(ns)}?fieldManager=other&force=true`, same, applyPatch)
      const seen = await valueAt(plane, mapPath(ns), ['metadata', 'resourceVersion'])
      await apply(member, desired(...[...state.objects.values()].map(({ object }) => object)), set)
      assert.deepEqual(await member.diff(), { drifts: [], problem: '' })
      assert.equal(objectOf(member, `ConfigMap/${ns}/c`).drift, undefined)
      assert.equal(await valueAt(plane, mapPath(ns), ['metadata', 'resourceVersion']), seen)
      const writes = requestsSince(plane, from, (uri) => uri.includes(ns)).filter(
        (line) => !/^(get|list|watch) /.test(line),
      )
      assert.deepEqual(writes, [])
    })
  })

  it('leaves an ignored field to the manager that a rule names and to no other, also inside of a list', async () => {
    const ns = unique('rule')
    const path = `/apis/apps/v1/namespaces/${ns}/deployments/web`
    const image = ['spec', 'template', 'spec', 'containers', 0, 'image']
    const ignoreDifferences = [
      {
        group: 'apps',
        kind: 'Deployment',
        jsonPointers: ['/spec/template/spec/containers/0/image'],
        managedFieldsManagers: ['image-updater'],
      },
    ]
    const set = settings({ ignoreDifferences })
    const setImage = (manager: string, to: string) =>
      send(
        plane,
        'PATCH',
        `${path}?fieldManager=${manager}`,
        { spec: { template: { spec: { containers: [{ name: 'web', image: to }] } } } },
        strategic,
      )
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), deployment(ns, 'web')), set)
      await setImage('kubectl-set', 'nginx:by-hand')
      await eventually(() => objectOf(member, `Deployment.apps/${ns}/web`).drift?.healed === 1, 'the heal')
      assert.equal(await valueAt(plane, path, image), 'nginx:1')
      await setImage('image-updater', 'nginx:new')
      // A new commit goes past it as well.
      await apply(member, desired(namespace(ns), deployment(ns, 'web', { minReadySeconds: 3 })), set)
      assert.equal(await valueAt(plane, path, ['spec', 'minReadySeconds']), 3)
      assert.equal(await valueAt(plane, path, image), 'nginx:new')
      assert.equal(objectOf(member, `Deployment.apps/${ns}/web`).drift, undefined)
      assert.equal(member.status().sync === 'drifted', false)
    })
  })

  it('takes the replicas back from an autoscaler that is gone as soon as somebody scales by hand', async () => {
    const ns = unique('handback')
    const path = `/apis/apps/v1/namespaces/${ns}/deployments/web`
    const scale = (manager: string, replicas: number) =>
      send(plane, 'PATCH', `${path}/scale?fieldManager=${manager}`, { spec: { replicas } }, merge)
    const replicas = () => valueAt(plane, path, ['spec', 'replicas'])
    const set = settings()
    const state = () => desired(namespace(ns), deployment(ns, 'web', { minReadySeconds: 1 }))
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), deployment(ns, 'web')), set)
      await scale('kube-controller-manager', 6)
      await apply(member, state(), set)
      assert.equal(await replicas(), 6)
    })
    await scale('kubectl', 5)
    // Also where nobody watched while it happened.
    await withMember(plane, async (member) => {
      await apply(member, state(), set)
      assert.equal(await replicas(), 2)
      assert.deepEqual(objectOf(member, `Deployment.apps/${ns}/web`).drift?.fields, [
        { path: '/spec/replicas', live: 5, wanted: 2, manager: 'kubectl (scale)' },
      ])
      await scale('kube-controller-manager', 4)
      await scale('kubectl', 3)
      await eventually(async () => (await replicas()) === 2, 'the heal')
    })
  })

  it('leaves a Service what the cluster allotted to it, whatever Git says of it', async () => {
    const ns = unique('allotted')
    const path = `/api/v1/namespaces/${ns}/services/s`
    const service = (app: string, more: { readonly [key: string]: Json } = {}): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace: ns },
      spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', selector: { app }, ports: [{ port: 80 }], ...more },
    })
    const allotted = async () => {
      const live = await read(plane, path)
      return ['clusterIP', 'clusterIPs', 'healthCheckNodePort', 'ports'].map((field) => getIn(live, ['spec', field]))
    }
    const set = settings()
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), service('a')), set)
      const before = await allotted()
      assert(!before.includes(undefined), JSON.stringify(before))
      await apply(member, desired(namespace(ns), service('b')), set)
      const other = { clusterIP: '10.0.0.99', healthCheckNodePort: 30999 }
      await apply(member, desired(namespace(ns), service('c', other)), set)
      assert.equal(
        objectOf(member, `Service/${ns}/s`).action,
        'configured',
        objectOf(member, `Service/${ns}/s`).message,
      )
      assert.equal(await valueAt(plane, path, ['spec', 'selector', 'app']), 'c')
      assert.deepEqual(await allotted(), before)
    })
  })

  it('tells the drift of a suspended object and does not touch it', async () => {
    const ns = unique('suspended')
    const set = settings()
    const suspended = (data: { [key: string]: string }) =>
      configMap(ns, 'c', data, { annotations: { 'flotilla.dev/suspend': 'true' } })
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: '1' })), set)
      // The commit that suspends it is not written to it either.
      await apply(member, desired(namespace(ns), suspended({ k: '2' })), set)
      assert.equal(objectOf(member, `ConfigMap/${ns}/c`).action, 'skipped')
      assert.equal(await valueAt(plane, mapPath(ns), ['data', 'k']), '1')
      const live = await read(plane, mapPath(ns))
      assert.equal(getIn(live, ['metadata', 'annotations', 'flotilla.dev/suspend']), undefined)
      assert.equal(objectOf(member, `ConfigMap/${ns}/c`).drift, undefined, 'a commit that waits is no drift')
      await edit(ns, { k: 'by hand' })
      const drift = await eventually(() => objectOf(member, `ConfigMap/${ns}/c`).drift, 'the report')
      assert.deepEqual(drift.fields, [{ path: '/data/k', live: 'by hand', wanted: '2', manager: 'kubectl-edit' }])
      assert.equal(drift.healedAt, undefined)
      assert.equal(await valueAt(plane, mapPath(ns), ['data', 'k']), 'by hand')
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { k: '2' })), set)
      assert.equal(await valueAt(plane, mapPath(ns), ['data', 'k']), '2')
    })
  })
})
