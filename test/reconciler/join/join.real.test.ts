import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { systemClock } from '../../../reconciler/clock.ts'
import { connect } from '../../../reconciler/member/connect.ts'
import type { Member } from '../../../reconciler/member/types.ts'
import { getIn } from '../../../repo-layout/json.ts'
import type { ControlPlane } from '../../testbed/control-plane.ts'
import { describeMembers } from '../../testbed/members.ts'
import { sharedControlPlanes } from '../../testbed/shared.ts'
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
} from '../member/support.ts'
import { asAdmin, federated, type TestFleet, testFleet } from './support.ts'

const secretsPath = '/api/v1/namespaces/flotilla-system/secrets'

describeMembers('a member joins', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  let host: ControlPlane
  let fleet: TestFleet
  before(async () => {
    const [one, two] = await sharedControlPlanes(2)
    assert(one && two)
    plane = one
    host = two
    if (!(await read(host, '/api/v1/namespaces/flotilla-system')))
      await send(host, 'POST', '/api/v1/namespaces', namespace('flotilla-system'))
  })
  beforeEach(() => {
    fleet = testFleet()
    fleet.write('workloads/web.yaml', federated('Deployment', 'web', '{spec: {replicas: 1}}'))
    fleet.write('workloads/conf.yaml', federated('ConfigMap', 'web', '{data: {a: b}}'))
  })
  afterEach(() => fleet.remove())

  /** A member that is reached with the credential in a file. */
  function memberBy(path: string): Member {
    const connection = { type: 'file', path, context: undefined } as const
    const cluster = { name: 'eu', connection, proxyURL: '', serviceAccountName: '' }
    return memberOf(plane, { transport: connect(cluster, { clock: systemClock, readSecret: async () => undefined }) })
  }

  const credentials = async () => {
    const list = await plane.request('GET', `${secretsPath}?labelSelector=flotilla.dev/credential=${fleet.name}`)
    const items = getIn(list.body, ['items'])
    return Array.isArray(items) ? items.length : -1
  }
  const tokenIn = (path: string) => parse(readFileSync(path, 'utf8')).users[0].user.token as string

  it('with an account of its own, whose credential lies in a file that only its owner reads', async () => {
    const path = fleet.beside('keys/eu')
    const added = await fleet.add('eu', { ...asAdmin(plane), kubeconfigOut: path, label: ['env=prod'] })
    assert.equal(added.code, 0, added.stderr)
    assert.match(added.stdout, /^deployments\.apps +get, list, watch, create, patch, delete +everywhere +applied/m)
    assert.match(added.stdout, /^pods +list +everywhere/m)
    assert.match(added.stdout, /^secrets +get, create, delete +flotilla-system/m)
    assert.doesNotMatch(added.stdout, /statefulsets|nodes/)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(parse(fleet.read('clusters/eu.yaml')), {
      apiVersion: 'flotilla.dev/v1alpha1',
      kind: 'Cluster',
      metadata: { name: 'eu', labels: { env: 'prod' } },
      spec: { connection: { kubeConfigFile: { path } } },
    })
    assert.doesNotMatch(fleet.read('clusters/eu.yaml'), /token/)
    const { code, checks, stdout } = await fleet.check([])
    assert.equal(code, 0, stdout)
    const found = checks[0]?.findings ?? []
    assert.deepEqual(
      found.map(({ check }) => check),
      ['reach', 'authentication', 'version', 'clock', 'expiry', 'rights', 'others'],
      stdout,
    )
    assert.match(
      found[1]?.text ?? '',
      new RegExp(`^system:serviceaccount:flotilla-system:flotilla-${fleet.name}-member by token`),
    )
  })

  it('with a Secret of the host cluster, that a check reads', async () => {
    const added = await fleet.add('EU West', { ...asAdmin(plane), hostKubeconfig: host.kubeconfigPath })
    assert.equal(added.code, 0, added.stderr)
    // What is printed as the next step works where it is typed.
    const next = /Next: flotilla cluster check 'EU West' --source (\S+) --host-kubeconfig (\S+), then commit it/
    assert.deepEqual(next.exec(added.stderr)?.slice(1), [fleet.folder, host.kubeconfigPath])
    const unnamed = await fleet.check([])
    const refused = unnamed.checks[0]?.findings[0]
    assert.equal(
      refused?.text,
      'Secret eu-west-kubeconfig cannot be read: there is no host cluster here; run in one, or name the one that holds it with --host-kubeconfig',
    )
    assert.equal(refused?.remedy, '')
    const { spec } = parse(fleet.read('clusters/EU West.yaml'))
    assert.deepEqual(spec.connection, { secretRef: { name: 'eu-west-kubeconfig' } })
    const checked = await fleet.check(['EU West'], { hostKubeconfig: host.kubeconfigPath })
    assert.equal(checked.code, 0, checked.stdout)
    await host.request('DELETE', `${secretsPath}/eu-west-kubeconfig`)
    const missing = await fleet.check([], { hostKubeconfig: host.kubeconfigPath })
    assert.equal(missing.code, 1)
    assert.match(missing.stdout, /Secret eu-west-kubeconfig does not exist/)
  })

  it('and its account is enough to apply what the fleet renders', async () => {
    const path = fleet.beside('eu')
    const added = await fleet.add('eu', { ...asAdmin(plane), kubeconfigOut: path })
    assert.equal(added.code, 0, added.stderr)
    const ns = unique('join')
    const member = memberBy(path)
    try {
      await apply(member, desired(namespace(ns), deployment(ns, 'web'), configMap(ns, 'c', { a: 'b' })), settings())
      assert.equal(member.status().message, '3/3 applied')
      const { credentialExpiresAt } = member.status()
      assert.ok(Date.parse(credentialExpiresAt ?? '') > Date.now() + 360 * 86_400_000, credentialExpiresAt)
      await apply(member, desired(namespace(ns)), settings())
    } finally {
      await member.stop()
    }
  })

  it('gets a new credential under a member that works, without one request that fails, and the old one is revoked', async () => {
    const path = fleet.beside('eu')
    await fleet.add('eu', { ...asAdmin(plane), kubeconfigOut: path })
    const old = tokenIn(path)
    const ns = unique('join')
    const set = settings()
    const member = memberBy(path)
    try {
      await apply(member, desired(namespace(ns), configMap(ns, 'c', { a: '0' })), set)
      const bad: string[] = []
      const stop = member.onChange(() => {
        const { sync, message } = member.status()
        if (sync === 'unauthorized' || sync === 'unreachable' || sync === 'degraded') bad.push(message)
      })
      const rotated = await fleet.rotate('eu', asAdmin(plane))
      assert.equal(rotated.code, 0, rotated.stderr)
      assert.match(rotated.stderr, /holds a new credential, valid until .*; 1 from before revoked\.$/m)
      assert.notEqual(tokenIn(path), old)
      assert.equal(await credentials(), 1)
      await refused(old)
      for (let i = 1; i <= 5; i++) {
        await apply(member, desired(namespace(ns), configMap(ns, 'c', { a: String(i) })), set)
        assert.equal(objectOf(member, `ConfigMap/${ns}/c`).action, 'configured')
      }
      stop()
      assert.deepEqual(bad, [])
    } finally {
      await member.stop()
    }
  })

  /** Waits until the API server refuses a token: it believes one that it has seen for some seconds more. */
  async function refused(token: string): Promise<void> {
    const path = fleet.beside('old')
    writeFileSync(path, JSON.stringify({ ...plane.kubeconfig, users: [{ name: plane.name, user: { token } }] }))
    const user = Array.isArray(plane.kubeconfig.users) ? getIn(plane.kubeconfig.users[0], ['name']) : undefined
    const config = { ...plane.kubeconfig, users: [{ name: user, user: { token } }] }
    writeFileSync(path, JSON.stringify(config))
    const cluster = {
      name: 'old',
      connection: { type: 'file', path, context: undefined } as const,
      proxyURL: '',
      serviceAccountName: '',
    }
    const transport = connect(cluster, { clock: systemClock, readSecret: async () => undefined })
    try {
      const why = await eventually(
        () =>
          transport.request('GET', '/api').then(
            () => undefined,
            (error: Error) => error.message,
          ),
        'the refusal of the old token',
        30_000,
      )
      assert.match(
        why,
        /the token is refused although it is valid until .*"flotilla cluster rotate old" makes a new one/,
      )
    } finally {
      await transport.close()
    }
  }

  it('gets it into the Secret of its inventory where that is kubefed’s, pinned to its server', async () => {
    assert.equal((await fleet.add('eu', { ...asAdmin(plane), kubeconfigOut: fleet.beside('eu') })).code, 0)
    const secretName = unique('eu')
    fleet.write(
      'clusters/eu.yaml',
      JSON.stringify({
        apiVersion: 'core.kubefed.io/v1beta1',
        kind: 'KubeFedCluster',
        metadata: { name: 'eu', namespace: 'kube-federation-system' },
        spec: { apiEndpoint: plane.server, caBundle: plane.caData, secretRef: { name: secretName } },
      }),
    )
    const flags = { ...asAdmin(plane), hostKubeconfig: host.kubeconfigPath }
    const rotated = await fleet.rotate('eu', flags)
    assert.equal(rotated.code, 0, rotated.stderr)
    const secret = await read(host, `${secretsPath}/${secretName}`)
    assert.deepEqual(Object.keys(getIn(secret, ['data']) ?? {}).sort(), ['ca.crt', 'server', 'token'])
    const checked = await fleet.check([], { hostKubeconfig: host.kubeconfigPath })
    assert.equal(checked.code, 0, checked.stdout)
  })

  it('is rotated to the end after a rotate that broke off, wherever that was', async () => {
    const path = fleet.beside('eu')
    await fleet.add('eu', { ...asAdmin(plane), kubeconfigOut: path })
    // A token that was issued and never stored, and one that was stored without the others being revoked.
    for (const name of ['lost-1', 'lost-2'])
      await send(plane, 'POST', secretsPath, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: unique(name), labels: { 'flotilla.dev/credential': fleet.name } },
      })
    const kept = await fleet.rotate('eu', { ...asAdmin(plane), keepOld: true })
    assert.equal(kept.code, 0, kept.stderr)
    assert.equal(await credentials(), 4)
    const rotated = await fleet.rotate('eu', asAdmin(plane))
    assert.equal(rotated.code, 0, rotated.stderr)
    assert.equal(await credentials(), 1)
    assert.equal((await fleet.check([])).code, 0)
  })

  it('gets a new credential where something was paused or healed: what is kept beside the inventory is not of it', async () => {
    const path = fleet.beside('eu')
    assert.equal((await fleet.add('eu', { ...asAdmin(plane), kubeconfigOut: path })).code, 0)
    const collection = '/api/v1/namespaces/flotilla-system/configmaps'
    const labels = { 'flotilla.dev/inventory': fleet.name, 'flotilla.dev/fleet': fleet.name }
    const entries = { pauses: '{"subject":"*","until":"2026-11-25T23:45:59Z"}', history: '{"subject":"Namespace/a"}' }
    for (const [suffix, line] of Object.entries(entries))
      await send(
        plane,
        'POST',
        collection,
        configMap('flotilla-system', `flotilla-${fleet.name}-${suffix}`, { entries: line }, { labels }),
      )
    const rotated = await fleet.rotate('eu', asAdmin(plane))
    assert.equal(rotated.code, 0, rotated.stderr)
  })

  it('beside another fleet, whose credential for the same cluster is not replaced', async () => {
    const other = testFleet()
    try {
      const flags = { ...asAdmin(plane), hostKubeconfig: host.kubeconfigPath, kubeconfigOut: undefined } as never
      assert.equal((await other.add('shared', flags)).code, 0)
      const taken = await fleet.add('shared', flags)
      assert.equal(taken.code, 2)
      assert.match(taken.stderr, /Secret flotilla-system\/shared-kubeconfig exists and was not made for fleet/)
      const path = fleet.beside('shared')
      assert.equal((await fleet.add('shared', { ...asAdmin(plane), kubeconfigOut: path })).code, 0)
      assert.equal((await other.check([], { hostKubeconfig: host.kubeconfigPath })).code, 0)
    } finally {
      other.remove()
    }
  })

  it('is looked at before anything is written: manifests, a dry run, and no answer', async () => {
    const path = fleet.beside('eu')
    const flags = { ...asAdmin(plane), kubeconfigOut: path }
    const printed = await fleet.add('eu', { ...flags, output: 'yaml' })
    assert.equal(printed.code, 0)
    assert.match(printed.stdout, /^kind: ClusterRole$/m)
    const dry = await fleet.add('eu', { ...flags, dryRun: true })
    assert.equal(dry.code, 0)
    const { yes: _, ...unasked } = { ...flags, yes: undefined }
    const silent = await fleet.add('eu', { ...unasked, yes: undefined } as never)
    assert.equal(silent.code, 2)
    assert.match(silent.stderr, /nobody can be asked here; add --yes/)
    assert.equal(
      await read(plane, `/api/v1/namespaces/flotilla-system/serviceaccounts/flotilla-${fleet.name}-member`),
      undefined,
    )
    assert.equal(await credentials(), 0)
  })

  it('only where that is safe', async () => {
    const path = fleet.beside('eu')
    const flags = { ...asAdmin(plane), kubeconfigOut: path }
    assert.equal((await fleet.add('eu', flags)).code, 0)
    fleet.write('clusters/many.yaml', 'a: 1\n---\nb: 2\n')
    writeFileSync(fleet.beside('foreign'), 'apiVersion: v1\n')
    for (const [name, change, why] of [
      ['eu', {}, /eu is in the fleet already, in clusters\/eu\.yaml; "flotilla cluster rotate eu"/],
      ['EU', {}, /there is a cluster "eu" already/],
      ['us', {}, /is in the fleet .* already, as "eu": two names for one cluster/],
      ['a/b', {}, /the name "a\/b"/],
      ['many', { overwrite: true }, /holds other documents too/],
      ['eu', { overwrite: true, kubeconfigOut: join(fleet.folder, 'key') }, /lies in the fleet repository/],
      ['eu', { overwrite: true, kubeconfigOut: 'key' }, /no absolute path/],
      ['eu', { overwrite: true, kubeconfigOut: undefined }, /say where the credential goes/],
      [
        'eu',
        { overwrite: true, kubeconfigOut: undefined, hostKubeconfig: host.kubeconfigPath, hostNamespace: 'none' },
        /there is no namespace "none" in the host cluster: install the daemon there first/,
      ],
      ['eu', { context: 'none' }, /eu is in the fleet already/],
      ['de', { context: 'none' }, /has no context "none"/],
      ['de', { kubeconfig: fleet.beside('none') }, /ENOENT/],
    ] as const) {
      const { code, stderr } = await fleet.add(name, { ...flags, ...change } as never)
      assert.deepEqual([code, why.test(stderr)], [2, true], stderr)
    }
    const other = await fleet.rotate('eu', asAdmin(host))
    assert.equal(other.code, 2)
    assert.match(other.stderr, /has no account of fleet .*; give the --context of eu/)
  })
})
