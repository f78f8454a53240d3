import assert from 'node:assert/strict'
import { describeReal } from '../../testbed/binaries.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { describeMembers } from '../../testbed/members.ts'
import { refuse } from '../../testbed/refuse.ts'
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

describeMembers('a member: applying', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
  })

  it('creates, configures, leaves unchanged and prunes, and sends only what changed', async () => {
    const ns = unique('apply')
    const set = settings()
    await withMember(plane, async (member) => {
      const one = [namespace(ns), configMap(ns, 'a', { k: '1' }), configMap(ns, 'b', { k: '1' }), deployment(ns, 'web')]
      await apply(member, desired(...one), set)
      const status = member.status()
      assert.deepEqual(status.objects.map(({ action, message }) => `${action} ${message}`.trim()).slice(0, 2), [
        'created',
        'created',
      ])
      assert.equal(status.applied, 4)
      assert.equal(status.appliedCommit, desired(...one).commit)
      assert.equal(
        await valueAt(plane, `/api/v1/namespaces/${ns}/configmaps/a`, ['metadata', 'labels', 'flotilla.dev/fleet']),
        set.fleetName,
      )
      assert.equal(status.kubernetesVersion, 'v1.35.4')

      const from = plane.auditEntries().length
      const two = [namespace(ns), configMap(ns, 'a', { k: '2' }), deployment(ns, 'web')]
      await apply(member, desired(...two), set)
      assert.equal(objectOf(member, `ConfigMap/${ns}/a`).action, 'configured')
      assert.equal(objectOf(member, `Deployment.apps/${ns}/web`).action, 'unchanged')
      assert.equal(objectOf(member, `ConfigMap/${ns}/b`).action, 'pruned')
      assert.equal(await read(plane, `/api/v1/namespaces/${ns}/configmaps/b`), undefined)
      // Pods are counted beside it, whenever a workload is not ready.
      const isOfCommit = (uri: string) => uri.includes(`/namespaces/${ns}/`) && !uri.includes('/pods')
      assert.deepEqual(
        requestsSince(plane, from, isOfCommit).map((line) => line.split('?')[0]),
        [
          `patch /api/v1/namespaces/${ns}/configmaps/a`,
          `get /api/v1/namespaces/${ns}/configmaps/b`,
          `delete /api/v1/namespaces/${ns}/configmaps/b`,
        ],
      )
    })
  })

  it('sends no PATCH after a restart with nothing changed', async () => {
    const ns = unique('restart')
    const set = settings()
    const state = desired(namespace(ns), configMap(ns, 'a', { k: '1' }), deployment(ns, 'web'), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', namespace: ns },
      stringData: { password: 'x' },
    })
    await withMember(plane, (member) => apply(member, state, set))
    const from = plane.auditEntries().length
    await withMember(plane, async (member) => {
      await apply(member, state, set)
      assert.equal(member.status().applied, 4)
      assert.equal(member.status().appliedCommit, state.commit)
      assert(member.status().objects.every(({ action }) => action === 'unchanged'))
    })
    const writes = requestsSince(plane, from, () => true).filter((line) => !/^(get|list|watch) /.test(line))
    assert.deepEqual(writes, [])
    assert.equal(await valueAt(plane, `/api/v1/namespaces/${ns}/secrets/s`, ['data', 'password']), 'eA==')
  })

  it('applies a CRD and its custom resource in one go', async () => {
    const ns = unique('crd')
    const group = `${ns}.example.com`
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
              },
            },
          },
        ],
      },
    }
    const widget = {
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata: { name: 'w', namespace: ns },
      spec: { size: 1 },
    }
    const set = settings()
    await withMember(plane, async (member) => {
      await apply(member, desired(widget, crd, namespace(ns)), set)
      assert.equal(member.status().message, '3/3 applied')
      assert.equal(await valueAt(plane, `/apis/${group}/v1/namespaces/${ns}/widgets/w`, ['spec', 'size']), 1)
      // Its watch starts after the CRD was established.
      await send(plane, 'PATCH', `/apis/${group}/v1/namespaces/${ns}/widgets/w`, { spec: { size: 7 } })
      await eventually(
        async () => (await valueAt(plane, `/apis/${group}/v1/namespaces/${ns}/widgets/w`, ['spec', 'size'])) === 1,
        'healing a custom resource',
      )
      await apply(member, desired(crd, namespace(ns)), set)
      assert.equal(objectOf(member, `Widget.${group}/${ns}/w`).action, 'pruned')
      await apply(member, desired(namespace(ns)), set)
      const kept = objectOf(member, `CustomResourceDefinition.apiextensions.k8s.io/widgets.${group}`)
      assert.equal(kept.action, 'skipped')
      assert.match(kept.message, /flotilla.dev\/prune: "true"/)
      assert(await read(plane, `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${group}`))
    })
  })

  it('names the immutable field, and deletes and creates only where it is told', async () => {
    const ns = unique('immutable')
    const set = settings()
    const job = (image: string, annotations: { [key: string]: string } = {}) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'j', namespace: ns, annotations },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image }] } } },
    })
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), job('a:1')), set)
      const uid = await valueAt(plane, `/apis/batch/v1/namespaces/${ns}/jobs/j`, ['metadata', 'uid'])
      await apply(member, desired(namespace(ns), job('a:2')), set)
      const failed = objectOf(member, `Job.batch/${ns}/j`)
      assert.equal(failed.action, 'failed')
      assert.match(failed.message, /spec\.template cannot be changed.*flotilla\.dev\/recreate/)
      assert.equal(await valueAt(plane, `/apis/batch/v1/namespaces/${ns}/jobs/j`, ['metadata', 'uid']), uid)
      assert.equal(member.status().sync, 'degraded')

      await apply(member, desired(namespace(ns), job('a:2', { 'flotilla.dev/recreate': 'true' })), set)
      const done = objectOf(member, `Job.batch/${ns}/j`)
      assert.equal(done.action, 'configured', done.message)
      assert.match(done.message, /deleted and created, since spec\.template/)
      assert.notEqual(await valueAt(plane, `/apis/batch/v1/namespaces/${ns}/jobs/j`, ['metadata', 'uid']), uid)

      // A refusal for another reason must not cost the object.
      await apply(member, desired(namespace(ns), job('', { 'flotilla.dev/recreate': 'true' })), set)
      assert.equal(objectOf(member, `Job.batch/${ns}/j`).action, 'failed')
      assert(await read(plane, `/apis/batch/v1/namespaces/${ns}/jobs/j`))
    })
  })

  it('reports what admission refuses, stops only what depends on it, and tells a missing namespace', async () => {
    const ns = unique('refused')
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q', namespace: ns },
      spec: { hard: { 'count/secrets': '0' } },
    }
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: ns }, data: { k: 'eA==' } }
    const set = settings()
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), quota), set)
      await refuse(plane, {
        name: `${ns}-no-forbidden`,
        namespace: ns,
        operations: ['CREATE', 'UPDATE'],
        resource: 'configmaps',
        expression: `object.metadata.name != 'forbidden'`,
        refuses: ({ metadata }) => metadata.name === 'forbidden',
        message: 'no such name here',
      })
      await eventually(
        async () =>
          (
            await plane.request(
              'POST',
              `/api/v1/namespaces/${ns}/configmaps?dryRun=All`,
              configMap(ns, 'forbidden', {}),
            )
          ).status === 422,
        'the policy',
      )
      const more = [
        configMap(ns, 'forbidden', { a: '1' }),
        configMap(ns, 'fine', { a: '1' }),
        configMap('no-such-namespace', 'lost', {}),
      ]
      await apply(member, desired(namespace(ns), quota, ...more), set)
      assert.match(objectOf(member, `ConfigMap/${ns}/forbidden`).message, /no such name here/)
      assert.equal(objectOf(member, `ConfigMap/${ns}/fine`).action, 'created')
      assert.match(
        objectOf(member, 'ConfigMap/no-such-namespace/lost').message,
        /namespace no-such-namespace does not exist/,
      )
      assert.match(member.status().message, /3\/5 applied/)
      await apply(member, desired(namespace(ns), quota, secret), set)
      assert.equal(
        objectOf(member, `Secret/${ns}/s`).action,
        'created',
        'no quota controller runs here, so the quota has no status',
      )
      const unknown = { ...configMap(ns, 'typo', {}), dta: { k: 'v' } }
      await apply(member, desired(namespace(ns), unknown), set)
      assert.match(objectOf(member, `ConfigMap/${ns}/typo`).message, /dta/)
    })
  })
})

// A cluster in memory serves one version of each built-in kind.
describeReal('a member of a real cluster: applying', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
  })

  it('watches and applies in the version that Git says', async () => {
    const ns = unique('version')
    const scaler = (version: string, extra: object) => ({
      apiVersion: `autoscaling/${version}`,
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'h', namespace: ns },
      spec: { maxReplicas: 5, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, ...extra },
    })
    const path = (version: string) => `/apis/autoscaling/${version}/namespaces/${ns}/horizontalpodautoscalers/h`
    const set = settings()
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), scaler('v1', { targetCPUUtilizationPercentage: 60 })), set)
      await send(plane, 'PATCH', path('v2'), { spec: { maxReplicas: 9 } })
      await eventually(
        async () => (await valueAt(plane, path('v2'), ['spec', 'maxReplicas'])) === 5,
        'healing over another version',
      )
      const metrics = [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
      ]
      await apply(member, desired(namespace(ns), scaler('v2', { metrics })), set)
      assert.equal(objectOf(member, `HorizontalPodAutoscaler.autoscaling/${ns}/h`).action, 'configured')
      assert.equal(await valueAt(plane, path('v1'), ['spec', 'targetCPUUtilizationPercentage']), 70)
    })
  })
})
