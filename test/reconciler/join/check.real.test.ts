import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import git from 'isomorphic-git'
import { systemClock } from '../../../reconciler/clock.ts'
import type { Finding } from '../../../reconciler/join/check.ts'
import { connect } from '../../../reconciler/member/connect.ts'
import { describeReal } from '../../testbed/binaries.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { describeMembers } from '../../testbed/members.ts'
import { sharedControlPlanes } from '../../testbed/shared.ts'
import {
  apply,
  configMap,
  desired,
  eventually,
  memberOf,
  namespace,
  objectOf,
  send,
  settings,
  unique,
  valueAt,
} from '../member/support.ts'
import { podOfRelease, release, service as trafficService } from '../member/traffic/support.ts'
import { asAdmin, federated, type TestFleet, testFleet } from './support.ts'

const needs = ['etcd', 'kube-apiserver']

/** The findings of one check, as they are read. */
const of = (findings: readonly Finding[] | undefined, check: Finding['check']) =>
  (findings ?? []).filter((finding) => finding.check === check)

describeMembers('flotilla cluster check', needs, () => {
  let plane: ControlPlane
  let fleet: TestFleet
  before(async () => {
    const [one] = await sharedControlPlanes(1)
    assert(one)
    plane = one
  })
  beforeEach(() => {
    fleet = testFleet()
    fleet.write('workloads/conf.yaml', federated('ConfigMap', 'web', '{data: {a: b}}'))
  })
  afterEach(() => fleet.remove())

  function clusterFile(name: string, path: string): void {
    fleet.write(
      `clusters/${name}.yaml`,
      `apiVersion: flotilla.dev/v1alpha1\nkind: Cluster\nmetadata: {name: ${name}}\nspec: {connection: {kubeConfigFile: {path: ${path}}}}\n`,
    )
  }

  it('counts what other tools hold, and not what a fleet applied', async () => {
    const ns = unique('held')
    await send(plane, 'POST', '/api/v1/namespaces', namespace(ns))
    const marks = [
      { annotations: { 'argocd.argoproj.io/tracking-id': 'a' } },
      { annotations: { 'argocd.argoproj.io/tracking-id': 'a' } },
      { annotations: { 'meta.helm.sh/release-name': 'r' } },
      { annotations: { 'meta.helm.sh/release-name': 'r', 'flotilla.dev/id': 'uid/ConfigMap/x/y' } },
      { annotations: { 'meta.helm.sh/release-name': 'r' }, labels: { 'flotilla.dev/id': 'a7d9.97cd' } },
      {},
    ]
    clusterFile('eu', plane.kubeconfigPath)
    const counts = async () => {
      const { checks } = await fleet.check([])
      const [{ text = '' } = {}] = of(checks[0]?.findings, 'others')
      return (tool: string) => Number(new RegExp(`(\\d+) objects? held by ${tool}`).exec(text)?.[1] ?? 0)
    }
    const before = await counts()
    for (const [i, more] of marks.entries())
      await send(plane, 'POST', `/api/v1/namespaces/${ns}/configmaps`, configMap(ns, `c${i}`, { a: 'b' }, more))
    const after = await counts()
    assert.equal(after('Argo CD') - before('Argo CD'), 2)
    assert.equal(after('Helm') - before('Helm'), 1)
  })

  it('says of each cluster by itself what is wrong, and what to do; the others are checked all the same', async () => {
    writeFileSync(fleet.beside('junk'), 'a: [')
    clusterFile('fine', plane.kubeconfigPath)
    clusterFile('gone', fleet.beside('none'))
    clusterFile('junk', fleet.beside('junk'))
    const closed = JSON.stringify(plane.kubeconfig).replaceAll(plane.server, 'https://127.0.0.1:1')
    writeFileSync(fleet.beside('closed'), closed)
    clusterFile('closed', fleet.beside('closed'))
    const stranger = JSON.stringify(plane.kubeconfig).replaceAll(plane.token, 'wrong')
    writeFileSync(fleet.beside('stranger'), stranger)
    clusterFile('stranger', fleet.beside('stranger'))
    fleet.write('clusters/bare.yaml', 'apiVersion: flotilla.dev/v1alpha1\nkind: Cluster\nmetadata: {name: bare}\n')
    const { code, checks, stderr } = await fleet.check([])
    assert.equal(code, 1)
    assert.match(stderr, /^Of 6 clusters: something is wrong in 5\.$/m)
    const wrong = Object.fromEntries(
      checks.map(({ cluster, findings }) => [cluster, findings.filter(({ result }) => result === 'wrong')]),
    )
    assert.deepEqual(
      Object.entries(wrong).map(([name, found]) => [name, found.map(({ check }) => check).join()]),
      [
        ['bare', 'connection'],
        ['closed', 'reach'],
        ['fine', ''],
        ['gone', 'authentication'],
        ['junk', 'authentication'],
        ['stranger', 'authentication'],
      ],
    )
    assert.match(wrong.closed?.[0]?.text ?? '', /ECONNREFUSED/)
    assert.match(wrong.stranger?.[0]?.text ?? '', /the token is refused.*put a new one into .*stranger/)
    assert.match(wrong.bare?.[0]?.remedy ?? '', /^flotilla cluster add bare --overwrite$/)
    const one = await fleet.check(['fine'])
    assert.deepEqual([one.code, one.checks.length], [0, 1])
    const none = await fleet.check(['fien'])
    assert.equal(none.code, 2)
    assert.match(none.stderr, /no cluster "fien" in the inventory, but bare, closed, fine/)
  })

  it('reads the source branch of a repository instead of a folder', async () => {
    clusterFile('eu', plane.kubeconfigPath)
    const at = { fs, dir: fleet.beside('clone') }
    fs.cpSync(fleet.folder, at.dir, { recursive: true })
    fs.rmSync(join(at.dir, '.git'), { recursive: true })
    await git.init({ ...at, defaultBranch: 'main' })
    for (const filepath of ['flotilla.yaml', 'clusters/eu.yaml', 'workloads/conf.yaml'])
      await git.add({ ...at, filepath })
    await git.commit({ ...at, message: 'begin', author: { name: 'a', email: 'a@localhost' } })
    const { code, checks, stderr } = await fleet.check([], { source: '/nowhere', repo: at.dir })
    assert.equal(code, 0, stderr)
    assert.deepEqual(
      checks.map(({ cluster }) => cluster),
      ['eu'],
    )
    const wrong = await fleet.check([], { repo: at.dir, branch: 'other' })
    assert.deepEqual([wrong.code, /has no branch "other"/.test(wrong.stderr)], [2, true], wrong.stderr)
  })

  it('warns of a credential that expires within two weeks, with the command that renews it', async () => {
    const path = fleet.beside('eu')
    const { code, stderr } = await fleet.add('eu', { ...asAdmin(plane), kubeconfigOut: path, expires: '10d' })
    assert.equal(code, 0, stderr)
    const checked = await fleet.check([])
    assert.equal(checked.code, 0, 'a warning is nothing wrong')
    const [expiry] = of(checked.checks[0]?.findings, 'expiry')
    assert.equal(expiry?.result, 'warning')
    assert.match(expiry?.text ?? '', /, in 9 days$/)
    assert.match(expiry?.remedy ?? '', /"flotilla cluster rotate eu" makes a new one/)
  })

  it('names kinds that the cluster does not serve', async () => {
    clusterFile('eu', plane.kubeconfigPath)
    fleet.write(
      'workloads/widget.yaml',
      `apiVersion: types.kubefed.io/v1beta1
kind: FederatedWidget
metadata: {name: w, namespace: web}
spec:
  placement: {clusterSelector: {}}
  template: {apiVersion: nobody.example.com/v1, kind: Widget, spec: {}}
`,
    )
    const { checks } = await fleet.check([])
    const [kinds] = of(checks[0]?.findings, 'kinds')
    assert.match(kinds?.text ?? '', /^Widget of nobody\.example\.com\/v1 is not served$/)
  })
})

