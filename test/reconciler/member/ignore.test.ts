import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { ignoredPaths, isAutoscaled, pointerSteps, withoutIgnored } from '../../../reconciler/member/ignore.ts'
import type { Json, JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { entry, live } from './pure.ts'

interface RetainCase {
  readonly suite: string
  readonly name: string
  readonly targetKind: string
  readonly desired: JsonObject
  readonly cluster: JsonObject
  readonly expected: JsonObject
}

const file = new URL('../../cases/kubefed-other.json', import.meta.url)
const cases = (JSON.parse(readFileSync(file, 'utf8')) as RetainCase[]).filter(({ suite }) =>
  suite.startsWith('TestRetain'),
)

/** Server-side apply in small: what is sent wins, what is not sent stays. */
function merged(sent: Json | undefined, is: Json | undefined): Json | undefined {
  if (sent === undefined) return is
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) return sent
  const base = typeof is === 'object' && is !== null && !Array.isArray(is) ? (is as JsonObject) : {}
  const keys = new Set([...Object.keys(base), ...Object.keys(sent)])
  return Object.fromEntries([...keys].map((key) => [key, merged((sent as JsonObject)[key], base[key])]))
}

/** The API server stores a zero port as none, which is what the case of that name is about. */
function withoutZero(value: Json | undefined): Json {
  return JSON.parse(JSON.stringify(value).replace('{"spec":{"healthCheckNodePort":0}}', '{}'))
}

const object = (kind: string, rest: JsonObject): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'x', namespace: 'y' },
  ...rest,
})

describe('retained and ignored fields', () => {
  for (const { suite, name, targetKind, desired, cluster, expected } of cases) {
    it(`kubefed ${suite}: ${name}`, () => {
      const kind = targetKind || 'Deployment'
      const sent = withoutIgnored(object(kind, desired), object(kind, cluster), [])
      const { apiVersion: _a, kind: _k, metadata: _m, ...rest } = sent
      assert.deepEqual(withoutZero(merged(rest, cluster)), withoutZero(expected))
    })
  }

  const service = object('Service', {
    spec: {
      clusterIP: '10.0.0.9',
      ports: [
        { name: 'a', port: 1, nodePort: 30001 },
        { name: 'b', port: 2 },
      ],
    },
  })

  it('keeps what the cluster allotted to a Service, port by port', () => {
    const cluster = object('Service', {
      spec: {
        clusterIP: '10.0.0.1',
        ports: [
          { name: 'b', port: 2, nodePort: 30009 },
          { name: 'a', port: 1, nodePort: 30008 },
        ],
      },
    })
    assert.deepEqual(withoutIgnored(service, cluster, []).spec, {
      clusterIP: '10.0.0.1',
      ports: [
        { name: 'a', port: 1, nodePort: 30008 },
        { name: 'b', port: 2 },
      ],
    })
  })

  it('sends the wanted value where the cluster has none yet', () => {
    assert.deepEqual(withoutIgnored(service, object('Service', { spec: {} }), []), service)
  })

  const deployment = (change: JsonObject = {}) =>
    ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { replicas: 2, paused: false, ...change },
    }) as KubeObject
  const theirs = (manager: string, more: JsonObject = {}) =>
    live(
      { spec: { replicas: 7 } },
      entry(manager, { 'f:spec': { 'f:replicas': {} } }, { operation: 'Update', ...more }),
    )
  const rule = { kind: 'Deployment', group: 'apps', jsonPointers: ['/spec/replicas'] }

  it('leaves out what another manager owns, sends the live value of what we own alone', () => {
    assert.deepEqual(withoutIgnored(deployment(), theirs('kubectl'), [rule]).spec, { paused: false })
    const own = live({ spec: { replicas: 7 } }, entry('flotilla', { 'f:spec': { 'f:replicas': {} } }))
    assert.deepEqual(withoutIgnored(deployment(), own, [rule]).spec, { replicas: 7, paused: false })
    assert.deepEqual(withoutIgnored(deployment(), theirs('kubectl'), []).spec, { replicas: 2, paused: false })
  })

  it('counts a rule with managers only while one of them owns the field', () => {
    const only = { ...rule, managedFieldsManagers: ['keda'] }
    assert.deepEqual(withoutIgnored(deployment(), theirs('kubectl'), [only]).spec, { replicas: 2, paused: false })
    assert.deepEqual(withoutIgnored(deployment(), theirs('keda'), [only]).spec, { paused: false })
  })

  it('knows an autoscaler by its manager and subresource', () => {
    const scaled = theirs('kube-controller-manager', { subresource: 'scale' })
    assert(isAutoscaled(scaled))
    assert.deepEqual(withoutIgnored(deployment(), scaled, []).spec, { paused: false })
    assert(!isAutoscaled(theirs('kubectl', { subresource: 'scale' })))
    assert(!isAutoscaled(theirs('kube-controller-manager')))
  })

  it('reads rules by kind, group, namespace and name, annotations, and escaped pointers', () => {
    const found = (rules: Parameters<typeof ignoredPaths>[1], made = deployment()) =>
      ignoredPaths(made, rules).map(({ path }) => path.join('.'))
    assert.deepEqual(found([rule]), ['spec.replicas'])
    assert.deepEqual(
      found([
        { ...rule, kind: 'StatefulSet' },
        { ...rule, group: '' },
        { ...rule, namespace: 'other' },
        { ...rule, name: 'other' },
      ]),
      [],
    )
    assert.deepEqual(found([{ jsonPointers: ['/spec/missing', '/spec/paused'] }]), ['spec.paused'])
    const annotations = { 'flotilla.dev/ignore-differences': '/spec/replicas, /metadata/annotations/a~1b', 'a/b': 'x' }
    const noted = { ...deployment(), metadata: { name: 'web', annotations } }
    assert.deepEqual(found([], noted), ['spec.replicas', 'metadata.annotations.a/b'])
    assert.deepEqual(pointerSteps('/a~1b/~01'), ['a/b', '~1'])
  })
})
