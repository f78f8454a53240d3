import { isJsonObject, type JsonObject, type KubeObject } from '../../repo-layout/json.ts'
import { builtinKind } from '../../repo-layout/kinds/builtin.ts'
import { fleetLabel } from '../../repo-layout/schema/common.ts'
import { groupOf, type Subject, subjectOf } from '../../repo-layout/subject.ts'
import { labels, notes } from './rollout.ts'

/** What the objects of a chart are made for. */
export interface ReleaseIdentity {
  readonly fleetName: string
  readonly namespace: string
  readonly application: string
  readonly release: string
  /** The labels of the release, as `releaseLabels` makes them. */
  readonly labels: Readonly<Record<string, string>>
  /** The Application's label `enable-helm-release-workaround`; undefined where it has none. */
  readonly helmWorkaround: string | undefined
}

/** The objects of a chart, fit to be rolled out, or why they are not and what to change in the chart. */
export type Prepared =
  | {
      readonly type: 'prepared'
      readonly objects: readonly KubeObject[]
      readonly workload: Subject
      readonly service: Subject | undefined
      readonly totalReplicas: number
    }
  | { readonly type: 'refused'; readonly reason: string; readonly problem: string }

/**
 * Checks what a chart rendered and puts on what Shipper puts on (`shipper 0.10 installation/renderer.go`): labels on every
 * object, for the workload in its selector and pods too; the production Service selects pods that carry traffic. Where
 * Shipper took nothing but one Deployment and one Service, a StatefulSet may stand for the Deployment, the Service may be
 * missing, and custom resources are taken.
 */
export function prepareObjects(objects: readonly KubeObject[], identity: ReleaseIdentity): Prepared {
  const placed = objects.map((object) => inNamespace(object, identity.namespace, objects))
  const workload = findWorkload(placed, identity.release)
  if (isRefusal(workload)) return workload
  const service = findService(placed)
  if (service !== undefined && isRefusal(service)) return service
  const selector = service ? productionSelector(service, identity) : undefined
  if (typeof selector === 'string') return { type: 'refused', reason: 'BrokenChartSpec', problem: selector }
  const seen = new Map<Subject, KubeObject>()
  for (const object of placed) {
    const subject = subjectOf(object)
    if (seen.has(subject))
      return { type: 'refused', reason: 'BrokenChartSpec', problem: `the chart renders ${subject} twice` }
    let made = labelled(object, identity)
    if (object === workload) made = withPodLabels(made, { ...identity.labels, [labels.owner]: identity.release })
    if (object === service) made = withSelector(made, selector ?? {})
    seen.set(subject, made)
  }
  const replicas = isJsonObject(workload.spec) ? workload.spec.replicas : undefined
  return {
    type: 'prepared',
    objects: [...seen.values()],
    workload: subjectOf(workload),
    service: service && subjectOf(service),
    totalReplicas: typeof replicas === 'number' ? replicas : 1,
  }
}

/** An object of a kind that has namespaces and names none is in the application's. */
function inNamespace(object: KubeObject, namespace: string, all: readonly KubeObject[]): KubeObject {
  if (object.metadata.namespace !== undefined || !isNamespaced(object, all)) return object
  const { name, ...others } = object.metadata
  return { ...object, metadata: { name, namespace, ...others } }
}

function isNamespaced({ apiVersion, kind }: KubeObject, all: readonly KubeObject[]): boolean {
  const group = groupOf(apiVersion)
  const known = builtinKind(kind, group)
  if (known) return known.namespaced
  const isDefinition = ({ kind: of, spec }: KubeObject) =>
    of === 'CustomResourceDefinition' &&
    isJsonObject(spec) &&
    spec.group === group &&
    isJsonObject(spec.names) &&
    spec.names.kind === kind
  const definition = all.find(isDefinition)
  return !(definition && isJsonObject(definition.spec) && definition.spec.scope === 'Cluster')
}

type Refusal = Extract<Prepared, { type: 'refused' }>

function isRefusal(found: KubeObject | Refusal): found is Refusal {
  return found.type === 'refused' && !('kind' in found)
}

