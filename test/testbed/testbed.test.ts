import { equal, match, ok, rejects } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { getIn, type Json } from '../../repo-layout/json.ts'
import { describeReal } from './binaries.ts'
import { findComponent } from './components.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { controllerBinaries } from './controllers.ts'
import { sharedControlPlanes } from './shared.ts'

const servers = ['etcd', 'kube-apiserver']
const configMaps = '/api/v1/namespaces/default/configmaps'
const configMap = (name: string): Json => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })

describeReal('testbed: a real control plane', servers, () => {
  it('is the version that is pinned, and trusts the authority and token of its kubeconfig', async () => {
    const [cluster] = await sharedControlPlanes(1)
    const { status, body } = (await cluster?.request('GET', '/version')) ?? {}
    equal(status, 200)
    const expected = findComponent('kube-apiserver')?.version ?? ''
    const version = getIn(body, ['gitVersion'])
    // Someone's own binaries may be of another version, and the tests may still run against them.
    if (process.env.KUBEBUILDER_ASSETS === undefined) equal(version, expected)
    else match(String(version), /^v1\.\d+/)
  })

  it('gives the same control planes to everyone who asks for shared ones', async () => {
    const [first] = await sharedControlPlanes(1)
    const [again, second] = await sharedControlPlanes(2)
    equal(first, again)
    ok(second !== undefined && second.server !== first?.server)
  })

  it('tells which requests came and from whom', async () => {
    const [cluster] = await sharedControlPlanes(1)
    ok(cluster !== undefined)
    await cluster.request('POST', configMaps, configMap('audited'))
    const entry = cluster.auditEntries().find((one) => one.objectRef?.name === 'audited')
    equal(entry?.verb, 'create')
    equal(entry?.user.username, 'testbed')
    equal(entry?.responseStatus?.code, 201)
  })

  it('refuses a token that it was not given', async () => {
    const [cluster] = await sharedControlPlanes(1)
    const answer = await cluster?.request('GET', configMaps, undefined, { Authorization: 'Bearer wrong' })
    equal(answer?.status, 401)
  })
})

describeReal('testbed: a control plane that fails and comes back', servers, () => {
  let cluster: ControlPlane
  before(async () => {
    cluster = await startControlPlane({ name: 'fragile' })
  })
  after(() => cluster?.stop())

  it('keeps its objects, address and authority over a crash', async () => {
    equal((await cluster.request('POST', configMaps, configMap('kept'))).status, 201)
    await cluster.kill()
    await rejects(cluster.request('GET', '/version'))
    await cluster.restart()
    equal((await cluster.request('GET', `${configMaps}/kept`)).status, 200)
  })

  it('hangs while frozen and goes on afterwards', async () => {
    cluster.freeze()
    const answer = cluster.request('GET', '/version')
    equal(await Promise.race([answer, sleep(300, 'no answer')]), 'no answer')
    cluster.thaw()
    equal((await answer).status, 200)
  })
})

describeReal('testbed: a control plane with controllers', [...servers, ...controllerBinaries], () => {
  it('rolls a Deployment out until it is available', async () => {
    const [cluster] = await sharedControlPlanes(1, { controllers: true })
    ok(cluster !== undefined)
    const path = '/apis/apps/v1/namespaces/default/deployments'
    equal((await cluster.request('POST', path, deployment('web', 3))).status, 201)
    const available = async () =>
      getIn((await cluster.request('GET', `${path}/web`)).body, ['status', 'availableReplicas'])
    const giveUp = Date.now() + 60_000
    while ((await available()) !== 3 && Date.now() < giveUp) await sleep(100)
    equal(await available(), 3)
  })
})

function deployment(name: string, replicas: number): Json {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'web', image: 'registry.example/web:1' }] },
      },
    },
  }
}
