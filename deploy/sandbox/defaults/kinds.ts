import type { JsonObject } from '../../../repo-layout/json.ts'
import { each, fill, inside, listOf, objectOf, type Rule, textOf } from './fill.ts'
import { endpointSlice, endpoints, networkPolicy, service } from './network.ts'
import { pod } from './pod.ts'
import { claim, storageClass, volume } from './storage.ts'
import { autoscaler, cronJob, daemonSet, definition, deployment, job, replicaSet, statefulSet } from './workload.ts'

/** What Kubernetes fills in by kind, by the name that objects are stored under. Others have no defaults. */
const rules: Readonly<Record<string, Rule>> = {
  namespaces: (object) => inside(object, 'metadata', namespaceLabel),
  secrets: (object) => fill(withoutStringData(object), { type: 'Opaque' }),
  pods: pod,
  services: service,
  endpoints,
  nodes: node,
  persistentvolumeclaims: claim,
  persistentvolumes: volume,
  'deployments.apps': deployment,
  'replicasets.apps': replicaSet,
  'daemonsets.apps': daemonSet,
  'statefulsets.apps': statefulSet,
  'jobs.batch': job,
  'cronjobs.batch': cronJob,
  'horizontalpodautoscalers.autoscaling': autoscaler,
  'networkpolicies.networking.k8s.io': networkPolicy,
  'endpointslices.discovery.k8s.io': endpointSlice,
  'storageclasses.storage.k8s.io': storageClass,
  'priorityclasses.scheduling.k8s.io': (object) => fill(object, { preemptionPolicy: 'PreemptLowerPriority' }),
  'rolebindings.rbac.authorization.k8s.io': binding,
  'clusterrolebindings.rbac.authorization.k8s.io': binding,
  'customresourcedefinitions.apiextensions.k8s.io': definition,
}

/** An object of a built-in kind with its defaults. */
export function withDefaults(storage: string, object: JsonObject): JsonObject {
  return rules[storage]?.(object) ?? object
}

/** Every namespace can be selected by its name. */
function namespaceLabel(metadata: JsonObject): JsonObject {
  const name = textOf(metadata.name)
  return name === ''
    ? metadata
    : inside(fill(metadata, { labels: {} }), 'labels', (labels) => ({ ...labels, 'kubernetes.io/metadata.name': name }))
}

/** `stringData` is for writing only; it wins over `data`. */
function withoutStringData(object: JsonObject): JsonObject {
  const { stringData, ...rest } = object
  const entries = Object.entries(objectOf(stringData))
  if (entries.length === 0) return rest
  const encoded = entries.map(([key, value]) => [key, Buffer.from(String(value)).toString('base64')])
  return { ...rest, data: { ...objectOf(object.data), ...Object.fromEntries(encoded) } }
}

function node(object: JsonObject): JsonObject {
  return inside(object, 'status', (status) =>
    status.capacity === undefined ? status : fill(status, { allocatable: status.capacity }),
  )
}

const rbac = 'rbac.authorization.k8s.io'

function binding(object: JsonObject): JsonObject {
  const referred = inside(object, 'roleRef', (ref) => (textOf(ref.apiGroup) === '' ? { ...ref, apiGroup: rbac } : ref))
  return listOf(referred.subjects).length === 0 ? referred : each(referred, 'subjects', subject)
}

function subject(value: JsonObject): JsonObject {
  const named = value.kind === 'User' || value.kind === 'Group'
  return named && textOf(value.apiGroup) === '' ? { ...value, apiGroup: rbac } : value
}