function findWorkload(objects: readonly KubeObject[], release: string): KubeObject | Refusal {
  const deployments = objects.filter(({ kind }) => kind === 'Deployment')
  const sets = objects.filter(({ kind }) => kind === 'StatefulSet')
  const candidates = deployments.length > 0 ? deployments : sets
  const [workload, ...more] = candidates
  if (!workload || more.length > 0) {
    const names = candidates.map(({ metadata }) => metadata.name).join(', ')
    return {
      type: 'refused',
      reason: 'WrongChartDeployments',
      problem: `the chart should have exactly 1 Deployment object, but it has ${candidates.length}${names === '' ? '' : ` (${names})`}; a chart without a Deployment may have exactly 1 StatefulSet`,
    }
  }
  const { apiVersion, kind, metadata } = workload
  if (apiVersion !== 'apps/v1')
    return {
      type: 'refused',
      reason: 'BrokenChartSpec',
      problem: `${kind} "${metadata.name}" is of ${apiVersion}; write apiVersion: apps/v1`,
    }
  if (!metadata.name.includes(release))
    return {
      type: 'refused',
      reason: 'BrokenChartSpec',
      problem: `${kind} "${metadata.name}" has invalid name. The name of the ${kind} should be templated with {{.Release.Name}}.`,
    }
  return workload
}

function findService(objects: readonly KubeObject[]): KubeObject | undefined | Refusal {
  const services = objects.filter(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'Service')
  const marked = services.filter(({ metadata }) => metadata.labels?.[labels.loadBalancer] === 'production')
  const candidates = marked.length > 0 || services.length > 1 ? marked : services
  if (candidates.length > 1 || (candidates.length === 0 && services.length > 0))
    return {
      type: 'refused',
      reason: 'BrokenChartSpec',
      problem: `one and only one v1.Service object with label "${labels.loadBalancer}" is required, but ${candidates.length} found instead; put the label ${labels.loadBalancer}: production on the Service that carries the traffic`,
    }
  return candidates[0]
}

/** The selector of the production Service while weights are mixed; a text says what is wrong with the chart's. */
function productionSelector(service: KubeObject, identity: ReleaseIdentity): JsonObject | string {
  const { spec, metadata } = service
  const { helmWorkaround } = identity
  const selector = { ...(isJsonObject(spec) && isJsonObject(spec.selector) ? spec.selector : {}) }
  if (helmWorkaround !== undefined && helmWorkaround !== 'true' && helmWorkaround !== 'false')
    return `the label ${labels.helmWorkaround} must be "true" or "false", found ${JSON.stringify(helmWorkaround)}`
  if (Object.hasOwn(selector, 'release')) {
    if (helmWorkaround !== 'true' || selector.release !== identity.release)
      return `Service "${metadata.name}" selects the label "release", so it could never carry the traffic of two releases; take it out of the chart's selector, or put the label ${labels.helmWorkaround}: "true" on the Application`
    delete selector.release
  }
  if (Object.hasOwn(selector, labels.release))
    return `Service "${metadata.name}" selects one release; take ${labels.release} out of the chart's selector`
  return { ...selector, [labels.app]: identity.application, [labels.traffic]: 'enabled' }
}

function labelled(object: KubeObject, identity: ReleaseIdentity): KubeObject {
  const { name, namespace, labels: own, annotations, ...others } = object.metadata
  return {
    ...object,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: {
        ...own,
        ...identity.labels,
        [labels.owner]: identity.release,
        [fleetLabel]: identity.fleetName,
      },
      annotations: { ...annotations, [notes.application]: `${identity.namespace}/${identity.application}` },
      ...others,
    },
  }
}

/** The demo charts' selectors are not in their own pods' labels: both get the labels of the release. */
function withPodLabels(object: KubeObject, own: Readonly<Record<string, string>>): KubeObject {
  const spec = isJsonObject(object.spec) ? object.spec : {}
  const template = isJsonObject(spec.template) ? spec.template : {}
  const metadata = isJsonObject(template.metadata) ? template.metadata : {}
  const selector = isJsonObject(spec.selector) ? spec.selector : {}
  const more = (value: unknown) => ({ ...(isJsonObject(value) ? value : {}), ...own })
  return {
    ...object,
    spec: {
      ...spec,
      selector: { ...selector, matchLabels: more(selector.matchLabels) },
      template: { ...template, metadata: { ...metadata, labels: more(metadata.labels) } },
    },
  }
}

function withSelector(object: KubeObject, selector: JsonObject): KubeObject {
  const spec = isJsonObject(object.spec) ? object.spec : {}
  const { labels: own } = object.metadata
  return {
    ...object,
    metadata: { ...object.metadata, labels: { ...own, [labels.loadBalancer]: 'production' } },
    spec: { ...spec, selector },
  }
}
