import type { Json, JsonObject } from '../../../repo-layout/json.ts'

/** One request, with what stands for the namespace and the group of the CRD still open. */
export interface Operation {
  readonly method: string
  /** `{ns}` stands for the namespace and `{group}` for the group of the CRD. */
  readonly path: string
  readonly body?: Json
  readonly type?: string
  /** The answer's `metadata.resourceVersion` of an earlier read of the same object is put into the body. */
  readonly versioned?: 'current' | 'stale'
}

/** Some requests about the objects of one kind. */
export interface Conversation {
  readonly kind: Kind
  readonly operations: readonly Operation[]
  /** The query of a watch whose events are compared, too; undefined where nobody watches. */
  readonly watch: string | undefined
}

/** A kind that is compared, and where it lives. */
export interface Kind {
  readonly name: string
  readonly collection: string
  readonly apiVersion: string
  readonly strategic: boolean
  readonly scale: boolean
  readonly status: boolean
}

const core = '/api/v1/namespaces/{ns}'
const apps = '/apis/apps/v1/namespaces/{ns}'

function kind(name: string, apiVersion: string, collection: string, more: Partial<Kind> = {}): Kind {
  return { name, apiVersion, collection, strategic: true, scale: false, status: false, ...more }
}

/** What the demo and the tests use. */
export const kinds: readonly Kind[] = [
  kind('ConfigMap', 'v1', `${core}/configmaps`),
  kind('Secret', 'v1', `${core}/secrets`),
  kind('Service', 'v1', `${core}/services`, { status: true }),
  kind('ServiceAccount', 'v1', `${core}/serviceaccounts`),
  kind('Deployment', 'apps/v1', `${apps}/deployments`, { scale: true, status: true }),
  kind('StatefulSet', 'apps/v1', `${apps}/statefulsets`, { scale: true, status: true }),
  kind('DaemonSet', 'apps/v1', `${apps}/daemonsets`, { status: true }),
  kind('Job', 'batch/v1', '/apis/batch/v1/namespaces/{ns}/jobs', { status: true }),
  kind('Ingress', 'networking.k8s.io/v1', '/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses', { status: true }),
  kind('Role', 'rbac.authorization.k8s.io/v1', '/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles'),
  kind('Widget', '{group}/v1', '/apis/{group}/v1/namespaces/{ns}/widgets', {
    strategic: false,
    scale: true,
    status: true,
  }),
]

/** An operation with its open parts filled in. */
export function placed(operation: Operation, namespace: string, group: string): Operation {
  const fill = (text: string) => text.replaceAll('{ns}', namespace).replaceAll('{group}', group)
  return {
    ...operation,
    path: fill(operation.path),
    ...(operation.body !== undefined && { body: JSON.parse(fill(JSON.stringify(operation.body))) as Json }),
  }
}

/** How an operation is printed when it is part of a difference. */
export function show({ method, path, body, type, versioned }: Operation): string {
  const parts = [method, path, type ?? '', versioned ?? '', body === undefined ? '' : JSON.stringify(body)]
  return parts.filter((part) => part !== '').join(' ')
}

/** An object with other metadata. */
export function withMetadata(object: JsonObject, metadata: JsonObject): JsonObject {
  return { ...object, metadata: { ...(object.metadata as JsonObject), ...metadata } }
}
