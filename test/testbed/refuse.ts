import type { AdmissionRequest } from '../../deploy/sandbox/types.ts'
import type { Json, KubeObject } from '../../repo-layout/json.ts'
import type { ControlPlane } from './control-plane.ts'

/** What a cluster is to refuse from now on, as a ValidatingAdmissionPolicy says it, and for clusters in memory as code. */
export interface Refusal {
  /** Of the policy and its binding. */
  readonly name: string
  /** Only in this namespace, where given. */
  readonly namespace?: string
  readonly operations: readonly AdmissionRequest['operation'][]
  /** The plural of a kind of the core group. */
  readonly resource: string
  /** CEL: what an object has to be. */
  readonly expression: string
  /** The same: whether an object is refused. */
  readonly refuses: (object: KubeObject) => boolean
  readonly message: string
}

const group = '/apis/admissionregistration.k8s.io/v1'

/**
 * Has a cluster refuse what it did not refuse before, and gives the way to end that. A real cluster takes a moment to begin
 * and to end: whoever depends on it asks with a dry run.
 */
export async function refuse(plane: ControlPlane, refusal: Refusal): Promise<() => Promise<void>> {
  const { name, namespace, operations, resource, expression, refuses, message } = refusal
  if (plane.policies) {
    const text = `ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: ${message}`
    const policy = (write: AdmissionRequest) =>
      operations.includes(write.operation) &&
      write.resource === resource &&
      (namespace === undefined || write.object.metadata.namespace === namespace) &&
      refuses(write.object)
        ? text
        : undefined
    plane.policies.add(policy)
    return async () => void plane.policies?.delete(policy)
  }
  const apiVersion = 'admissionregistration.k8s.io/v1'
  await create(plane, `${group}/validatingadmissionpolicies`, {
    apiVersion,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations, resources: [resource] }],
      },
      validations: [{ expression, message }],
    },
  })
  const bindings = `${group}/validatingadmissionpolicybindings`
  const matchResources = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace ?? '' } } }
  await create(plane, bindings, {
    apiVersion,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'], ...(namespace === undefined ? {} : { matchResources }) },
  })
  return async () => {
    const { status, body } = await plane.request('DELETE', `${bindings}/${name}`)
    if (status >= 300) throw new Error(`DELETE ${bindings}/${name}: ${status} ${JSON.stringify(body)}`)
  }
}

async function create(plane: ControlPlane, path: string, object: Json): Promise<void> {
  const { status, body } = await plane.request('POST', path, object)
  if (status >= 300) throw new Error(`POST ${path}: ${status} ${JSON.stringify(body)}`)
}
