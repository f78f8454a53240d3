import assert from 'node:assert/strict'
import { ApiError } from '../../../reconciler/member/errors.ts'
import type { Transport } from '../../../reconciler/member/transport.ts'
import type { MemberSettings } from '../../../reconciler/member/types.ts'
import { getIn, type KubeObject } from '../../../repo-layout/json.ts'
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
  withMember,
} from '../member/support.ts'
import { takeOut } from './support.ts'

/** Lets some requests fail as if the server had refused them or the network had gone. */
function failing(transport: Transport, fails: (method: string, path: string) => ApiError | undefined): Transport {
  return {
    ...transport,
    async request(method, path, options) {
      const error = fails(method, path)
      if (error) throw error
      return transport.request(method, path, options)
    },
  }
}

describeMembers('detach: taking Flotilla out of a cluster', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
    // Something of others keeps the namespace, which other suites on this cluster need.
    await plane.request('POST', '/api/v1/namespaces', namespace('flotilla-system'))
    const keeper = configMap('flotilla-system', 'keeper', {})
    await plane.request('POST', '/api/v1/namespaces/flotilla-system/configmaps', keeper)
  })
  const mapPath = (ns: string, name: string) => `/api/v1/namespaces/${ns}/configmaps/${name}`
  const webPath = (ns: string) => `/apis/apps/v1/namespaces/${ns}/deployments/web`
  const owned = (set: MemberSettings, name: string) =>
    `/api/v1/namespaces/flotilla-system/${name === 'key' ? 'secrets' : 'configmaps'}/flotilla-${set.fleetName}-${name}`

  /** A namespace with a Deployment and a ConfigMap that the fleet made, and a ConfigMap that it adopted. */
  async function filled() {
    const ns = unique('detach')
    await send(plane, 'POST', '/api/v1/namespaces', namespace(ns))
    await send(
      plane,
      'POST',
      `/api/v1/namespaces/${ns}/configmaps?fieldManager=kubectl-create`,
      configMap(ns, 'old', { k: '1' }),
    )
    const wanted = [
      deployment(ns, 'web', {}),
      configMap(ns, 'new', { k: '1' }, { annotations: { 'example.com/team': 'web' } }),
      configMap(ns, 'old', { k: '1' }),
    ]
    return { ns, state: desired(...wanted) }
  }

  /** Everything of an object but what detach may change: metadata without our marks, ownership and resourceVersion. */
  async function rest(path: string): Promise<KubeObject> {
    const live = await read(plane, path)
    assert(live, path)
    const { managedFields: _fields, resourceVersion: _version, labels, annotations, ...metadata } = live.metadata
    const foreign = (map: typeof labels) =>
      Object.fromEntries(Object.entries(map ?? {}).filter(([key]) => !key.startsWith('flotilla.dev/')))
    return { ...live, metadata: { ...metadata, labels: foreign(labels), annotations: foreign(annotations) } }
  }

  async function assertNoMarks(path: string): Promise<void> {
    const text = JSON.stringify(await read(plane, path))
    assert(!text.includes('flotilla'), `${path}: ${text}`)
  }

  it('leaves every object as it is, without one mark of ours, and takes inventory and key away', async () => {
    const set = settings()
    const { ns, state } = await filled()
    const paths = [webPath(ns), mapPath(ns, 'new'), mapPath(ns, 'old')]
    await withMember(plane, (member) => apply(member, state, set))
    const before = await Promise.all(paths.map(rest))
    const report = await takeOut(plane, set)
    assert.equal(report.problem, '')
    assert.deepEqual(
      report.objects.map(({ outcome }) => outcome),
      ['released', 'released', 'released'],
    )
    assert.deepEqual(await Promise.all(paths.map(rest)), before)
    for (const path of paths) await assertNoMarks(path)
    for (const name of ['0', 'key']) assert.equal(await read(plane, owned(set, name)), undefined, name)
    // A second time there is nothing to do, and nothing is written to find that out.
    const from = plane.auditEntries().length
    const again = await takeOut(plane, set)
    assert.deepEqual([again.objects, again.removed, again.problem], [[], [], ''])
    assert.deepEqual(
      requestsSince(plane, from, () => true).filter((line) => !/^(get|list|watch) /.test(line)),
      [],
    )
  })

  it('writes nothing with --dry-run and tells what it would do', async () => {
    const set = settings()
    const { ns, state } = await filled()
    await withMember(plane, (member) => apply(member, state, set))
    await send(plane, 'DELETE', mapPath(ns, 'new'))
    const from = plane.auditEntries().length
    const report = await takeOut(plane, set, { dryRun: true })
    assert.deepEqual(
      report.objects.map(({ subject, outcome }) => `${outcome} ${subject}`),
      [`gone ConfigMap/${ns}/new`, `released ConfigMap/${ns}/old`, `released Deployment.apps/${ns}/web`],
    )
    assert(report.removed.includes(`ConfigMap/flotilla-system/flotilla-${set.fleetName}-0`))
    assert(report.removed.includes(`Secret/flotilla-system/flotilla-${set.fleetName}-key`))
    assert.deepEqual(
      requestsSince(plane, from, () => true).filter((line) => !/^(get|list|watch) /.test(line)),
      [],
    )
  })

  it('stops a daemon that runs: nothing is marked again', async () => {
    const set = settings()
    const { ns, state } = await filled()
    await withMember(plane, async (member) => {
      await apply(member, state, set)
      const report = await takeOut(plane, set)
      assert.equal(report.problem, '')
      await eventually(() => /another daemon took over/.test(member.status().message), 'the daemon to stop')
      // It would heal each of these at once, were it still at work.
      await send(plane, 'DELETE', mapPath(ns, 'new'))
      member.setDesired(desired(configMap(ns, 'more', { k: '1' })), set)
      await assertNoMarks(webPath(ns))
      assert.equal(await read(plane, mapPath(ns, 'new')), undefined)
      assert.equal(await read(plane, owned(set, '0')), undefined)
    })
  })

  it('lets go what carries our label and id though no inventory knows of it, and no copy or object of others', async () => {
    const set = settings()
    const other = settings({ fleetName: `${set.fleetName}-eu`, fleetUid: 'another' })
    const { ns, state } = await filled()
    const theirs = desired(configMap(ns, 'theirs', { k: '1' }))
    await withMember(plane, (member) => apply(member, theirs, other))
    await withMember(plane, (member) => apply(member, state, set))
    const copy = await read(plane, mapPath(ns, 'new'))
    const marks = { labels: copy?.metadata.labels ?? {}, annotations: copy?.metadata.annotations ?? {} }
    await send(plane, 'POST', mapPath(ns, '').slice(0, -1), configMap(ns, 'copy', { k: '1' }, marks))
    await send(plane, 'DELETE', owned(set, '0'))
    const before = await rest(mapPath(ns, 'copy'))
    const report = await takeOut(plane, set)
    assert.equal(report.problem, '')
    assert.deepEqual(
      report.objects.map(({ subject, outcome }) => `${outcome} ${subject}`),
      [`released ConfigMap/${ns}/new`, `released ConfigMap/${ns}/old`, `released Deployment.apps/${ns}/web`],
    )
    await assertNoMarks(webPath(ns))
    assert.deepEqual(await rest(mapPath(ns, 'copy')), before)
    assert(await read(plane, owned(other, '0')), 'the inventory of a fleet whose name begins alike')
    assert.match(JSON.stringify(await read(plane, mapPath(ns, 'theirs'))), /flotilla\.dev\/id/)
    await withMember(plane, async (member) => {
      await apply(member, theirs, other)
      assert.equal(objectOf(member, `ConfigMap/${ns}/theirs`).action, 'unchanged')
    })
  })

  it('keeps the inventory while an object cannot be released, and says why', async () => {
    const set = settings()
    const { ns, state } = await filled()
    await withMember(plane, (member) => apply(member, state, set))
    const refusal = new ApiError('admission webhook said no', { type: 'rejected', status: 403, reason: '', causes: [] })
    const report = await takeOut(plane, set, {
      wrap: (transport) =>
        failing(transport, (method, path) => (method === 'PATCH' && path === mapPath(ns, 'new') ? refusal : undefined)),
    })
    assert.match(report.problem, /not every object/)
    assert.deepEqual(
      report.objects.filter(({ outcome }) => outcome === 'failed'),
      [{ subject: `ConfigMap/${ns}/new`, outcome: 'failed', message: 'admission webhook said no' }],
    )
    assert.match(String(getIn(await read(plane, owned(set, '0')), ['data', 'entries'])), new RegExp(`${ns}/new`))
    assert.equal((await takeOut(plane, set)).problem, '')
    await assertNoMarks(mapPath(ns, 'new'))
  })

  it('can be run again after it ended at any write', async () => {
    const gone = new ApiError('no answer', { type: 'unreachable' })
    for (let stopAt = 1, ended = false; !ended; stopAt++) {
      assert(stopAt < 30, 'it never ends')
      const set = settings()
      const { ns, state } = await filled()
      await withMember(plane, (member) => apply(member, state, set))
      let writes = 0
      const first = await takeOut(plane, set, {
        wrap: (transport) =>
          failing(transport, (method) => (method !== 'GET' && ++writes >= stopAt ? gone : undefined)),
      })
      ended = first.problem === ''
      const second = await takeOut(plane, set)
      assert.equal(second.problem, '', `after write ${stopAt}`)
      for (const path of [webPath(ns), mapPath(ns, 'new'), mapPath(ns, 'old')]) await assertNoMarks(path)
      for (const name of ['0', 'key']) assert.equal(await read(plane, owned(set, name)), undefined, name)
    }
  })

  it('leaves the namespace where others use it or made it, and says which', async () => {
    const set = settings()
    const { state } = await filled()
    await withMember(plane, (member) => apply(member, state, set))
    await send(
      plane,
      'POST',
      '/api/v1/namespaces/flotilla-system/configmaps',
      configMap('flotilla-system', unique('x'), {}),
    )
    const account = { name: unique('account'), labels: { 'flotilla.dev/account': set.fleetName } }
    const accounts = '/api/v1/namespaces/flotilla-system/serviceaccounts'
    await send(plane, 'POST', accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: account })
    const report = await takeOut(plane, set)
    const [made, left] = report.left
    assert.equal(made?.subject, `ServiceAccount/flotilla-system/${account.name}`)
    assert.match(made?.why ?? '', /flotilla cluster add/)
    assert(await read(plane, `${accounts}/${account.name}`))
    assert.equal(left?.subject, 'Namespace/flotilla-system')
    assert.match(left?.why ?? '', /others use it: ConfigMap\/flotilla-system\/|not made by Flotilla/)
    assert(await read(plane, '/api/v1/namespaces/flotilla-system'))
  })
})
