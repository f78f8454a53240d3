import assert from 'node:assert/strict'
import { parse } from 'yaml'
import { healthOf } from '../../../reconciler/member/health.ts'
import type { Health } from '../../../reconciler/member/types.ts'

const route = (generation: number, ...parents: readonly string[]) =>
  `{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {generation: ${generation}}, spec: {parentRefs: [{name: public}, {name: own, sectionName: http}]}, status: {parents: [${parents}]}}`
const parent = (ref: string, ...conditions: readonly string[]) =>
  `{parentRef: ${ref}, controllerName: x.io/gateway, conditions: [${conditions}]}`
const accepted = (generation: number, status = 'True') =>
  `{type: Accepted, status: "${status}", observedGeneration: ${generation}, message: no listener fits}`

/** Kind and the rest of the object in YAML, the verdict, and a word of its message. */
const cases: readonly (readonly [text: string, health: Health, message?: RegExp])[] = [
  ['{apiVersion: v1, kind: ConfigMap}', 'Current'],
  [route(2), 'Current'],
  [route(2, parent('{kind: Gateway, name: public, namespace: shop}', accepted(2))), 'Current'],
  [route(2, parent('{name: public}', accepted(1))), 'InProgress', /generation 2 not yet seen by x\.io\/gateway/],
  [
    route(2, parent('{name: public}', accepted(2)), parent('{name: own, sectionName: http}', accepted(1))),
    'InProgress',
  ],
  [route(2, parent('{name: public}', accepted(2, 'False'))), 'Failed', /Gateway public: no listener fits/],
  [route(2, parent('{name: gone}', accepted(1)), parent('{name: own, sectionName: tls}', accepted(1))), 'Current'],
  [route(2, parent('{name: public}', '{type: Accepted, status: "True"}')), 'Current'],
  ['{apiVersion: v1, kind: ConfigMap, metadata: {deletionTimestamp: "2026-01-01T00:00:00Z"}}', 'Terminating'],
  [
    '{apiVersion: x.io/v1, kind: X, metadata: {generation: 2}, status: {observedGeneration: 1}}',
    'InProgress',
    /generation 2/,
  ],
  [
    '{apiVersion: x.io/v1, kind: X, status: {conditions: [{type: Ready, status: "False", message: not yet}]}}',
    'InProgress',
    /not yet/,
  ],
  ['{apiVersion: x.io/v1, kind: X, status: {conditions: [{type: Ready, status: "True"}]}}', 'Current'],
  [
    '{apiVersion: x.io/v1, kind: X, status: {conditions: [{type: Stalled, status: "True", reason: Broken}]}}',
    'Failed',
    /Broken/,
  ],
  [
    '{apiVersion: x.io/v1, kind: X, status: {conditions: [{type: Reconciling, status: "True"}, {type: Ready, status: "True"}]}}',
    'InProgress',
  ],
  [
    '{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 2}, status: {updatedReplicas: 2, replicas: 2, availableReplicas: 2, readyReplicas: 2}}',
    'Current',
  ],
  ['{apiVersion: apps/v1, kind: Deployment, status: {}}', 'InProgress', /0 of 1 replicas updated/],
  ['{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 0}, status: {}}', 'Current'],
  [
    '{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 2}, status: {updatedReplicas: 2, replicas: 3, availableReplicas: 2}}',
    'InProgress',
    /1 old/,
  ],
  [
    '{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 2}, status: {updatedReplicas: 2, replicas: 2, availableReplicas: 1}}',
    'InProgress',
    /1 of 2 replicas available/,
  ],
  [
    '{apiVersion: apps/v1, kind: Deployment, status: {conditions: [{type: Progressing, status: "False", reason: ProgressDeadlineExceeded, message: too slow}]}}',
    'Failed',
    /too slow/,
  ],
  ['{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 2}, status: {readyReplicas: 1}}', 'InProgress', /1 of 2/],
  ['{apiVersion: apps/v1, kind: StatefulSet, spec: {updateStrategy: {type: OnDelete}}, status: {}}', 'Current'],
  [
    '{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 2}}}, status: {readyReplicas: 3, replicas: 3, updatedReplicas: 1}}',
    'Current',
  ],
  [
    '{apiVersion: apps/v1, kind: StatefulSet, spec: {replicas: 1}, status: {readyReplicas: 1, replicas: 1, currentReplicas: 1, updateRevision: b, currentRevision: a}}',
    'InProgress',
    /revision/,
  ],
  ['{apiVersion: apps/v1, kind: DaemonSet, status: {}}', 'InProgress'],
  ['{apiVersion: apps/v1, kind: DaemonSet, status: {observedGeneration: 1, desiredNumberScheduled: 0}}', 'Current'],
  [
    '{apiVersion: apps/v1, kind: DaemonSet, status: {observedGeneration: 1, desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1}}',
    'InProgress',
    /1 of 2 pods available/,
  ],
  [
    '{apiVersion: apps/v1, kind: ReplicaSet, spec: {replicas: 1}, status: {replicas: 1, fullyLabeledReplicas: 1, availableReplicas: 1, readyReplicas: 1}}',
    'Current',
  ],
  [
    '{apiVersion: apps/v1, kind: ReplicaSet, status: {conditions: [{type: ReplicaFailure, status: "True", message: quota}]}}',
    'InProgress',
    /quota/,
  ],
  ['{apiVersion: batch/v1, kind: Job, status: {}}', 'InProgress', /not started/],
  ['{apiVersion: batch/v1, kind: Job, status: {startTime: x}}', 'Current'],
  [
    '{apiVersion: batch/v1, kind: Job, status: {conditions: [{type: Failed, status: "True", message: BackoffLimit}]}}',
    'Failed',
    /BackoffLimit/,
  ],
  ['{apiVersion: batch/v1, kind: Job, status: {conditions: [{type: Complete, status: "True"}]}}', 'Current'],
  ['{apiVersion: v1, kind: Pod, status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}', 'Current'],
  ['{apiVersion: v1, kind: Pod, status: {phase: Succeeded}}', 'Current'],
  ['{apiVersion: v1, kind: Pod, status: {phase: Failed, message: evicted}}', 'Failed', /evicted/],
  [
    '{apiVersion: v1, kind: Pod, status: {phase: Pending, conditions: [{type: PodScheduled, status: "False", message: no node}]}}',
    'InProgress',
    /no node/,
  ],
  [
    '{apiVersion: v1, kind: Pod, status: {phase: Running, containerStatuses: [{name: c, state: {waiting: {reason: CrashLoopBackOff}}}]}}',
    'Failed',
    /container c/,
  ],
  ['{apiVersion: v1, kind: PersistentVolumeClaim, status: {phase: Pending}}', 'InProgress', /Pending/],
  ['{apiVersion: v1, kind: PersistentVolumeClaim, status: {phase: Bound}}', 'Current'],
  ['{apiVersion: v1, kind: Service, spec: {type: ClusterIP}}', 'Current'],
  ['{apiVersion: v1, kind: Service, spec: {type: LoadBalancer, clusterIP: 10.0.0.1}}', 'InProgress', /no address/],
  [
    '{apiVersion: v1, kind: Service, spec: {type: LoadBalancer}, status: {loadBalancer: {ingress: [{ip: 1.2.3.4}]}}}',
    'Current',
  ],
  [
    '{apiVersion: policy/v1, kind: PodDisruptionBudget, status: {currentHealthy: 1, desiredHealthy: 2}}',
    'InProgress',
    /1 of 2/,
  ],
  [
    '{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, status: {}}',
    'InProgress',
    /not established/,
  ],
  [
    '{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, status: {conditions: [{type: Established, status: "True"}]}}',
    'Current',
  ],
  [
    '{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, status: {conditions: [{type: NamesAccepted, status: "False", message: taken}]}}',
    'Failed',
    /taken/,
  ],
]

describe('health', () => {
  for (const [text, health, message = /^/] of cases) {
    it(`of ${text} is ${health}`, () => {
      const verdict = healthOf(parse(text))
      assert.equal(verdict.health, health, verdict.message)
      assert.match(verdict.message, message)
    })
  }
})
