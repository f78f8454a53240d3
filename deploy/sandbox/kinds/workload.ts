import { type JsonObject, jsonEqual, type KubeObject } from '../../../repo-layout/json.ts'
import { numberOf, objectOf } from '../defaults/fill.ts'
import { templateGeneration } from '../defaults/workload.ts'
import type { Cause } from '../status.ts'
import { forbidden, invalid } from '../validate/causes.ts'
import { labelCauses } from '../validate/names.ts'
import { podSpecCauses } from './pod-spec.ts'
import { frozenSelector, selectorCauses } from './selector.ts'
import type { Strategy } from './strategy.ts'

function specOf(object: KubeObject): JsonObject {
  return objectOf(object.spec)
}

/** What is wrong with the template of a workload whose pods always restart. */
function templateCauses(object: KubeObject): readonly Cause[] {
  const spec = specOf(object)
  const template = objectOf(spec.template)
  const labels = objectOf(template.metadata).labels
  return [
    ...selectorCauses(object.kind, spec.selector, labels),
    ...labelCauses(labels, 'spec.template.labels'),
    ...podSpecCauses(template.spec, 'spec.template.spec', ['Always']),
  ]
}

function countCauses(spec: JsonObject): readonly Cause[] {
  return ['replicas', 'minReadySeconds', 'revisionHistoryLimit']
    .filter((field) => numberOf(spec[field]) < 0)
    .map((field) => invalid(`spec.${field}`, spec[field] ?? 0, 'must be greater than or equal to 0'))
}

const keepsSelector = (next: KubeObject, live: KubeObject) =>
  frozenSelector(specOf(next).selector, specOf(live).selector)

/** Deployments: annotations count for the generation, as rollbacks were once written there. */
export const deploymentStrategy: Strategy = {
  generation: 'specOrAnnotations',
  validate: (object) => [
    ...updateCauses(specOf(object), 'Recreate'),
    ...countCauses(specOf(object)),
    ...templateCauses(object),
  ],
  validateUpdate: keepsSelector,
}

/** ReplicaSets. */
export const replicaSetStrategy: Strategy = {
  generation: 'spec',
  validate: (object) => [...countCauses(specOf(object)), ...templateCauses(object)],
  validateUpdate: keepsSelector,
}

function counted(object: KubeObject, generation: number): KubeObject {
  const annotations = { ...object.metadata.annotations, [templateGeneration]: String(generation) }
  return { ...object, metadata: { ...object.metadata, annotations } }
}

/** DaemonSets, which count the changes of their template. */
export const daemonSetStrategy: Strategy = {
  generation: 'spec',
  prepareCreate: (object) => counted(object, 1),
  prepareUpdate(next, live) {
    const before = Number(live.metadata.annotations?.[templateGeneration] ?? 0)
    const same = jsonEqual(specOf(next).template, specOf(live).template)
    return counted(next, same ? before : before + 1)
  },
  validate: (object) => templateCauses(object),
  validateUpdate: keepsSelector,
}

/** A strategy that does not roll has nothing to say about rolling. */
function updateCauses(spec: JsonObject, type: 'OnDelete' | 'Recreate'): readonly Cause[] {
  const field = type === 'OnDelete' ? 'updateStrategy' : 'strategy'
  const { rollingUpdate, type: chosen } = objectOf(spec[field])
  if (chosen !== type || rollingUpdate === undefined) return []
  const at = `spec.${field}.rollingUpdate`
  return type === 'OnDelete'
    ? [invalid(at, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'")]
    : [forbidden(at, "may not be specified when strategy `type` is 'Recreate'")]
}

const changeable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]

/** StatefulSets: little may change, as pods have an identity. */
export const statefulSetStrategy: Strategy = {
  generation: 'spec',
  validate: (object) => [
    ...updateCauses(specOf(object), 'OnDelete'),
    ...countCauses(specOf(object)),
    ...templateCauses(object),
  ],
  validateUpdate(next, live) {
    const rest = (spec: JsonObject) =>
      Object.fromEntries(Object.entries(spec).filter(([key]) => !changeable.includes(key)))
    if (jsonEqual(rest(specOf(next)), rest(specOf(live)))) return []
    return [
      forbidden(
        'spec',
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
      ),
    ]
  },
}
