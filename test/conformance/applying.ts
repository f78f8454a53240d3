import assert from 'node:assert/strict'
import type { JsonObject } from '../../repo-layout/json.ts'
import { configMap, deployment, service } from './objects.ts'
import { apply, dig, fieldsOf, freshNamespace, type GetTarget, listAt, ok, type Target, textAt } from './target.ts'

/** What server-side apply promises, and what `managedFields` say. */
export function applyingCases(get: GetTarget): void {
  let target: Target
  let namespace: string
  let maps: string
  let deployments: string
  let services: string

  before(async () => {
    target = get()
    namespace = await freshNamespace(target)
    maps = `/api/v1/namespaces/${namespace}/configmaps`
    services = `/api/v1/namespaces/${namespace}/services`
    deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`
  })

  it('creates what does not exist (201), updates what does (200), and owns what was sent', async () => {
    const path = `${deployments}/web`
    const made = ok(await apply(target, path, deployment('web')), 201)
    assert.deepEqual(fieldsOf(made, 'flotilla'), {
      'f:spec': {
        'f:replicas': {},
        'f:selector': {},
        'f:template': {
          'f:metadata': { 'f:labels': { 'f:app': {} } },
          'f:spec': {
            'f:containers': {
              'k:{"name":"web"}': {
                '.': {},
                'f:image': {},
                'f:name': {},
                'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
              },
            },
          },
        },
      },
    })
    const again = ok(await apply(target, path, deployment('web')))
    assert.equal(dig(again, 'metadata', 'resourceVersion'), dig(made, 'metadata', 'resourceVersion'))
  })

  it('records what an update set, and leaves structs and server fields out', async () => {
    const made = ok(await target.request('POST', `${deployments}?fieldManager=writer`, deployment('created')), 201)
    const spec = dig(fieldsOf(made, 'writer'), 'f:spec') as JsonObject
    assert.equal(spec['.'], undefined)
    assert.deepEqual(spec['f:strategy'], {
      'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} },
      'f:type': {},
    })
    assert.deepEqual(dig(spec, 'f:template', 'f:metadata'), { 'f:labels': { '.': {}, 'f:app': {} } })
    assert.equal(dig(fieldsOf(made, 'writer'), 'f:metadata'), undefined)
  })

  it('names a writer by its user agent where no field manager is given', async () => {
    const made = ok(
      await target.request('POST', maps, configMap('agent', { a: '1' }), { 'user-agent': 'tool/1.2 (linux)' }),
      201,
    )
    const [entry] = listAt(made, 'metadata', 'managedFields')
    assert.deepEqual([dig(entry, 'manager'), dig(entry, 'operation')], ['tool', 'Update'])
  })

  it('refuses to take a field from another applier: 409 that names the manager and each field', async () => {
    const path = `${deployments}/conflict`
    ok(await apply(target, path, deployment('conflict')), 201)
    const other = deployment('conflict', { replicas: 5 }, { image: 'nginx:2' })
    const answer = await apply(target, path, other, { fieldManager: 'other' })
    assert.equal(answer.status, 409)
    assert.equal(dig(answer.body, 'reason'), 'Conflict')
    assert.deepEqual(dig(answer.body, 'details', 'causes'), [
      { reason: 'FieldManagerConflict', message: 'conflict with "flotilla"', field: '.spec.replicas' },
      {
        reason: 'FieldManagerConflict',
        message: 'conflict with "flotilla"',
        field: '.spec.template.spec.containers[name="web"].image',
      },
    ])
    assert.equal(
      dig(answer.body, 'message'),
      'Apply failed with 2 conflicts: conflicts with "flotilla":\n- .spec.replicas\n- .spec.template.spec.containers[name="web"].image',
    )
    const forced = ok(await apply(target, path, other, { fieldManager: 'other', force: 'true' }))
    assert.equal(dig(forced, 'spec', 'replicas'), 5)
    assert.equal(dig(fieldsOf(forced, 'flotilla'), 'f:spec', 'f:replicas'), undefined)
    assert.deepEqual(dig(fieldsOf(forced, 'other'), 'f:spec', 'f:replicas'), {})
  })

  it('says how and with which version a conflicting updater wrote', async () => {
    ok(await target.request('POST', `${maps}?fieldManager=editor`, configMap('edited', { a: '1' })), 201)
    const answer = await apply(target, `${maps}/edited`, configMap('edited', { a: '2' }))
    assert.equal(answer.status, 409)
    assert.equal(dig(answer.body, 'message'), 'Apply failed with 1 conflict: conflict with "editor" using v1: .data.a')
  })

  it('lets two appliers own the same value, and removes it only when both have let go', async () => {
    const path = `${maps}/shared`
    ok(await apply(target, path, configMap('shared', { a: '1', b: '1' })), 201)
    const both = ok(await apply(target, path, configMap('shared', { a: '1' }), { fieldManager: 'other' }))
    assert.deepEqual(dig(fieldsOf(both, 'other'), 'f:data'), { 'f:a': {} })
    const one = ok(await apply(target, path, configMap('shared', { b: '1' })))
    assert.deepEqual(dig(one, 'data'), { a: '1', b: '1' })
    const none = ok(await apply(target, path, configMap('shared', {}), { fieldManager: 'other' }))
    assert.deepEqual(dig(none, 'data'), { b: '1' })
  })

  it('removes what it applied before and no longer does', async () => {
    const path = `${deployments}/dropped`
    const labels = { a: '1', b: '2' }
    ok(await apply(target, path, { ...deployment('dropped'), metadata: { name: 'dropped', labels } }), 201)
    const rest = ok(
      await apply(target, path, { ...deployment('dropped'), metadata: { name: 'dropped', labels: { a: '1' } } }),
    )
    assert.deepEqual(dig(rest, 'metadata', 'labels'), { a: '1' })
    const bare = ok(await apply(target, path, deployment('dropped')))
    assert.equal(dig(bare, 'metadata', 'labels'), undefined)
  })

  it('resets a field to its default when its only owner drops it', async () => {
    const path = `${deployments}/reset`
    ok(await apply(target, path, deployment('reset', { replicas: 4 })), 201)
    const { replicas: _, ...spec } = deployment('reset').spec as JsonObject
    const reset = ok(await apply(target, path, { ...deployment('reset'), spec }))
    assert.equal(dig(reset, 'spec', 'replicas'), 1)
  })

  it('leaves items that others added to a keyed list, and drops its own', async () => {
    const path = `${deployments}/items`
    const env = [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ]
    ok(await apply(target, path, deployment('items', {}, { env })), 201)
    const container = { name: 'web', env: [{ name: 'C', value: '3' }] }
    const patch = { spec: { template: { spec: { containers: [container] } } } }
    ok(await target.request('PATCH', path, patch, { 'content-type': 'application/strategic-merge-patch+json' }))
    const after = ok(await apply(target, path, deployment('items', {}, { env: env.slice(0, 1) })))
    const names = listAt(after, 'spec', 'template', 'spec', 'containers', 0, 'env').map((one) => dig(one, 'name'))
    assert.deepEqual([...names].sort(), ['A', 'C'])
  })

  it('orders a keyed list as it was applied', async () => {
    const path = `${deployments}/order`
    const env = (names: readonly string[]) => names.map((name) => ({ name, value: name }))
    ok(await apply(target, path, deployment('order', {}, { env: env(['A', 'B', 'C']) })), 201)
    const after = ok(await apply(target, path, deployment('order', {}, { env: env(['C', 'A', 'B']) })))
    assert.deepEqual(
      listAt(after, 'spec', 'template', 'spec', 'containers', 0, 'env').map((one) => dig(one, 'name')),
      ['C', 'A', 'B'],
    )
  })

  it('takes a field from its applier when somebody updates it, and gives it back by force', async () => {
    const path = `${deployments}/taken`
    ok(await apply(target, path, deployment('taken')), 201)
    const updated = ok(await target.request('PATCH', `${path}?fieldManager=human`, { spec: { replicas: 9 } }))
    assert.equal(dig(fieldsOf(updated, 'flotilla'), 'f:spec', 'f:replicas'), undefined)
    assert.deepEqual(fieldsOf(updated, 'human'), { 'f:spec': { 'f:replicas': {} } })
    const healed = ok(await apply(target, path, deployment('taken'), { force: 'true' }))
    assert.equal(dig(healed, 'spec', 'replicas'), 2)
    assert.equal(fieldsOf(healed, 'human'), undefined)
  })

  it('tells empty bytes and lists from none, though it keeps both as one', async () => {
    const bytes = `${maps}/bytes`
    const map = configMap('bytes', {})
    const [empty, none] = [
      { ...map, binaryData: { z: '' } },
      { ...map, binaryData: { z: null } },
    ]
    ok(await target.request('POST', `${maps}?fieldManager=a`, empty), 201)
    const kept = ok(await target.request('PUT', `${bytes}?fieldManager=b`, none))
    assert.deepEqual(dig(kept, 'binaryData'), { z: '' })
    assert.deepEqual(fieldsOf(kept, 'b'), { 'f:binaryData': { 'f:z': {} } })
    const roles = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'r' }, rules: [] }
    const made = ok(await target.request('POST', `${roles}?fieldManager=a`, role), 201)
    assert.equal(dig(made, 'rules'), null)
    assert.deepEqual(fieldsOf(made, 'a'), { 'f:rules': {} })
    const held = { ...role, metadata: { name: 'h', finalizers: ['example.com/hold'] } }
    ok(await apply(target, `${roles}/h`, held), 201)
    ok(await target.request('DELETE', `${roles}/h`))
    const gone = ok(await apply(target, `${roles}/h`, { ...role, metadata: { name: 'h' } }))
    assert.deepEqual(dig(gone, 'rules'), [])
  })

  it('records a status under its subresource, and never on the main path', async () => {
    const path = `${deployments}/status`
    const made = ok(await apply(target, path, { ...deployment('status'), status: { replicas: 1 } }), 201)
    assert.equal(dig(fieldsOf(made, 'flotilla'), 'f:status'), undefined)
    const patch = { status: { replicas: 2, observedGeneration: 1 } }
    const written = ok(await target.request('PATCH', `${path}/status?fieldManager=controller`, patch))
    assert.deepEqual(fieldsOf(written, 'controller', 'status'), {
      'f:status': { 'f:observedGeneration': {}, 'f:replicas': {} },
    })
  })

  it('owns a Service selector as a whole, and its ports by number and protocol', async () => {
    const made = ok(await apply(target, `${services}/web`, service('web')), 201)
    assert.deepEqual(fieldsOf(made, 'flotilla'), {
      'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } }, 'f:selector': {} },
    })
  })

  it('owns an empty map as a leaf, and no keys that others add to it', async () => {
    const path = `${deployments}/empty`
    const manifest = { ...deployment('empty'), metadata: { name: 'empty', annotations: {} } }
    ok(await apply(target, path, manifest), 201)
    ok(await target.request('PATCH', path, { metadata: { annotations: { x: 'y' } } }))
    const after = ok(await apply(target, path, manifest))
    assert.deepEqual(dig(after, 'metadata', 'annotations'), { x: 'y' })
  })

  it('merges the finalizers of several appliers', async () => {
    const path = `${maps}/finalizers`
    const finalized = (finalizer: string): JsonObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'finalizers', finalizers: [finalizer] },
    })
    ok(await apply(target, path, finalized('example.com/a')), 201)
    const both = ok(
      await apply(target, path, finalized('example.com/b'), {
        fieldManager: 'other',
      }),
    )
    assert.deepEqual(dig(both, 'metadata', 'finalizers'), ['example.com/a', 'example.com/b'])
    ok(await target.request('PATCH', path, { metadata: { finalizers: null } }))
  })

  it('computes a dry run of an apply and writes nothing', async () => {
    const path = `${maps}/dry`
    ok(await apply(target, path, configMap('dry', { a: '1' }), { dryRun: 'All' }), 201)
    assert.equal((await target.request('GET', path)).status, 404)
    ok(await apply(target, path, configMap('dry', { a: '1' })), 201)
    assert.equal(dig(ok(await apply(target, path, configMap('dry', { a: '2' }), { dryRun: 'All' })), 'data', 'a'), '2')
    assert.equal(dig(ok(await target.request('GET', path)), 'data', 'a'), '1')
  })

  it('wants a field manager', async () => {
    const type = { 'content-type': 'application/apply-patch+yaml' }
    const answer = await target.request('PATCH', `${maps}/nobody`, configMap('nobody'), type)
    assert.equal(answer.status, 422)
    assert.match(String(dig(answer.body, 'message')), /fieldManager: Required value: is required for apply patch/)
  })

  it('applies YAML too', async () => {
    const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\ndata:\n  a: "1"\n'
    const type = { 'content-type': 'application/apply-patch+yaml' }
    const made = ok(await target.request('PATCH', `${maps}/yaml?fieldManager=flotilla`, yaml, type), 201)
    assert.deepEqual(dig(made, 'data'), { a: '1' })
  })

  it('refuses an unknown field and a duplicate item with 500, as Kubernetes does', async () => {
    const unknown = await apply(target, `${deployments}/bad`, deployment('bad', { replica: 1 }))
    assert.equal(unknown.status, 500)
    assert.match(
      String(dig(unknown.body, 'message')),
      /^failed to create typed patch object \(.*\/bad; apps\/v1, Kind=Deployment\): \.spec\.replica: field not declared in schema$/,
    )
    const env = [
      { name: 'A', value: '1' },
      { name: 'A', value: '2' },
    ]
    const twice = await apply(target, `${deployments}/bad`, deployment('bad', {}, { env }))
    assert.equal(twice.status, 500)
    assert.match(String(dig(twice.body, 'message')), /duplicate entries for key \[name="A"\]/)
  })

  it('refuses managedFields in a manifest', async () => {
    const answer = await apply(target, `${maps}/bad`, configMap('bad', {}, { managedFields: [] }))
    assert.equal(answer.status, 400)
  })

  it('refuses to create where the manifest names a uid, and to update another one', async () => {
    const missing = await apply(target, `${maps}/uid`, configMap('uid', {}, { uid: 'x' }))
    assert.equal(missing.status, 409)
    ok(await apply(target, `${maps}/uid`, configMap('uid', { a: '1' })), 201)
    assert.equal((await apply(target, `${maps}/uid`, configMap('uid', {}, { uid: 'x' }))).status, 422)
  })

  it('refuses a stale resourceVersion, also by force', async () => {
    const path = `${maps}/stale`
    const made = ok(await apply(target, path, configMap('stale', { a: '1' })), 201)
    const resourceVersion = textAt(made, 'metadata', 'resourceVersion')
    ok(await apply(target, path, configMap('stale', { a: '2' }, { resourceVersion })))
    const stale = await apply(target, path, configMap('stale', { a: '3' }, { resourceVersion }), { force: 'true' })
    assert.equal(stale.status, 409)
  })

  it('keeps the entries of an object over an update that leaves them out, and wipes them where told', async () => {
    const path = `${maps}/wiped`
    ok(await apply(target, path, configMap('wiped', { a: '1' })), 201)
    const kept = ok(await target.request('PUT', path, configMap('wiped', { a: '1' })))
    assert.notEqual(fieldsOf(kept, 'flotilla'), undefined)
    const wiped = ok(await target.request('PATCH', path, { metadata: { managedFields: [] } }))
    assert.equal(dig(wiped, 'metadata', 'managedFields'), undefined)
    const next = ok(await apply(target, path, configMap('wiped', { b: '1' })))
    assert.deepEqual(dig(next, 'data'), { a: '1', b: '1' })
    assert.deepEqual(dig(fieldsOf(next, 'before-first-apply'), 'f:data', 'f:a'), {})
  })

  it('applies stringData: the fields stay owned, the values go to data', async () => {
    const path = `/api/v1/namespaces/${namespace}/secrets/s`
    const manifest = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { a: 'b' } }
    const made = ok(await apply(target, path, manifest), 201)
    assert.deepEqual(dig(made, 'data'), { a: 'Yg==' })
    assert.deepEqual(fieldsOf(made, 'flotilla'), { 'f:stringData': { 'f:a': {} } })
    const again = ok(await apply(target, path, manifest))
    assert.equal(dig(again, 'metadata', 'resourceVersion'), dig(made, 'metadata', 'resourceVersion'))
  })
}
