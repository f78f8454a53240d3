import assert from 'node:assert/strict'
import type { Json, JsonObject } from '../../repo-layout/json.ts'
import { configMap, deployment, service } from './objects.ts'
import { apply, dig, eventually, freshNamespace, type GetTarget, listAt, ok, type Target } from './target.ts'

/** What controllers bring about. */
export function workloadCases(get: GetTarget): void {
  let target: Target
  let namespace: string
  let apps: string
  let core: string

  before(async () => {
    target = get()
    namespace = await freshNamespace(target)
    core = `/api/v1/namespaces/${namespace}`
    apps = `/apis/apps/v1/namespaces/${namespace}`
  })

  const body = async (path: string): Promise<Json> => (await target.request('GET', path)).body
  const until = (path: string, done: (object: Json) => boolean) => eventually(() => body(path), done)
  const condition = (object: Json, type: string) =>
    listAt(object, 'status', 'conditions').find((one) => dig(one, 'type') === type)
  const podsOf = async (selector: string) =>
    listAt(await body(`${core}/pods?labelSelector=${encodeURIComponent(selector)}`), 'items')

  it('brings a Deployment to its replicas and says so', async () => {
    ok(await apply(target, `${apps}/deployments/web`, deployment('web')), 201)
    const object = await until(`${apps}/deployments/web`, (one) => dig(one, 'status', 'availableReplicas') === 2)
    assert.equal(dig(object, 'status', 'observedGeneration'), dig(object, 'metadata', 'generation'))
    assert.equal(dig(object, 'status', 'updatedReplicas'), 2)
    assert.equal(dig(condition(object, 'Available'), 'status'), 'True')
    const settled = await until(
      `${apps}/deployments/web`,
      (one) => dig(condition(one, 'Progressing'), 'reason') === 'NewReplicaSetAvailable',
    )
    assert.equal(dig(condition(settled, 'Progressing'), 'status'), 'True')
    const pods = await podsOf('app=web')
    assert.equal(pods.length, 2)
    for (const pod of pods) assert.equal(dig(pod, 'metadata', 'ownerReferences', 0, 'kind'), 'ReplicaSet')
  })

  it('counts a pod as available once it was ready for as long as is asked', async () => {
    const slow = { ...deployment('slow', { replicas: 1, minReadySeconds: 3 }) }
    ok(await apply(target, `${apps}/deployments/slow`, slow), 201)
    const ready = await until(`${apps}/deployments/slow`, (one) => dig(one, 'status', 'readyReplicas') === 1)
    assert.equal(dig(ready, 'status', 'availableReplicas'), undefined)
    await until(`${apps}/deployments/slow`, (one) => dig(one, 'status', 'availableReplicas') === 1)
    const [pod = null] = await podsOf('app=slow')
    const since = Date.parse(String(dig(condition(pod, 'Ready'), 'lastTransitionTime')))
    assert.ok(Date.now() - since >= 3000)
    ok(await target.request('DELETE', `${apps}/deployments/slow`))
  })

  it('rolls a Deployment over to a new template', async () => {
    ok(await apply(target, `${apps}/deployments/web`, deployment('web', {}, { image: 'nginx:1.28' })))
    await until(
      `${apps}/deployments/web`,
      (one) =>
        dig(one, 'status', 'observedGeneration') === dig(one, 'metadata', 'generation') &&
        dig(one, 'status', 'updatedReplicas') === 2 &&
        dig(one, 'status', 'replicas') === 2 &&
        dig(one, 'status', 'availableReplicas') === 2,
    )
    const images = await eventually(
      async () => (await podsOf('app=web')).map((pod) => dig(pod, 'spec', 'containers', 0, 'image')),
      (found) => found.length === 2,
    )
    assert.deepEqual(images, ['nginx:1.28', 'nginx:1.28'])
  })

  it('lists ready pods behind a Service in an EndpointSlice that carries its labels', async () => {
    const labelled: JsonObject = { ...service('web'), metadata: { name: 'web', labels: { ours: 'yes' } } }
    ok(await target.request('POST', `${core}/services`, labelled), 201)
    const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dweb`
    const list = await until(path, (one) => listAt(one, 'items', 0, 'endpoints').length === 2)
    assert.equal(dig(list, 'items', 0, 'metadata', 'labels', 'ours'), 'yes')
    assert.equal(dig(list, 'items', 0, 'ports', 0, 'port'), 80)
  })

  it('moves pods in and out of an EndpointSlice as labels and selectors change', async () => {
    const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dweb`
    const patch = (at: string, body: JsonObject) => target.request('PATCH', `${core}/${at}`, body)
    const behind = async () =>
      listAt(await body(path), 'items', 0, 'endpoints').map((one) => String(dig(one, 'targetRef', 'name')))
    const names = (await podsOf('app=web')).map((pod) => String(dig(pod, 'metadata', 'name'))).sort()
    const [first = '', second = ''] = names
    const traffic = (value: string | null) => ({ metadata: { labels: { traffic: value } } })
    ok(await patch(`pods/${first}`, traffic('on')))
    ok(await patch('services/web', { spec: { selector: { app: 'web', traffic: 'on' } } }))
    await eventually(behind, (found) => found.join() === first)
    ok(await patch(`pods/${second}`, traffic('on')))
    await eventually(behind, (found) => found.sort().join() === names.join())
    ok(await patch(`pods/${first}`, traffic('off')))
    await eventually(behind, (found) => found.join() === second)
    ok(await patch(`pods/${second}`, traffic(null)))
    await eventually(behind, (found) => found.length === 0)
    ok(await patch('services/web', { spec: { selector: { app: 'web', traffic: null } } }))
    await eventually(behind, (found) => found.sort().join() === names.join())
  })

  it('says that a pod which fits nowhere is unschedulable', async () => {
    const huge = { resources: { requests: { cpu: '9999' } } }
    ok(await apply(target, `${apps}/deployments/huge`, deployment('huge', { replicas: 1 }, huge)), 201)
    const pods = await eventually(
      () => podsOf('app=huge'),
      (found) => dig(condition(found[0] ?? null, 'PodScheduled'), 'reason') === 'Unschedulable',
    )
    assert.match(String(dig(condition(pods[0] ?? null, 'PodScheduled'), 'message')), /Insufficient cpu/)
    ok(await target.request('DELETE', `${apps}/deployments/huge`))
  })

  it('runs numbered pods of a StatefulSet', async () => {
    const set: JsonObject = { ...deployment('db'), kind: 'StatefulSet' }
    ok(
      await target.request('POST', `${apps}/statefulsets`, {
        ...set,
        spec: { ...(set.spec as JsonObject), serviceName: 'db' },
      }),
      201,
    )
    await until(`${apps}/statefulsets/db`, (one) => dig(one, 'status', 'readyReplicas') === 2)
    const names = (await podsOf('app=db')).map((pod) => dig(pod, 'metadata', 'name'))
    assert.deepEqual(names, ['db-0', 'db-1'])
  })

  it('runs one pod of a DaemonSet on each node', async () => {
    const { replicas: _, ...spec } = deployment('agent').spec as JsonObject
    ok(await target.request('POST', `${apps}/daemonsets`, { ...deployment('agent'), kind: 'DaemonSet', spec }), 201)
    const nodes = listAt(await body('/api/v1/nodes'), 'items').length
    const object = await until(`${apps}/daemonsets/agent`, (one) => dig(one, 'status', 'numberReady') === nodes)
    assert.equal(dig(object, 'status', 'desiredNumberScheduled'), nodes)
  })

  it('runs a Job to its end', async () => {
    const job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'once' },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'b:1' }] } } },
    }
    ok(await target.request('POST', `/apis/batch/v1/namespaces/${namespace}/jobs`, job), 201)
    const object = await until(
      `/apis/batch/v1/namespaces/${namespace}/jobs/once`,
      (one) => dig(one, 'status', 'succeeded') === 1,
    )
    assert.equal(
      dig(object, 'spec', 'selector', 'matchLabels', 'batch.kubernetes.io/controller-uid'),
      dig(object, 'metadata', 'uid'),
    )
    await until(
      `/apis/batch/v1/namespaces/${namespace}/jobs/once`,
      (one) => dig(condition(one, 'Complete'), 'status') === 'True',
    )
  })

  it('collects what a deleted owner leaves behind', async () => {
    ok(await target.request('DELETE', `${apps}/deployments/web`))
    await eventually(
      () => podsOf('app=web'),
      (pods) => pods.length === 0,
    )
    const sets = listAt(await body(`${apps}/replicasets?labelSelector=app%3Dweb`), 'items')
    assert.equal(sets.length, 0)
  })

  it('leaves dependents alone where the deletion says Orphan', async () => {
    ok(await apply(target, `${apps}/deployments/left`, deployment('left', { replicas: 1 })), 201)
    await until(`${apps}/deployments/left`, (one) => dig(one, 'status', 'replicas') === 1)
    ok(await target.request('DELETE', `${apps}/deployments/left`, { propagationPolicy: 'Orphan' }))
    await eventually(
      () => target.request('GET', `${apps}/deployments/left`),
      ({ status }) => status === 404,
    )
    const list = await until(
      `${apps}/replicasets?labelSelector=app%3Dleft`,
      (one) => dig(one, 'items', 0, 'metadata', 'ownerReferences') === undefined,
    )
    assert.equal(listAt(list, 'items').length, 1)
  })

  it('holds an owner in the foreground until its dependents are gone', async () => {
    const owner = ok(await target.request('POST', `${core}/configmaps`, configMap('owner')), 201)
    const reference = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'owner',
      uid: dig(owner, 'metadata', 'uid'),
      blockOwnerDeletion: true,
    }
    const dependent = configMap(
      'dependent',
      {},
      { ownerReferences: [reference as JsonObject], finalizers: ['example.com/hold'] },
    )
    ok(await target.request('POST', `${core}/configmaps`, dependent), 201)
    const marked = ok(await target.request('DELETE', `${core}/configmaps/owner`, { propagationPolicy: 'Foreground' }))
    assert.deepEqual(dig(marked, 'metadata', 'finalizers'), ['foregroundDeletion'])
    await until(`${core}/configmaps/dependent`, (one) => dig(one, 'metadata', 'deletionTimestamp') !== undefined)
    ok(await target.request('GET', `${core}/configmaps/owner`))
    ok(await target.request('PATCH', `${core}/configmaps/dependent`, { metadata: { finalizers: null } }))
    await eventually(
      () => target.request('GET', `${core}/configmaps/owner`),
      ({ status }) => status === 404,
    )
  })

  it('empties a namespace that is deleted, and then lets it go', async () => {
    ok(await target.request('DELETE', core))
    await eventually(
      () => target.request('GET', core),
      ({ status }) => status === 404,
    )
    assert.equal(listAt(await body(`${apps}/replicasets`), 'items').length, 0)
  })
}
