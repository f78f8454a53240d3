import { stringify } from 'yaml'
import type { Json, JsonObject } from '../../../repo-layout/json.ts'

/** Writes documents as one YAML file, with quotes where the YAML of Kubernetes needs them. */
export function yaml(...documents: readonly JsonObject[]): string {
  return documents.map((document) => `---\n${stringify(document, { version: '1.1' })}`).join('')
}

/** One override of kubefed, for one cluster. */
export function override(clusterName: string, path: string, value: Json, op = 'replace'): JsonObject {
  return { clusterName, clusterOverrides: [{ op, path, value }] }
}

/** How a federated object is placed and changed in some clusters. */
export interface Federation {
  readonly clusters?: readonly string[]
  /** Instead of names: in all clusters. */
  readonly everywhere?: boolean
  readonly overrides?: readonly JsonObject[]
  readonly annotations?: JsonObject
  readonly labels?: JsonObject
}

/** A ConfigMap for some clusters. */
export function configMap(namespace: string, name: string, data: JsonObject, where: Federation): JsonObject {
  return federated('FederatedConfigMap', namespace, name, { data }, where)
}

/** A Deployment for some clusters; nothing runs its pods where there are no controllers. */
export function deployment(namespace: string, name: string, replicas: number, where: Federation): JsonObject {
  const labels = { app: name }
  const spec = {
    replicas,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'nginx:1' }] } },
  }
  return federated('FederatedDeployment', namespace, name, { spec }, where)
}

/** A preference that divides replicas over all clusters. */
export function preference(namespace: string, name: string, totalReplicas: number, more: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'scheduling.kubefed.io/v1alpha1',
    kind: 'ReplicaSchedulingPreference',
    metadata: { name, namespace },
    spec: { targetKind: 'FederatedDeployment', totalReplicas, ...more },
  }
}

function federated(
  kind: string,
  namespace: string,
  name: string,
  template: JsonObject,
  { clusters, everywhere, overrides = [], annotations, labels }: Federation,
): JsonObject {
  const metadata = { ...(annotations ? { annotations } : {}), ...(labels ? { labels } : {}) }
  const withMetadata = annotations || labels ? { metadata, ...template } : template
  return {
    apiVersion: 'types.kubefed.io/v1beta1',
    kind,
    metadata: { name, namespace },
    spec: {
      template: withMetadata,
      ...(everywhere ? { placement: { clusterSelector: {} } } : {}),
      ...(clusters ? { placement: { clusters: clusters.map((cluster) => ({ name: cluster })) } } : {}),
      ...(overrides.length > 0 ? { overrides: [...overrides] } : {}),
    },
  }
}
