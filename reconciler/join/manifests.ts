import type { JsonObject, KubeObject } from '../../repo-layout/json.ts'
import { inventoryNamespace } from '../member/inventory.ts'
import { inventoryName } from '../member/shards.ts'
import type { Right } from './rights.ts'

/** Says on an account which cluster of the fleet it was made for. */
export const clusterAnnotation = 'flotilla.dev/cluster'
/** Marks what a fleet's account consists of; the value is the fleet's name. */
export const accountLabel = 'flotilla.dev/account'

/** The name of a fleet's ServiceAccount in its members, and of the roles bound to it. */
export function accountName(fleet: string): string {
  return `${inventoryName(fleet)}-member`
}

/** The account that a fleet works as in one of its members. */
export interface Account {
  readonly fleet: string
  readonly cluster: string
  readonly rights: readonly Right[]
  /** All rights instead. */
  readonly admin: boolean
}

/** The namespace that inventory and account lie in. */
export const namespaceManifest: KubeObject = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name: inventoryNamespace,
    labels: {
      'app.kubernetes.io/name': 'flotilla',
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/audit': 'restricted',
      'pod-security.kubernetes.io/warn': 'restricted',
    },
  },
}

/** The objects that make an account and give it its rights, in the order in which they are applied. */
export function accountManifests({ fleet, cluster, rights, admin }: Account): readonly KubeObject[] {
  const name = accountName(fleet)
  const labels = { [accountLabel]: fleet }
  const metadata = { name, labels }
  const inside = { ...metadata, namespace: inventoryNamespace }
  const subjects = [{ kind: 'ServiceAccount', name, namespace: inventoryNamespace }]
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { ...inside, annotations: { [clusterAnnotation]: cluster } },
    automountServiceAccountToken: false,
  }
  if (admin) return [account, binding('ClusterRole', 'cluster-admin', { name: adminBinding(fleet), labels }, subjects)]
  return [
    account,
    { apiVersion: rbac, kind: 'ClusterRole', metadata, rules: rulesOf(rights, undefined) },
    binding('ClusterRole', name, metadata, subjects),
    { apiVersion: rbac, kind: 'Role', metadata: inside, rules: rulesOf(rights, inventoryNamespace) },
    binding('Role', name, inside, subjects),
  ]
}

/** The name of the binding that gives all rights. */
export function adminBinding(fleet: string): string {
  return `${accountName(fleet)}-admin`
}

const rbac = 'rbac.authorization.k8s.io/v1'

function binding(
  kind: 'Role' | 'ClusterRole',
  role: string,
  metadata: KubeObject['metadata'],
  subjects: readonly JsonObject[],
): KubeObject {
  return {
    apiVersion: rbac,
    kind: metadata.namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: role },
    subjects,
  }
}

/** Resources of one group that may be treated alike stand in one rule, as people write them. */
function rulesOf(rights: readonly Right[], namespace: string | undefined): readonly JsonObject[] {
  const rules = new Map<string, { group: string; verbs: readonly string[]; resources: string[] }>()
  for (const { group, resource, verbs } of rights.filter((right) => right.namespace === namespace)) {
    const key = `${group} ${verbs.join()}`
    const rule = rules.get(key)
    if (rule) rule.resources.push(resource)
    else rules.set(key, { group, verbs, resources: [resource] })
  }
  return [...rules.values()].map(({ group, verbs, resources }) => ({
    apiGroups: [group],
    resources,
    verbs: [...verbs],
  }))
}
