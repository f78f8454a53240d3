import assert from 'node:assert/strict'
import { ownedObject } from '../../../reconciler/recover/owned.ts'
import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'

/** A live object with what we own of it, as fieldsV1. */
function live(fields: JsonObject, values: JsonObject, metadata: JsonObject = {}): KubeObject {
  const managedFields = [
    { manager: 'kubectl', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': {} } },
    { manager: 'flotilla', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: fields },
  ]
  const name = { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '7' }
  return { apiVersion: 'v1', kind: 'Thing', metadata: { ...name, ...metadata, managedFields }, ...values }
}

const head = { apiVersion: 'v1', kind: 'Thing' }

describe('what we own of a live object', () => {
  it('is what our Apply entry names, and nothing that others or the server added', () => {
    const fields = { 'f:spec': { 'f:image': {}, 'f:args': {} }, 'f:data': { 'f:a': {} } }
    const values = { spec: { image: 'x', args: ['a', 'b'], defaulted: true }, data: { a: '1', b: '2' }, status: {} }
    assert.deepEqual(ownedObject(live(fields, values)), {
      ...head,
      metadata: { name: 'web', namespace: 'shop' },
      spec: { image: 'x', args: ['a', 'b'] },
      data: { a: '1' },
    })
  })

  it('has items of lists with their keys, in the order in which they run', () => {
    const fields = {
      'f:spec': { 'f:containers': { 'k:{"name":"b"}': { '.': {}, 'f:image': {} }, 'k:{"name":"a"}': { '.': {} } } },
      'f:set': { 'v:"y"': {}, 'v:"x"': {} },
    }
    const containers = [
      { name: 'a', image: 'theirs' },
      { name: 'injected' },
      { name: 'b', image: 'ours', pullPolicy: 'Always' },
    ]
    const { spec, set }: Partial<KubeObject> =
      ownedObject(live(fields, { spec: { containers }, set: ['x', 'z', 'y'] })) ?? {}
    assert.deepEqual(spec, { containers: [{ name: 'a' }, { name: 'b', image: 'ours' }] })
    assert.deepEqual(set, ['x', 'y'])
  })

  it('has maps that we only asked to be there empty', () => {
    const { spec }: Partial<KubeObject> =
      ownedObject(live({ 'f:spec': { 'f:selector': { '.': {} } } }, { spec: { selector: { a: 'b' } } })) ?? {}
    assert.deepEqual(spec, { selector: {} })
  })

  it('has labels and annotations without our own marks', () => {
    const labels = { app: 'web', 'flotilla.dev/fleet': 'prod', 'flotilla.dev/id': 'i' }
    const annotations = { 'flotilla.dev/id': 'u/Thing/shop/web' }
    const owned = (map: JsonObject) => Object.fromEntries(Object.keys(map).map((key) => [`f:${key}`, {}]))
    const fields = { 'f:metadata': { 'f:labels': owned(labels), 'f:annotations': owned(annotations) } }
    assert.deepEqual(ownedObject(live(fields, {}, { labels, annotations }))?.metadata, {
      name: 'web',
      namespace: 'shop',
      labels: { app: 'web' },
    })
  })

  it('is unknown where the object carries no entry of ours', () => {
    assert.equal(ownedObject({ ...head, metadata: { name: 'web' } }), undefined)
  })
})
