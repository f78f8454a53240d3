import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { getIn, type Json } from '../../../repo-layout/json.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { describeMembers } from '../../testbed/members.ts'
import { sharedControlPlanes } from '../../testbed/shared.ts'
import { eventually, namespace, read, send, unique } from '../member/support.ts'
import { asAdmin, type TestFleet, testFleet } from './support.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

describeMembers('the inventory of another tool', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  let fleet: TestFleet
  const ns = unique('tools')
  before(async () => {
    const [one] = await sharedControlPlanes(1)
    assert(one)
    plane = one
    for (const name of [ns, 'flotilla-system', 'shipper-system'])
      if (!(await read(plane, `/api/v1/namespaces/${name}`)))
        await send(plane, 'POST', '/api/v1/namespaces', namespace(name))
    await define('core.kubefed.io', 'v1beta1', 'KubeFedCluster', true)
    await define('shipper.booking.com', 'v1alpha1', 'Cluster', false)
    await define('cluster.x-k8s.io', 'v1beta1', 'Cluster', true)
  })
  beforeEach(() => {
    fleet = testFleet()
  })
  afterEach(() => fleet.remove())

  async function define(group: string, version: string, kind: string, namespaced: boolean): Promise<void> {
    const plural = `${kind.toLowerCase()}s`
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
    if (!(await read(plane, `${path}/${plural}.${group}`)))
      await send(plane, 'POST', path, {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: {
          name: `${plural}.${group}`,
          annotations: { 'api-approved.kubernetes.io': 'https://github.com/kubernetes/kubernetes/pull/1' },
        },
        spec: {
          group,
          scope: namespaced ? 'Namespaced' : 'Cluster',
          names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
          versions: [
            {
              name: version,
              served: true,
              storage: true,
              schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
            },
          ],
        },
      })
    await eventually(
      async () => (await plane.request('GET', `/apis/${group}/${version}/${plural}`)).status === 200,
      plural,
    )
  }

  async function cluster(
    group: string,
    version: string,
    kind: string,
    namespaced: boolean,
    body: { metadata: { name: string } } & { [key: string]: Json },
  ) {
    const inside = namespaced ? `namespaces/${ns}/` : ''
    const path = `/apis/${group}/${version}/${inside}${kind.toLowerCase()}s`
    await send(plane, 'POST', path, { apiVersion: `${group}/${version}`, kind, ...body })
  }

  async function secret(
    namespace: string,
    name: string,
    data: { [key: string]: string },
    annotations = {},
  ): Promise<void> {
    const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)]))
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace, annotations }, data: encoded }
    await send(plane, 'POST', `/api/v1/namespaces/${namespace}/secrets`, body)
  }

  const ca = () => Buffer.from(plane.caData, 'base64').toString()

  it('of kubefed is taken in its own words, without its status; the copied Secret is pinned and lets us in', async () => {
    const name = unique('kf')
    await cluster('core.kubefed.io', 'v1beta1', 'KubeFedCluster', true, {
      metadata: {
        name,
        labels: { env: 'prod' },
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      } as never,
      spec: { apiEndpoint: plane.server, caBundle: plane.caData, secretRef: { name: `${name}-x7k2p` } },
      status: { conditions: [] },
    })
    await secret(ns, `${name}-x7k2p`, { token: plane.token, 'ca.crt': ca() })

    const seen = await fleet.take([name], { ...asAdmin(plane), from: 'kubefed', dryRun: true })
    assert.equal(seen.code, 0, seen.stderr)
    assert.ok(!existsSync(join(fleet.folder, 'clusters')))
    assert.match(seen.stderr, new RegExp(`needs Secret flotilla-system/${name}-x7k2p, as in ${ns}/`))

    const taken = await fleet.take([name], { ...asAdmin(plane), from: 'kubefed', copySecrets: true })
    assert.equal(taken.code, 0, taken.stderr)
    assert.deepEqual(parse(fleet.read(`clusters/${name}.yaml`)), {
      apiVersion: 'core.kubefed.io/v1beta1',
      kind: 'KubeFedCluster',
      metadata: { name, namespace: ns, labels: { env: 'prod' } },
      spec: { apiEndpoint: plane.server, caBundle: plane.caData, secretRef: { name: `${name}-x7k2p` } },
    })
    assert.doesNotMatch(fleet.read(`clusters/${name}.yaml`), new RegExp(plane.token.slice(0, 12)))
    const copy = await read(plane, `/api/v1/namespaces/flotilla-system/secrets/${name}-x7k2p`)
    assert.equal(getIn(copy, ['data', 'server']), base64(plane.server))
    const checked = await fleet.check([name], { hostKubeconfig: plane.kubeconfigPath })
    assert.equal(checked.code, 0, checked.stdout)

    const again = await fleet.take([name], { ...asAdmin(plane), from: 'kubefed', copySecrets: true })
    assert.equal(again.code, 0)
    assert.match(again.stderr, /stays as it is\n.*stays: it is there already\n1 cluster of kubefed: 0 files written/)
  })

  it('of Shipper is taken with the Secret of the cluster’s name', async () => {
    const name = unique('ship')
    await cluster('shipper.booking.com', 'v1alpha1', 'Cluster', false, {
      metadata: { name },
      spec: { apiMaster: plane.server, region: 'eu', capabilities: [], scheduler: { unschedulable: false } },
    })
    const skip = { 'shipper.booking.com/cluster-secret.insecure-tls-skip-verify': 'true' }
    await secret('shipper-system', name, { token: plane.token, 'ca.crt': ca() }, skip)
    const taken = await fleet.take([name], { ...asAdmin(plane), from: 'shipper', copySecrets: true })
    assert.equal(taken.code, 0, taken.stderr)
    assert.match(taken.stderr, /insecure-tls-skip-verify is not heeded: the certificate of the server is checked/)
    assert.equal(parse(fleet.read(`clusters/${name}.yaml`)).apiVersion, 'shipper.booking.com/v1alpha1')
    const checked = await fleet.check([name], { hostKubeconfig: plane.kubeconfigPath })
    assert.equal(checked.code, 0, checked.stdout)
  })

  it('of Cluster API becomes a Cluster that names its kubeconfig', async () => {
    const name = unique('capi')
    await cluster('cluster.x-k8s.io', 'v1beta1', 'Cluster', true, { metadata: { name }, spec: { paused: false } })
    await secret(ns, `${name}-kubeconfig`, { value: JSON.stringify(plane.kubeconfig), other: 'x' })
    const taken = await fleet.take([name], { ...asAdmin(plane), from: 'capi', copySecrets: true })
    assert.equal(taken.code, 0, taken.stderr)
    assert.deepEqual(parse(fleet.read(`clusters/${name}.yaml`)), {
      apiVersion: 'flotilla.dev/v1alpha1',
      kind: 'Cluster',
      metadata: { name },
      spec: { connection: { secretRef: { name: `${name}-kubeconfig` } } },
    })
    const checked = await fleet.check([name], { hostKubeconfig: plane.kubeconfigPath })
    assert.equal(checked.code, 0, checked.stdout)
  })

  it('says which Secret is missing, and which name is not there', async () => {
    const name = unique('kf')
    await cluster('core.kubefed.io', 'v1beta1', 'KubeFedCluster', true, {
      metadata: { name },
      spec: { apiEndpoint: plane.server, secretRef: { name: `${name}-gone` } },
    })
    const flags = { ...asAdmin(plane), from: 'kubefed', copySecrets: true } as const
    const missing = await fleet.take([name], flags)
    assert.equal(missing.code, 2)
    assert.match(missing.stderr, new RegExp(`there is no Secret ${ns}/${name}-gone`))
    const nobody = await fleet.take(['nobody'], flags)
    assert.equal(nobody.code, 2)
    assert.match(nobody.stderr, /no cluster "nobody" in that inventory/)
  })
})
