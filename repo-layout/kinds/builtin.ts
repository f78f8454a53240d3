/** How the API server checks the name of an object. */
export type NameRule = 'subdomain' | 'label' | 'label1035' | 'segment'

/** What is known of a kind without asking a cluster. */
export interface KindInfo {
  readonly apiVersion: string
  readonly namespaced: boolean
  readonly nameRule: NameRule
}

const namespaced: Readonly<Record<string, string>> = {
  v1: 'ConfigMap Endpoints LimitRange PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret ServiceAccount Service',
  'apps/v1': 'ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet',
  'autoscaling/v2': 'HorizontalPodAutoscaler',
  'batch/v1': 'CronJob Job',
  'coordination.k8s.io/v1': 'Lease',
  'discovery.k8s.io/v1': 'EndpointSlice',
  'networking.k8s.io/v1': 'Ingress NetworkPolicy',
  'policy/v1': 'PodDisruptionBudget',
  'rbac.authorization.k8s.io/v1': 'Role RoleBinding',
  'resource.k8s.io/v1': 'ResourceClaim ResourceClaimTemplate',
  'storage.k8s.io/v1': 'CSIStorageCapacity',
}

const clusterScoped: Readonly<Record<string, string>> = {
  v1: 'Namespace Node PersistentVolume',
  'admissionregistration.k8s.io/v1':
    'MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration',
  'apiextensions.k8s.io/v1': 'CustomResourceDefinition',
  'apiregistration.k8s.io/v1': 'APIService',
  'certificates.k8s.io/v1': 'CertificateSigningRequest',
  'flowcontrol.apiserver.k8s.io/v1': 'FlowSchema PriorityLevelConfiguration',
  'networking.k8s.io/v1': 'IngressClass IPAddress ServiceCIDR',
  'node.k8s.io/v1': 'RuntimeClass',
  'rbac.authorization.k8s.io/v1': 'ClusterRole ClusterRoleBinding',
  'resource.k8s.io/v1': 'DeviceClass ResourceSlice',
  'scheduling.k8s.io/v1': 'PriorityClass',
  'storage.k8s.io/v1': 'CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass',
}

const nameRules: Readonly<Record<string, NameRule>> = {
  Namespace: 'label',
  Service: 'label1035',
  Role: 'segment',
  RoleBinding: 'segment',
  ClusterRole: 'segment',
  ClusterRoleBinding: 'segment',
}

/** Groups that a built-in kind was served in before: the kind keeps its scope and name rule there. */
const oldGroups: readonly string[] = ['extensions', 'policy', 'autoscaling', 'networking.k8s.io', 'batch']

const builtin = new Map<string, KindInfo>([...table(namespaced, true), ...table(clusterScoped, false)])

function* table(rows: Readonly<Record<string, string>>, isNamespaced: boolean): Iterable<[string, KindInfo]> {
  for (const [apiVersion, kinds] of Object.entries(rows)) {
    for (const kind of kinds.split(' ')) {
      yield [kind, { apiVersion, namespaced: isNamespaced, nameRule: nameRules[kind] ?? 'subdomain' }]
    }
  }
}

/**
 * What Kubernetes 1.35 knows of one of its own kinds. With `group`, only if the kind is that group's, now or in an
 * older version; other groups may have kinds of the same name (a Service of Knative).
 */
export function builtinKind(kind: string, group?: string): KindInfo | undefined {
  const info = builtin.get(kind)
  if (!info || group === undefined) return info
  const own = info.apiVersion.includes('/') ? info.apiVersion.slice(0, info.apiVersion.indexOf('/')) : ''
  return group === own || oldGroups.includes(group) ? info : undefined
}

/** All built-in kinds, for suggestions. */
export function builtinKinds(): Iterable<string> {
  return builtin.keys()
}
