import { labels } from '../../render/shipper/rollout.ts'
import { servicesOf } from '../../render/shipper/routes.ts'
import { isJsonArray, isJsonObject, type JsonObject, type KubeObject } from '../../repo-layout/json.ts'
import { formatSubject, groupOf, kindWithGroup, parseSubject, type Subject } from '../../repo-layout/subject.ts'

/**
 * When an object is applied: namespaces (0) and CRDs (1) come first because others live in them, what intercepts requests
 * (3) comes last so that it cannot refuse the objects that serve it. Pruning goes the other way.
 */
export type Rank = 0 | 1 | 2 | 3

const ranks: { readonly [kind: string]: Rank } = {
  Namespace: 0,
  'CustomResourceDefinition.apiextensions.k8s.io': 1,
  'ValidatingWebhookConfiguration.admissionregistration.k8s.io': 3,
  'MutatingWebhookConfiguration.admissionregistration.k8s.io': 3,
  'ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io': 3,
  'MutatingAdmissionPolicyBinding.admissionregistration.k8s.io': 3,
  'APIService.apiregistration.k8s.io': 3,
}

/** Kinds whose deletion takes other things with it: never pruned or recreated without being told on the object. */
const precious = new Set(['Namespace', 'CustomResourceDefinition.apiextensions.k8s.io', 'PersistentVolumeClaim'])

/** The rank of a Subject; what is unknown is an ordinary object. */
export function rankOf(subject: Subject): Rank {
  return ranks[kindOfSubject(subject)] ?? 2
}

/** Whether deleting the object takes data or other objects with it (Namespace, CRD, PVC). */
export function isPrecious(subject: Subject): boolean {
  return precious.has(kindOfSubject(subject))
}

/** `Kind.group` of a Subject. */
function kindOfSubject(subject: Subject): string {
  const parts = parseSubject(subject)
  return parts ? kindWithGroup(parts.kind, parts.group) : ''
}

/** The CRD of each custom kind (`Kind.group`) that these objects bring with them. */
export function definedKinds(objects: Iterable<{ subject: Subject; object: KubeObject }>): Map<string, Subject> {
  const kinds = new Map<string, Subject>()
  for (const { subject, object } of objects) {
    const spec = object.spec
    if (rankOf(subject) !== 1 || !isJsonObject(spec) || !isJsonObject(spec.names)) continue
    const { kind } = spec.names
    if (typeof kind === 'string' && typeof spec.group === 'string') kinds.set(kindWithGroup(kind, spec.group), subject)
  }
  return kinds
}

/** Objects that are wanted in a cluster, by Subject. */
type Wanted = Pick<ReadonlyMap<Subject, { readonly object: KubeObject }>, 'has' | 'get'>

/**
 * What must be applied before an object can be: its Namespace and the CRD of its kind, as far as they are wanted in the
 * same cluster, and for a route of a rollout the Services of the releases that it leads to. A failure of one of these stops
 * the object; a failure of anything else does not.
 */
export function dependenciesOf(object: KubeObject, wanted: Wanted, kinds: ReadonlyMap<string, Subject>): Subject[] {
  const found: Subject[] = []
  const { namespace } = object.metadata
  if (namespace !== undefined) {
    const subject = formatSubject({ group: '', kind: 'Namespace', namespace: undefined, name: namespace })
    if (wanted.has(subject)) found.push(subject)
  }
  const definition = kinds.get(kindWithGroup(object.kind, groupOf(object.apiVersion)))
  if (definition !== undefined) found.push(definition)
  const isOfRelease = (service: Subject) => {
    const { labels: own } = wanted.get(service)?.object.metadata ?? {}
    return own?.[labels.loadBalancer] === 'release'
  }
  return [...found, ...servicesOf(object).filter(isOfRelease)]
}

/** The kind that a CRD defines, in each version that is to be served. */
export function servedKinds(definition: JsonObject): { readonly apiVersion: string; readonly kind: string }[] {
  const spec = isJsonObject(definition.spec) ? definition.spec : {}
  const kind = isJsonObject(spec.names) ? spec.names.kind : undefined
  return (isJsonArray(spec.versions) ? spec.versions : []).flatMap((version) =>
    isJsonObject(version) && version.served === true && typeof kind === 'string'
      ? [{ apiVersion: `${String(spec.group)}/${String(version.name)}`, kind }]
      : [],
  )
}

/** Whether a CRD is established and its names are accepted, so that objects of its kind can be sent. */
export function isEstablished(definition: JsonObject): boolean {
  const status = definition.status
  const conditions = isJsonObject(status) && Array.isArray(status.conditions) ? status.conditions : []
  return conditions.some((item: unknown) => isJsonObject(item) && item.type === 'Established' && item.status === 'True')
}
