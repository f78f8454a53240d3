import assert from 'node:assert/strict'
import type { Json, JsonObject } from '../../repo-layout/json.ts'
import { deployment } from './objects.ts'
import { apply, dig, fieldsOf, freshNamespace, type GetTarget, listAt, ok, type Target } from './target.ts'

/** Who owns the replicas after they went through the `scale` subresource. */
export function scalingCases(get: GetTarget): void {
  let target: Target
  let deployments: string

  before(async () => {
    target = get()
    deployments = `/apis/apps/v1/namespaces/${await freshNamespace(target)}/deployments`
  })

  it('records a scale under its subresource', async () => {
    const path = `${deployments}/scaling`
    ok(await apply(target, path, deployment('scaling')), 201)
    ok(await target.request('PATCH', `${path}/scale?fieldManager=hpa`, { spec: { replicas: 7 } }))
    const object = ok(await target.request('GET', path))
    assert.equal(dig(object, 'spec', 'replicas'), 7)
    assert.deepEqual(fieldsOf(object, 'hpa', 'scale'), { 'f:spec': { 'f:replicas': {} } })
    assert.equal(dig(fieldsOf(object, 'flotilla'), 'f:spec', 'f:replicas'), undefined)
  })

  it('lets nobody own replicas that were scaled down to none', async () => {
    const path = `${deployments}/none`
    ok(await apply(target, path, deployment('none')), 201)
    ok(await target.request('PATCH', `${path}/scale?fieldManager=hpa`, { spec: { replicas: 0 } }))
    const object = ok(await target.request('GET', path))
    assert.equal(dig(object, 'spec', 'replicas'), 0)
    assert.equal(dig(fieldsOf(object, 'flotilla'), 'f:spec', 'f:replicas'), undefined)
    assert.equal(fieldsOf(object, 'hpa', 'scale'), undefined)
  })

  it("moves an updater's replicas to an entry of their own at any scale, and leaves an applier's", async () => {
    const [updated, applied] = [`${deployments}/moved`, `${deployments}/left`]
    const scale = { spec: { replicas: 2 } }
    ok(await target.request('POST', `${deployments}?fieldManager=writer`, deployment('moved')), 201)
    ok(await apply(target, applied, deployment('left')), 201)
    for (const path of [updated, applied]) ok(await target.request('PATCH', `${path}/scale?fieldManager=hpa`, scale))
    const entries = listAt(ok(await target.request('GET', updated)), 'metadata', 'managedFields')
    assert.deepEqual(
      entries.map((entry) => [dig(entry, 'manager'), dig(entry, 'fieldsV1', 'f:spec', 'f:replicas')]),
      [
        ['writer', {}],
        ['writer', undefined],
      ],
    )
    assert.deepEqual(entries[0], {
      manager: 'writer',
      operation: 'Update',
      apiVersion: 'apps/v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    })
    assert.deepEqual(dig(fieldsOf(ok(await target.request('GET', applied)), 'flotilla'), 'f:spec', 'f:replicas'), {})
  })

  it('applies a Scale, and refuses one of a field that another applies', async () => {
    const path = `${deployments}/scale-applied`
    const scale = (replicas: number) => ({
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name: 'scale-applied' },
      spec: { replicas },
    })
    ok(await apply(target, path, deployment('scale-applied')), 201)
    assert.equal((await apply(target, `${path}/scale`, scale(4), { fieldManager: 'hpa' })).status, 409)
    ok(await apply(target, `${path}/scale`, scale(4), { fieldManager: 'hpa', force: 'true' }))
    const object = ok(await target.request('GET', path))
    assert.equal(dig(object, 'spec', 'replicas'), 4)
    assert.deepEqual(fieldsOf(object, 'hpa', 'scale'), { 'f:spec': { 'f:replicas': {} } })
  })

  it('says that replicas of nobody were there before the first apply of the Scale', async () => {
    const path = `${deployments}/first`
    const { replicas: _, ...spec } = deployment('first').spec as JsonObject
    ok(await apply(target, path, { ...deployment('first'), spec }), 201)
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'first' }, spec: { replicas: 2 } }
    const answer = await apply(target, `${path}/scale`, scale)
    assert.equal(
      dig(answer.body, 'message'),
      'Apply failed with 1 conflict: conflict with "before-first-apply" with subresource "scale" using autoscaling/v1: .spec.replicas',
    )
  })

  it('refuses replicas that are no number, and such below zero', async () => {
    ok(await apply(target, `${deployments}/odd`, deployment('odd')), 201)
    const scaled = (replicas: Json) => target.request('PATCH', `${deployments}/odd/scale`, { spec: { replicas } })
    const body = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'odd' }, spec: { replicas: 'two' } }
    assert.equal((await target.request('PUT', `${deployments}/odd/scale`, body)).status, 400)
    assert.equal((await scaled('two')).status, 422)
    assert.equal(dig((await scaled(-1)).body, 'details', 'kind'), 'Scale')
  })
}
