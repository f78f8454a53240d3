import assert from 'node:assert/strict'
import { readProtobuf } from '../../../../deploy/sandbox/decode/protobuf.ts'

/** A field that holds bytes. */
function field(number: number, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
}

function number(at: number, value: number): Buffer {
  return Buffer.from([at << 3, value])
}

function envelope(apiVersion: string, kind: string, ...parts: readonly Buffer[]): Buffer {
  const type = Buffer.concat([field(1, apiVersion), field(2, kind)])
  return Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, Buffer.concat(parts))])
}

describe('sandbox protobuf', () => {
  it('is read into the object that it stands for, with maps, bytes and labels', () => {
    const label = Buffer.concat([field(1, 'app'), field(2, 'web')])
    const metadata = field(1, Buffer.concat([field(1, 'c'), field(11, label)]))
    const data = field(2, Buffer.concat([field(1, 'key'), field(2, 'value')]))
    assert.deepEqual(readProtobuf(envelope('v1', 'Secret', metadata, data)), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'c', labels: { app: 'web' } },
      data: { key: Buffer.from('value').toString('base64') },
    })
  })

  it('is read with numbers, repeated and inlined messages', () => {
    const handler = field(1, field(2, field(1, '/x')))
    const probe = field(11, Buffer.concat([handler, number(4, 7)]))
    const container = Buffer.concat([field(1, 'web'), field(2, 'nginx'), probe])
    const spec = field(2, field(2, container))
    assert.deepEqual(readProtobuf(envelope('v1', 'Pod', spec)), {
      apiVersion: 'v1',
      kind: 'Pod',
      spec: {
        containers: [{ name: 'web', image: 'nginx', readinessProbe: { httpGet: { path: '/x' }, periodSeconds: 7 } }],
      },
    })
  })

  it('is refused where it is none or of an unknown kind', () => {
    assert.throws(() => readProtobuf(Buffer.from('{}')), /no Kubernetes protobuf/)
    assert.throws(() => readProtobuf(envelope('v1', 'Nothing')), /no protobuf message is known/)
  })
})
