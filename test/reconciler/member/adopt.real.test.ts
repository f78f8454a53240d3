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
  send,
  settings,
  unique,
  valueAt,
  withMember,
} from './support.ts'

const merge = { 'content-type': 'application/merge-patch+json' }

describeMembers('a member of a real cluster: first contact and pruning', ['etcd', 'kube-apiserver'], () => {
  let plane: ControlPlane
  before(async () => {
    plane = await sharedControlPlane()
  })

  /** A namespace that is there before us, with an object made by a client-side tool. */
  async function existing(object: (ns: string) => KubeObject, manager = 'kubectl-create') {
    const ns = unique('adopt')
    await send(plane, 'POST', '/api/v1/namespaces', namespace(ns))
    const made = object(ns)
    const path =
      made.kind === 'Deployment' ? `/apis/apps/v1/namespaces/${ns}/deployments` : `/api/v1/namespaces/${ns}/configmaps`
    await send(plane, 'POST', `${path}?fieldManager=${manager}`, made)
    return { ns, path: `${path}/${made.metadata.name}` }
  }

  it('leaves alone what differs, says where, and takes it when told on the object', async () => {
    const { ns, path } = await existing((name) => configMap(name, 'c', { k: 'live', old: 'x' }))
    const set = settings()
    await withMember(plane, async (member) => {
      await apply(member, desired(configMap(ns, 'c', { k: 'git' })), set)
      const left = objectOf(member, `ConfigMap/${ns}/c`)
      assert.equal(left.action, 'skipped')
      assert.match(left.message, /differs in \/data\/k \(live "live", wanted "git"\).*flotilla\.dev\/adopt: Always/)
      assert.equal(await valueAt(plane, path, ['data', 'k']), 'live')
      assert.equal(await valueAt(plane, path, ['metadata', 'labels']), undefined)

      const told = configMap(ns, 'c', { k: 'git' }, { annotations: { 'flotilla.dev/adopt': 'Always' } })
      await apply(member, desired(told), set)
      assert.equal(objectOf(member, `ConfigMap/${ns}/c`).action, 'configured')
      assert.equal(await valueAt(plane, path, ['data', 'k']), 'git')
      assert.equal(await valueAt(plane, path, ['data', 'old']), 'x', 'what only the other tool owned stays')
    })
  })

  it('takes what is equal without touching its spec, owns it alone, and releases it instead of deleting it', async () => {
    const { ns, path } = await existing((name) => deployment(name, 'web'), 'kubectl-client-side-apply')
    const spec = await valueAt(plane, path, ['spec'])
    const set = settings()
    await withMember(plane, async (member) => {
      await apply(member, desired(deployment(ns, 'web')), set)
      assert.equal(
        objectOf(member, `Deployment.apps/${ns}/web`).action,
        'configured',
        objectOf(member, `Deployment.apps/${ns}/web`).message,
      )
      assert.deepEqual(await valueAt(plane, path, ['spec']), spec, 'nothing restarts')
      // A field that leaves Git really goes.
      const { team: _team, ...labels } = deployment(ns, 'web').metadata.labels ?? {}
      const next = deployment(ns, 'web')
      await apply(member, desired({ ...next, metadata: { ...next.metadata, labels } }), set)
      assert.equal(await valueAt(plane, path, ['metadata', 'labels', 'team']), undefined)

      await apply(member, desired(), set)
      const gone = objectOf(member, `Deployment.apps/${ns}/web`)
      assert.equal(gone.action, 'pruned')
      assert.match(gone.message, /released/)
      const live = await read(plane, path)
      assert(live)
      assert.equal(getIn(live, ['metadata', 'labels', 'flotilla.dev/fleet']), undefined)
      assert.equal(getIn(live, ['metadata', 'annotations', 'flotilla.dev/id']), undefined)
      const managers = (getIn(live, ['metadata', 'managedFields']) as Json[]).map((entry) => getIn(entry, ['manager']))
      assert(!managers.includes('flotilla'), String(managers))
      assert.deepEqual(getIn(live, ['spec']), spec)
      assert.equal(member.status().appliedCommit, desired().commit)
    })
  })

  for (const [mark, tool, metadata, manager] of [
    ['by annotation', 'Argo CD', { annotations: { 'argocd.argoproj.io/tracking-id': 'app:/ConfigMap:x/c' } }],
    ['by its own label', 'Argo CD', { labels: { 'argocd.argoproj.io/instance': 'app' } }],
    ['by label', 'Argo CD', { labels: { 'app.kubernetes.io/instance': 'app' } }, 'argocd-controller'],
    ['with kustomize', 'Flux', { labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' } }],
    ['with helm', 'Flux', { labels: { 'helm.toolkit.fluxcd.io/name': 'apps' } }],
    ['by annotation', 'Helm', { annotations: { 'meta.helm.sh/release-name': 'shop' } }],
    ['by label', 'Helm', { labels: { 'app.kubernetes.io/managed-by': 'Helm' } }],
    ['by label', 'kubefed', { labels: { 'kubefed.io/managed': 'true' } }],
  ] as const) {
    it(`leaves alone what ${tool} manages (${mark}), also under adopt: Always, and says what differs, unless told on the object`, async () => {
      const { ns, path } = await existing((name) => configMap(name, 'c', { k: '1' }, metadata), manager)
      const base = settings()
      const set = { ...base, sync: { ...base.sync, adopt: 'Always' as const } }
      await withMember(plane, async (member) => {
        await apply(member, desired(configMap(ns, 'c', { k: '1' })), set)
        const same = objectOf(member, `ConfigMap/${ns}/c`)
        assert.equal(same.action, 'skipped')
        assert.match(same.message, new RegExp(`managed by ${tool} and does not differ; .*adopt: Always`))
        await apply(member, desired(configMap(ns, 'c', { k: '2' })), set)
        const left = objectOf(member, `ConfigMap/${ns}/c`)
        assert.equal(left.action, 'skipped')
        assert.match(
          left.message,
          new RegExp(`managed by ${tool} and differs in /data/k \\(live "1", wanted "2"\\); .*adopt: Always`),
        )
        assert.equal(await valueAt(plane, path, ['data', 'k']), '1')
        await apply(
          member,
          desired(configMap(ns, 'c', { k: '1' }, { annotations: { 'flotilla.dev/adopt': 'Always' } })),
          set,
        )
        assert.equal(objectOf(member, `ConfigMap/${ns}/c`).action, 'configured')
      })
    })
  }

  it('takes a label of Helm for no mark that a rendered chart in Git has too, nor the label of an instance', async () => {
    const labels = { 'app.kubernetes.io/managed-by': 'Helm', 'app.kubernetes.io/instance': 'shop' }
    const { ns } = await existing((name) => configMap(name, 'c', { k: '1' }, { labels }))
    await withMember(plane, async (member) => {
      await apply(member, desired(configMap(ns, 'c', { k: '1' }, { labels })), settings())
      assert.equal(
        objectOf(member, `ConfigMap/${ns}/c`).action,
        'configured',
        objectOf(member, `ConfigMap/${ns}/c`).message,
      )
    })
  })

  it('does not count what Git says to Flotilla alone as a difference, and writes no word on adopting into the cluster', async () => {
    const { ns, path } = await existing((name) => configMap(name, 'c', { k: '1' }))
    const annotations = { 'flotilla.dev/drift': 'Report', 'flotilla.dev/adopt': 'IfNoDiff' }
    await withMember(plane, async (member) => {
      await apply(member, desired(configMap(ns, 'c', { k: '1' }, { annotations })), settings())
      const taken = objectOf(member, `ConfigMap/${ns}/c`)
      assert.equal(taken.action, 'configured', taken.message)
      assert.equal(await valueAt(plane, path, ['metadata', 'annotations', 'flotilla.dev/adopt']), undefined)
      assert.equal(await valueAt(plane, path, ['metadata', 'annotations', 'flotilla.dev/drift']), 'Report')
    })
  })

  it('leaves alone under IfNoDiff what the server would not let it change, and says so', async () => {
    const { ns, path } = await existing((name) => deployment(name, 'web'))
    await withMember(plane, async (member) => {
      const labels = { app: 'web', tier: 'other' }
      const wanted = deployment(ns, 'web', { selector: { matchLabels: labels } })
      await apply(member, desired(wanted), settings())
      const left = objectOf(member, `Deployment.apps/${ns}/web`)
      assert.equal(left.action, 'skipped', left.message)
      assert.match(left.message, /differs in \/spec\/selector.*an apply would be refused/)
      assert.equal(await valueAt(plane, path, ['metadata', 'labels', 'flotilla.dev/fleet']), undefined)
    })
  })

  for (const [named, goes] of [
    [['deploy-script'], true],
    [[], false],
  ] as const)
    it(`${goes ? 'takes' : 'does not take'} fields of a manager that the Fleet ${goes ? 'names' : 'does not name'}`, async () => {
      const { ns, path } = await existing((name) => configMap(name, 'c', { k: '1', old: '1' }), 'deploy-script')
      const base = settings()
      const set = { ...base, sync: { ...base.sync, overrideManagers: [...named] } }
      await withMember(plane, async (member) => {
        await apply(member, desired(configMap(ns, 'c', { k: '1', old: '1' })), set)
        await apply(member, desired(configMap(ns, 'c', { k: '1' })), set)
        assert.equal(await valueAt(plane, path, ['data', 'old']), goes ? undefined : '1')
      })
    })

  it('takes the fields also where it crashed between applying and taking them', async () => {
    const { ns, path } = await existing((name) => configMap(name, 'c', { k: '1', old: '1' }))
    const before = await valueAt(plane, path, ['metadata', 'managedFields'])
    const set = settings()
    await withMember(plane, (member) => apply(member, desired(configMap(ns, 'c', { k: '1', old: '1' })), set))
    // As it was after the apply: kubectl's entry is still there, and the inventory holds only the announcement.
    const after = await valueAt(plane, path, ['metadata', 'managedFields'])
    const both = [...(before as Json[]), ...(after as Json[])]
    await send(plane, 'PATCH', path, [{ op: 'replace', path: '/metadata/managedFields', value: both }], {
      'content-type': 'application/json-patch+json',
    })
    const inventory = `/api/v1/namespaces/flotilla-system/configmaps/flotilla-${set.fleetName}-0`
    const entry = JSON.parse(String(await valueAt(plane, inventory, ['data', 'entries'])))
    const announced = JSON.stringify({ ...entry, oid: '', fingerprint: '' })
    await send(plane, 'PATCH', inventory, { data: { entries: announced } }, merge)
    await withMember(plane, async (member) => {
      await apply(member, desired(configMap(ns, 'c', { k: '1', old: '1' })), set)
      await apply(member, desired(configMap(ns, 'c', { k: '1' })), set)
      assert.equal(await valueAt(plane, path, ['data', 'old']), undefined)
    })
  })

  it('never takes an object of another fleet, and prunes only its own', async () => {
    const ns = unique('fleets')
    const [one, two] = [settings(), settings()]
    await withMember(plane, (first) =>
      withMember(plane, async (second) => {
        await apply(first, desired(namespace(ns), configMap(ns, 'c', { k: '1' })), one)
        const told = configMap(ns, 'c', { k: '2' }, { annotations: { 'flotilla.dev/adopt': 'Always' } })
        await apply(second, desired(told), two)
        const left = objectOf(second, `ConfigMap/${ns}/c`)
        assert.equal(left.action, 'skipped')
        assert.match(left.message, /another fleet \(uid-fleet.*never taken/)
        await apply(second, desired(), two)
        assert.equal(await valueAt(plane, `/api/v1/namespaces/${ns}/configmaps/c`, ['data', 'k']), '1')
      }),
    )
  })

  it('prunes nothing that somebody created anew, that says so, or while the budget is exceeded', async () => {
    const ns = unique('prune')
    const path = (name: string) => `/api/v1/namespaces/${ns}/configmaps/${name}`
    const keep = { annotations: { 'flotilla.dev/prune': 'false' } }
    const set = settings()
    await withMember(plane, async (member) => {
      const maps = ['a', 'b'].map((name) => configMap(ns, name, { k: '1' }))
      await apply(member, desired(namespace(ns), ...maps, configMap(ns, 'kept', {}, keep)), set)
      await apply(member, desired(namespace(ns)), { ...set, mayDelete: new Set() })
      assert.match(objectOf(member, `ConfigMap/${ns}/a`).message, /over budget/)
      assert(await read(plane, path('a')))
      await apply(member, desired(namespace(ns)), { ...set, sync: { ...set.sync, prune: false } })
      assert.match(objectOf(member, `ConfigMap/${ns}/a`).message, /pruning is off/)
      // Nobody watches it any more, so only the preconditions tell that it is another object.
      await send(plane, 'DELETE', path('b'))
      await send(plane, 'POST', path('b').replace(/\/b$/, ''), configMap(ns, 'b', { mine: '1' }))
      await apply(member, desired(namespace(ns)), set)
      assert.equal(objectOf(member, `ConfigMap/${ns}/a`).action, 'pruned')
      assert.equal(await read(plane, path('a')), undefined)
      assert.match(objectOf(member, `ConfigMap/${ns}/b`).message, /somebody else created it anew/)
      assert.equal(await valueAt(plane, path('b'), ['data', 'mine']), '1')
      assert.match(objectOf(member, `ConfigMap/${ns}/kept`).message, /prune says so/)
      assert(await read(plane, path('kept')))
      await apply(member, desired(), set)
      const left = objectOf(member, `Namespace/${ns}`)
      assert.equal(left.action, 'skipped')
      assert.match(left.message, /takes others with it/)
    })
  })

  it('keeps an object listed until its finalizers let it go', async () => {
    const ns = unique('finalizer')
    const path = `/api/v1/namespaces/${ns}/configmaps/c`
    const set = settings()
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns), configMap(ns, 'c', {}, { finalizers: ['example.com/hold'] })), set)
      await apply(member, desired(namespace(ns)), set)
      assert.match(objectOf(member, `ConfigMap/${ns}/c`).message, /finalizers/)
      await send(plane, 'PATCH', path, { metadata: { finalizers: null } }, merge)
      await eventually(() => objectOf(member, `ConfigMap/${ns}/c`).action === 'pruned', 'the end')
    })
  })

  it('finds its own work again when the inventory only knows the intent, and deletes no stranger for it', async () => {
    const ns = unique('intent')
    const set = settings()
    const state = desired(namespace(ns), configMap(ns, 'ours', { k: '1' }), configMap(ns, 'theirs', { k: '1' }))
    await withMember(plane, (member) => apply(member, state, set))
    // As after a crash between intent and answer; one of the objects is somebody else's by now.
    const inventory = `/api/v1/namespaces/flotilla-system/configmaps/flotilla-${set.fleetName}-0`
    const text = String(await valueAt(plane, inventory, ['data', 'entries']))
    const intents = text
      .split('\n')
      .map((line) => JSON.stringify({ ...JSON.parse(line), state: 'intent', uid: '', oid: '', fingerprint: '' }))
    await send(plane, 'PATCH', inventory, { data: { entries: intents.join('\n') } }, merge)
    await send(plane, 'DELETE', `/api/v1/namespaces/${ns}/configmaps/theirs`)
    await send(plane, 'POST', `/api/v1/namespaces/${ns}/configmaps`, configMap(ns, 'theirs', { k: 'other' }))
    await withMember(plane, async (member) => {
      await apply(member, desired(namespace(ns)), set)
      assert.equal(objectOf(member, `ConfigMap/${ns}/ours`).action, 'pruned')
      assert.match(objectOf(member, `ConfigMap/${ns}/theirs`).message, /never applied by this fleet/)
      assert.equal(await read(plane, `/api/v1/namespaces/${ns}/configmaps/ours`), undefined)
      assert.equal(await valueAt(plane, `/api/v1/namespaces/${ns}/configmaps/theirs`, ['data', 'k']), 'other')
      assert.equal(objectOf(member, `Namespace/${ns}`).action, 'unchanged')
    })
  })
})
