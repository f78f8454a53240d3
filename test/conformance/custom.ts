import assert from 'node:assert/strict'
import { widget, widgetDefinition } from './objects.ts'
import {
  apply,
  dig,
  eventually,
  fieldsOf,
  freshNamespace,
  type GetTarget,
  listAt,
  ok,
  openWatch,
  type Target,
} from './target.ts'

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** What CustomResourceDefinitions promise. */
export function customCases(get: GetTarget): void {
  const group = `c${process.pid}.conformance.flotilla.dev`
  let target: Target
  let widgets: string
  let older: string

  before(async () => {
    target = get()
    const namespace = await freshNamespace(target)
    widgets = `/apis/${group}/v1/namespaces/${namespace}/widgets`
    older = `/apis/${group}/v1beta1/namespaces/${namespace}/widgets`
    ok(await target.request('POST', definitions, widgetDefinition(group)), 201)
    await eventually(
      () => target.request('GET', `${definitions}/widgets.${group}`),
      ({ body }) =>
        listAt(body, 'status', 'conditions').some(
          (one) => dig(one, 'type') === 'Established' && dig(one, 'status') === 'True',
        ),
    )
    // A server that says so may still need a moment until it serves.
    await eventually(
      () => target.request('GET', widgets),
      ({ status }) => status === 200,
    )
  })
  after(() => target.request('DELETE', `${definitions}/widgets.${group}`))

  it('lists the new kind in discovery', async () => {
    const resources = await eventually(
      async () => listAt((await target.request('GET', `/apis/${group}/v1`)).body, 'resources'),
      (found) => found.length > 0,
    )
    assert.deepEqual(
      resources.map((one) => dig(one, 'name')),
      ['widgets', 'widgets/status', 'widgets/scale'],
    )
  })

  it('refuses a definition that is named otherwise than what it defines', async () => {
    const definition = { ...widgetDefinition(group), metadata: { name: 'other.example.com' } }
    assert.equal((await target.request('POST', definitions, definition)).status, 422)
  })

  it('fills in defaults, drops what the schema does not name, keeps what it leaves free', async () => {
    const spec = { color: 'red', bad: 1, free: { any: { thing: [1] } } }
    const made = ok(await target.request('POST', widgets, widget(group, 'w1', spec)), 201)
    assert.deepEqual(dig(made, 'spec'), { color: 'red', size: 1, free: { any: { thing: [1] } } })
    assert.equal(dig(made, 'metadata', 'generation'), 1)
  })

  it('refuses what the schema does not allow, each with its field', async () => {
    const spec = { color: 'green', size: -1, parts: [{ count: 1 }] }
    const answer = await target.request('POST', widgets, widget(group, 'bad', spec))
    assert.equal(answer.status, 422)
    const fields = listAt(answer.body, 'details', 'causes').map((cause) => dig(cause, 'field'))
    assert.deepEqual([...fields].sort(), ['spec.color', 'spec.parts[0].name', 'spec.size'])
  })

  it('refuses unknown fields where asked', async () => {
    const answer = await target.request('POST', `${widgets}?fieldValidation=Strict`, widget(group, 'bad', { bad: 1 }))
    assert.equal(answer.status, 400)
    assert.match(String(dig(answer.body, 'message')), /strict decoding error: unknown field "spec\.bad"/)
  })

  it('shows an object in every served version', async () => {
    const object = ok(await target.request('GET', `${older}/w1`))
    assert.equal(dig(object, 'apiVersion'), `${group}/v1beta1`)
    assert.equal(dig(ok(await target.request('GET', older)), 'items', 0, 'apiVersion'), `${group}/v1beta1`)
  })

  it('wants a resourceVersion for an update', async () => {
    const answer = await target.request('PUT', `${widgets}/w1`, widget(group, 'w1', { size: 2 }))
    assert.equal(answer.status, 422)
  })

  it('keeps spec and status apart', async () => {
    const written = ok(
      await target.request('PATCH', `${widgets}/w1/status`, { status: { replicas: 3 }, spec: { size: 9 } }),
    )
    assert.deepEqual([dig(written, 'status'), dig(written, 'spec', 'size')], [{ replicas: 3 }, 1])
    assert.equal(dig(written, 'metadata', 'generation'), 1)
    const main = ok(await target.request('PATCH', `${widgets}/w1`, { status: { replicas: 8 }, spec: { size: 2 } }))
    assert.deepEqual([dig(main, 'status', 'replicas'), dig(main, 'metadata', 'generation')], [3, 2])
  })

  it('scales where the definition says', async () => {
    ok(await target.request('PATCH', `${widgets}/w1/scale`, { spec: { replicas: 4 } }))
    assert.equal(dig(ok(await target.request('GET', `${widgets}/w1`)), 'spec', 'replicas'), 4)
    assert.equal(dig(ok(await target.request('GET', `${widgets}/w1/scale`)), 'status', 'replicas'), 3)
  })

  it('gives replicas that nobody owned to nobody when they are scaled', async () => {
    ok(await target.request('POST', `${widgets}?fieldManager=writer`, widget(group, 'wunowned', {})), 201)
    ok(await target.request('PATCH', `${widgets}/wunowned/scale?fieldManager=writer`, { spec: { replicas: 1 } }))
    const object = ok(await target.request('GET', `${widgets}/wunowned`))
    assert.equal(dig(object, 'spec', 'replicas'), 1)
    assert.deepEqual(
      listAt(object, 'metadata', 'managedFields').map((entry) => dig(entry, 'fieldsV1')),
      [{ 'f:spec': { '.': {}, 'f:size': {} } }],
    )
  })

  it('has no Scale to read where there are no replicas, and lets nobody apply one', async () => {
    const scale = `${widgets}/wbare/scale`
    ok(await target.request('POST', widgets, widget(group, 'wbare', {})), 201)
    assert.equal((await target.request('GET', scale)).status, 500)
    assert.equal((await target.request('PATCH', scale, { metadata: {} })).status, 400)
    const manifest = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'wbare' }, spec: { replicas: 1 } }
    assert.equal((await apply(target, scale, manifest)).status, 500)
  })

  it('lets an apply of a Scale take the replicas over, but not change them', async () => {
    const scale = (replicas: number) => ({
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name: 'wtaken' },
      spec: { replicas },
    })
    ok(await apply(target, `${widgets}/wtaken`, widget(group, 'wtaken', { replicas: 1 })), 201)
    const by = { fieldManager: 'hpa', force: 'true' }
    assert.equal((await apply(target, `${widgets}/wtaken/scale`, scale(2), by)).status, 500)
    ok(await apply(target, `${widgets}/wtaken/scale`, scale(1), by))
    const object = ok(await target.request('GET', `${widgets}/wtaken`))
    assert.deepEqual(fieldsOf(object, 'hpa', 'scale'), { 'f:spec': { 'f:replicas': {} } })
  })

  it('refuses replicas below zero, on the object and on its Scale', async () => {
    const answers = [
      await target.request('POST', widgets, widget(group, 'wbelow', { replicas: -1 })),
      await target.request('PATCH', `${widgets}/wbare/scale`, { spec: { replicas: -1 } }),
    ]
    for (const { status, body } of answers) {
      assert.equal(status, 422)
      assert.equal(dig(body, 'details', 'causes', 0, 'field'), '.spec.replicas')
    }
  })

  it('owns keyed items, members of sets, and other lists as a whole', async () => {
    const spec = { parts: [{ name: 'a', count: 1 }], tags: ['x'], plain: ['p'], free: { k: { l: 1 } } }
    const made = ok(await apply(target, `${widgets}/w2`, widget(group, 'w2', spec)), 201)
    assert.deepEqual(fieldsOf(made, 'flotilla'), {
      'f:spec': {
        'f:free': { 'f:k': { '.': {}, 'f:l': {} } },
        'f:parts': { 'k:{"name":"a"}': { '.': {}, 'f:count': {}, 'f:name': {} } },
        'f:plain': {},
        'f:tags': { 'v:"x"': {} },
      },
    })
    const more = { parts: [{ name: 'b' }], tags: ['y'] }
    const both = ok(await apply(target, `${widgets}/w2`, widget(group, 'w2', more), { fieldManager: 'other' }))
    assert.deepEqual(dig(both, 'spec', 'tags'), ['x', 'y'])
    assert.deepEqual(
      listAt(both, 'spec', 'parts').map((part) => dig(part, 'name')),
      ['a', 'b'],
    )
  })

  it('keeps the version of an entry when another version is read', async () => {
    const object = ok(await target.request('GET', `${older}/w2`))
    const versions = new Set(listAt(object, 'metadata', 'managedFields').map((one) => dig(one, 'apiVersion')))
    assert.deepEqual([...versions], [`${group}/v1`])
  })

  it('prints the columns of the definition', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
    const table = ok(await target.request('GET', widgets, undefined, { accept }))
    assert.deepEqual(
      listAt(table, 'columnDefinitions').map((column) => dig(column, 'name')),
      ['Name', 'Size'],
    )
    assert.deepEqual(listAt(table, 'rows', 0, 'cells'), ['w1', 2])
  })

  it('tells watches of custom resources', async () => {
    const watching = openWatch(target, `${widgets}?watch=1&fieldSelector=metadata.name%3Dw3`)
    ok(await target.request('POST', widgets, widget(group, 'w3', {})), 201)
    const [event] = await watching.take(1)
    watching.close()
    assert.deepEqual([dig(event, 'type'), dig(event, 'object', 'kind')], ['ADDED', 'Widget'])
  })
}
