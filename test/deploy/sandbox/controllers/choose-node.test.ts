import assert from 'node:assert/strict'
import { chooseNode } from '../../../../deploy/sandbox/controllers/choose-node.ts'
import type { JsonObject, KubeObject } from '../../../../repo-layout/json.ts'

function node(name: string, spec: JsonObject = {}, labels: JsonObject = {}): KubeObject {
  const status = { allocatable: { cpu: '2', memory: '4Gi', pods: '3' } }
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec, status } as unknown as KubeObject
}

function pod(name: string, spec: JsonObject = {}, cpu = '1'): KubeObject {
  const containers = [{ name: 'c', resources: { requests: { cpu } } }]
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers, ...spec } } as unknown as KubeObject
}

const cases: readonly {
  name: string
  pod: KubeObject
  nodes: readonly KubeObject[]
  held?: readonly KubeObject[]
  fit: JsonObject
}[] = [
  {
    name: 'goes where most is left',
    pod: pod('p'),
    nodes: [node('a'), node('b')],
    held: [pod('q', { nodeName: 'a' })],
    fit: { node: 'b' },
  },
  {
    name: 'goes nowhere without nodes',
    pod: pod('p'),
    nodes: [],
    fit: { problem: 'no nodes available to schedule pods' },
  },
  {
    name: 'needs room for what it requests',
    pod: pod('p', {}, '1500m'),
    nodes: [node('a')],
    held: [pod('q', { nodeName: 'a' })],
    fit: { problem: '0/1 nodes are available: 1 Insufficient cpu.' },
  },
  {
    name: 'needs a place among the pods of a node',
    pod: pod('p', {}, '0'),
    nodes: [node('a')],
    held: ['1', '2', '3'].map((name) => pod(name, { nodeName: 'a' }, '0')),
    fit: { problem: '0/1 nodes are available: 1 Too many pods.' },
  },
  {
    name: 'keeps off cordoned nodes',
    pod: pod('p'),
    nodes: [node('a', { unschedulable: true })],
    fit: { problem: '0/1 nodes are available: 1 node(s) were unschedulable.' },
  },
  {
    name: 'keeps off taints that it does not tolerate',
    pod: pod('p'),
    nodes: [node('a', { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] }), node('b')],
    fit: { node: 'b' },
  },
  {
    name: 'goes to a tainted node that it tolerates',
    pod: pod('p', { tolerations: [{ key: 'gpu', operator: 'Exists' }] }),
    nodes: [node('a', { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] })],
    fit: { node: 'a' },
  },
  {
    name: 'goes only where its selector says',
    pod: pod('p', { nodeSelector: { disk: 'ssd' } }),
    nodes: [node('a'), node('b', {}, { disk: 'ssd' })],
    fit: { node: 'b' },
  },
]

describe('sandbox scheduling: a pod', () => {
  for (const one of cases) {
    it(one.name, () => assert.deepEqual(chooseNode(one.pod, one.nodes, one.held ?? []), one.fit))
  }
})
