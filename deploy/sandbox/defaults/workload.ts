import type { JsonObject } from '../../../repo-layout/json.ts'
import { each, fill, inside, objectOf, textOf } from './fill.ts'
import { template } from './pod.ts'
import { claimSpec } from './storage.ts'

/** What Kubernetes fills into a Deployment. */
export function deployment(object: JsonObject): JsonObject {
  return inside(object, 'spec', (spec) =>
    inside(
      template(fill(spec, { replicas: 1, strategy: {}, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 })),
      'strategy',
      (strategy) => rolling(strategy, { maxUnavailable: '25%', maxSurge: '25%' }),
    ),
  )
}

function rolling(strategy: JsonObject, defaults: JsonObject): JsonObject {
  const typed = fill(strategy, { type: 'RollingUpdate' })
  if (typed.type !== 'RollingUpdate') return typed
  return inside(fill(typed, { rollingUpdate: {} }), 'rollingUpdate', (value) => fill(value, defaults))
}

/** What Kubernetes fills into a ReplicaSet. */
export function replicaSet(object: JsonObject): JsonObject {
  return inside(object, 'spec', (spec) => template(fill(spec, { replicas: 1 })))
}

/** An annotation in which DaemonSets still count the changes of their template. */
export const templateGeneration = 'deprecated.daemonset.template.generation'

/** What Kubernetes fills into a DaemonSet. */
export function daemonSet(object: JsonObject): JsonObject {
  const counted = inside(object, 'metadata', (metadata) =>
    inside(fill(metadata, { annotations: {} }), 'annotations', (held) => fill(held, { [templateGeneration]: '0' })),
  )
  return inside(counted, 'spec', (spec) =>
    inside(template(fill(spec, { updateStrategy: {}, revisionHistoryLimit: 10 })), 'updateStrategy', (strategy) =>
      rolling(strategy, { maxUnavailable: 1, maxSurge: 0 }),
    ),
  )
}

/** What Kubernetes fills into a StatefulSet. */
export function statefulSet(object: JsonObject): JsonObject {
  return inside(object, 'spec', (spec) => {
    const filled = fill(spec, {
      replicas: 1,
      podManagementPolicy: 'OrderedReady',
      updateStrategy: {},
      revisionHistoryLimit: 10,
      persistentVolumeClaimRetentionPolicy: {},
    })
    const retained = inside(filled, 'persistentVolumeClaimRetentionPolicy', (policy) =>
      fill(policy, { whenDeleted: 'Retain', whenScaled: 'Retain' }),
    )
    const updated = inside(retained, 'updateStrategy', (strategy) => rolling(strategy, { partition: 0 }))
    return each(template(updated), 'volumeClaimTemplates', (claim) =>
      fill(inside(claim, 'spec', claimSpec), {
        kind: 'PersistentVolumeClaim',
        apiVersion: 'v1',
        status: { phase: 'Pending' },
      }),
    )
  })
}

/** What Kubernetes fills into a Job. */
export function job(object: JsonObject): JsonObject {
  const labels = objectOf(objectOf(objectOf(object.spec).template).metadata).labels
  const labelled =
    objectOf(object.metadata).labels === undefined && labels !== undefined
      ? inside(object, 'metadata', (metadata) => ({ ...metadata, labels }))
      : object
  return inside(labelled, 'spec', (spec) => {
    const both = spec.completions === undefined && spec.parallelism === undefined
    return template(
      fill(spec, {
        ...(both && { completions: 1 }),
        parallelism: 1,
        backoffLimit: 6,
        completionMode: 'NonIndexed',
        suspend: false,
        podReplacementPolicy: spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed',
        manualSelector: false,
      }),
    )
  })
}

/** What Kubernetes fills into a CronJob. */
export function cronJob(object: JsonObject): JsonObject {
  return inside(object, 'spec', (spec) =>
    inside(
      fill(spec, {
        concurrencyPolicy: 'Allow',
        suspend: false,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 1,
      }),
      'jobTemplate',
      (jobTemplate) => inside(jobTemplate, 'spec', template),
    ),
  )
}

/** What Kubernetes fills into a HorizontalPodAutoscaler. */
export function autoscaler(object: JsonObject): JsonObject {
  return inside(object, 'spec', (spec) =>
    fill(spec, {
      minReplicas: 1,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
      ],
    }),
  )
}

/** What Kubernetes fills into a CustomResourceDefinition. */
export function definition(object: JsonObject): JsonObject {
  return inside(object, 'spec', (spec) => {
    const names = objectOf(spec.names)
    const kind = textOf(names.kind)
    return fill(
      { ...spec, names: fill(names, { singular: kind.toLowerCase(), listKind: `${kind}List` }) },
      { conversion: { strategy: 'None' } },
    )
  })
}
