import assert from 'node:assert/strict'
import { type FieldPlace, findField } from '../../../reconciler/capture/find-field.ts'
import type { JsonPath } from '../../../repo-layout/json.ts'

const object = {
  metadata: { annotations: { 'a.dev/b': '1', 'a.dev': '2', 'x[y]': '3' }, labels: { 'k/l': 'v' } },
  spec: {
    replicas: 3,
    template: {
      spec: {
        containers: [
          { name: 'web', image: 'w:1', ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }] },
          { name: 'side=car,x]', image: 's:1', args: ['a', 'b'] },
        ],
      },
    },
    ports: [{ port: 80, protocol: 'TCP' }],
    finalizers: ['a/b', 'c'],
  },
}

const containers = ['spec', 'template', 'spec', 'containers']

const rows: readonly (readonly [
  path: string,
  place: { readonly type: FieldPlace['type']; readonly at?: JsonPath | undefined },
])[] = [
  ['/spec/replicas', { type: 'found', at: ['spec', 'replicas'] }],
  ['/metadata/annotations/a.dev/b', { type: 'found', at: ['metadata', 'annotations', 'a.dev/b'] }],
  ['/metadata/annotations/a.dev', { type: 'found', at: ['metadata', 'annotations', 'a.dev'] }],
  ['/metadata/annotations/x[y]', { type: 'found', at: ['metadata', 'annotations', 'x[y]'] }],
  ['/spec/template/spec/containers[name=web]/image', { type: 'found', at: [...containers, 0, 'image'] }],
  ['/spec/template/spec/containers[name=side=car,x]]/args', { type: 'found', at: [...containers, 1, 'args'] }],
  [
    '/spec/template/spec/containers[name=web]/ports[containerPort=80,protocol=TCP]',
    { type: 'found', at: [...containers, 0, 'ports', 0] },
  ],
  [
    '/spec/template/spec/containers[name=web]/ports[containerPort=80,protocol=UDP]',
    { type: 'found', at: [...containers, 0, 'ports', 1] },
  ],
  ['/spec/finalizers["a/b"]', { type: 'found', at: ['spec', 'finalizers', 0] }],
  ['/spec/finalizers[1]', { type: 'found', at: ['spec', 'finalizers', 1] }],
  ['/metadata/labels/n/m', { type: 'missing', at: ['metadata', 'labels', 'n/m'] }],
  ['/spec/paused', { type: 'missing', at: ['spec', 'paused'] }],
  ['/spec/template/spec/containers[name=gone]', { type: 'missing', at: undefined }],
  ['/spec/strategy/type', { type: 'unknown' }],
  ['/spec/template/spec/containers[name=gone]/image', { type: 'unknown' }],
  ['nothing', { type: 'unknown' }],
]

describe('finding the field of a drift in the rendered object', () => {
  for (const [path, wanted] of rows)
    it(path, () => {
      const place = findField(object, path)
      const found = place.type === 'found' ? { type: place.type, at: place.at } : place
      assert.deepEqual(found, wanted)
    })
})
