import type { KubeObject } from '../../../repo-layout/json.ts'
import { compare } from '../../../repo-layout/message.ts'

/** Kinds in the order in which Helm installs them; lists of a kind were taken apart before. */
const order = [
  'PriorityClass',
  'Namespace',
  'NetworkPolicy',
  'ResourceQuota',
  'LimitRange',
  'PodSecurityPolicy',
  'PodDisruptionBudget',
  'ServiceAccount',
  'Secret',
  'ConfigMap',
  'StorageClass',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'Service',
  'DaemonSet',
  'Pod',
  'ReplicationController',
  'ReplicaSet',
  'Deployment',
  'HorizontalPodAutoscaler',
  'StatefulSet',
  'Job',
  'CronJob',
  'IngressClass',
  'Ingress',
  'APIService',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
]

const rank = new Map(order.map((kind, i) => [kind, i]))

/** Sorts as Helm does: known kinds first, others by their names; objects of one kind stay as they were. */
export function inInstallOrder(objects: readonly KubeObject[]): readonly KubeObject[] {
  const rankOf = ({ kind }: KubeObject) => rank.get(kind) ?? order.length
  return [...objects].sort((a, b) => rankOf(a) - rankOf(b) || (rank.has(a.kind) ? 0 : compare(a.kind, b.kind)))
}