describeReal('rights of an account on a real cluster', needs, () => {
  let plane: ControlPlane
  let fleet: TestFleet
  before(async () => {
    const [one] = await sharedControlPlanes(1)
    assert(one)
    plane = one
    fleet = testFleet()
  })
  after(() => fleet.remove())

  it('end where the fleet does: a kind outside is refused, told by check, and granted by rotate', async () => {
    fleet.write('workloads/conf.yaml', federated('ConfigMap', 'web', '{data: {a: b}}'))
    const path = fleet.beside('eu')
    const added = await fleet.add('eu', { ...asAdmin(plane), kubeconfigOut: path })
    assert.equal(added.code, 0, added.stderr)

    const ns = unique('rights')
    const connection = { type: 'file', path, context: undefined } as const
    const cluster = { name: 'eu', connection, proxyURL: '', serviceAccountName: '' }
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: ns }, data: { k: 'eA==' } }
    const member = memberOf(plane, {
      transport: connect(cluster, { clock: systemClock, readSecret: async () => undefined }),
    })
    const set = settings()
    try {
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { a: '1' }), secret), set)
      assert.equal(objectOf(member, `ConfigMap/${ns}/c`).action, 'created')
      assert.match(objectOf(member, `Secret/${ns}/s`).message, /cannot \w+ resource "secrets"/)

      fleet.write('workloads/secret.yaml', federated('Secret', 'web', '{data: {k: eA==}}'))
      const lacking = await fleet.check([])
      assert.equal(lacking.code, 1)
      const [rights] = of(lacking.checks[0]?.findings, 'rights')
      assert.equal(rights?.text, 'missing: get, list, watch, create, patch, delete secrets')
      assert.equal(rights?.remedy, '"flotilla cluster rotate eu" grants it')

      const rotated = await fleet.rotate('eu', asAdmin(plane))
      assert.equal(rotated.code, 0, rotated.stderr)
      const granted = await fleet.check([])
      assert.equal(granted.code, 0, granted.stdout)
    } finally {
      await member.stop()
    }
  })

  it('reach to the pods of applications, to watch and label them, once one of these is placed there', async () => {
    const own = testFleet()
    const annotations = '{annotations: {flotilla.dev/application: shop/web}}'
    const [service, workload] = ['{spec: {ports: [{port: 80}]}}', `{metadata: ${annotations}, spec: {replicas: 1}}`]
    own.write('workloads/web-service.yaml', federated('Service', 'web', service))
    own.write('workloads/web.yaml', federated('Deployment', 'web', '{spec: {replicas: 1}}'))
    const path = own.beside('eu')
    const added = await own.add('eu', { ...asAdmin(plane), kubeconfigOut: path })
    assert.equal(added.code, 0, added.stderr)
    own.write('workloads/web.yaml', federated('Deployment', 'web', workload))
    const lacking = of((await own.check(['eu'])).checks[0]?.findings, 'rights').map(({ text }) => text)
    assert.deepEqual(lacking, [
      'missing: get, watch, patch pods',
      'missing: get, list, watch endpointslices.discovery.k8s.io',
    ])

    const ns = unique('rights')
    const connection = { type: 'file', path, context: undefined } as const
    const cluster = { name: 'eu', connection, proxyURL: '', serviceAccountName: '' }
    const member = memberOf(plane, {
      transport: connect(cluster, { clock: systemClock, readSecret: async () => undefined }),
      random: () => 0,
    })
    try {
      await apply(member, desired(namespace(ns), release(ns, 'r0', 1), trafficService(ns, { r0: 1 })), settings())
      await eventually(
        () => /cannot watch pods in .*cannot (list|watch) resource "pods"/.test(member.status().message),
        'the lack',
      )
      assert.equal(member.observe().releases, undefined)
      const again = await own.rotate('eu', asAdmin(plane))
      assert.equal(again.code, 0, again.stderr)
      assert.equal((await own.check(['eu'])).code, 0)
      await eventually(() => member.observe().releases?.[`${ns}/r0`], 'the facts', 60_000)
      // There are no controllers here to make one.
      await send(plane, 'POST', `/api/v1/namespaces/${ns}/pods`, podOfRelease(ns, 'r0'))
      const label = ['metadata', 'labels', 'shipper-traffic-status']
      await eventually(
        async () => (await valueAt(plane, `/api/v1/namespaces/${ns}/pods/r0-abc-1`, label)) === 'enabled',
        'the label',
      )
    } finally {
      await member.stop()
      own.remove()
    }
  })

  it('are all with --admin, until the account is made without it', async () => {
    fleet.write('workloads/role.yaml', federated('ClusterRole', 'web', '{rules: []}'))
    const path = fleet.beside('eu')
    const flags = { ...asAdmin(plane), kubeconfigOut: path, overwrite: true } as const
    const wide = await fleet.add('eu', { ...flags, admin: true })
    assert.equal(wide.code, 0, wide.stderr)
    assert.match(wide.stdout, /^All rights \(cluster-admin\)\.$/m)
    const kept = await fleet.rotate('eu', { ...asAdmin(plane), dryRun: true })
    assert.match(kept.stdout, /^All rights/m)
    const narrow = await fleet.add('eu', flags)
    assert.equal(narrow.code, 0, narrow.stderr)
    assert.match(narrow.stderr, /clusterroles: Kubernetes lets an account grant only what it may do itself/)
    const bound = await plane.request(
      'GET',
      `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/flotilla-${fleet.name}-member-admin`,
    )
    assert.equal(bound.status, 404)
  })

  it('that are taken away altogether are told as such, and the cluster is alive', async () => {
    const path = fleet.beside('eu')
    const name = `flotilla-${fleet.name}-member`
    const bindings = '/apis/rbac.authorization.k8s.io/v1'
    await plane.request('DELETE', `${bindings}/clusterrolebindings/${name}`)
    await plane.request('DELETE', `${bindings}/namespaces/flotilla-system/rolebindings/${name}`)
    const connection = { type: 'file', path, context: undefined } as const
    const cluster = { name: 'eu', connection, proxyURL: '', serviceAccountName: '' }
    const member = memberOf(plane, {
      transport: connect(cluster, { clock: systemClock, readSecret: async () => undefined }),
    })
    try {
      await apply(member, desired(namespace(unique('rights'))), settings())
      assert.equal(member.status().sync, 'unauthorized')
      assert.match(
        member.status().message,
        /may do nothing here; "flotilla cluster check cluster\d+" says which rights/,
      )
      assert.equal(member.observe().reachable, true)
    } finally {
      await member.stop()
    }
  })
})
