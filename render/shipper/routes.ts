import {
  getIn,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubeObject,
} from '../../repo-layout/json.ts'
import { groupOf } from '../../repo-layout/subject.ts'
import { labels, type Rollout } from './rollout.ts'

/** A release behind a route: the name of its own Service, and its weight. */
export interface Backend {
  readonly name: string
  readonly weight: number
}

/** Where the targets of a route stand in its spec, by API group: Gateway API's routes, Istio's VirtualService. */
const places: Readonly<Record<string, readonly { readonly rules: string; readonly targets: string }[]>> = {
  'gateway.networking.k8s.io': [{ rules: 'rules', targets: 'backendRefs' }],
  'networking.istio.io': ['http', 'tls', 'tcp'].map((rules) => ({ rules, targets: 'route' })),
}

/** Whether an object is a route that leads to a Service: traffic through it can be divided by weight, whatever pods there are. */
export function leadsTo(object: KubeObject, service: KubeObject): boolean {
  return targetsOf(object).some((target) => isTarget(target, object, service))
}

/**
 * A route with the releases in place of the Service, each with its weight. Other targets of the same rule keep their share
 * of it.
 */
export function withBackends(object: KubeObject, service: KubeObject, backends: readonly Backend[]): KubeObject {
  const total = backends.reduce((sum, { weight }) => sum + weight, 0)
  const spread = (targets: readonly Json[]): readonly Json[] => {
    if (!targets.some((target) => isTarget(target, object, service))) return targets
    const isAlone = targets.length === 1
    return targets.flatMap((target): readonly Json[] => {
      if (!isJsonObject(target)) return [target]
      const share = isAlone ? 1 : typeof target.weight === 'number' ? target.weight : 1
      if (!isTarget(target, object, service)) return [{ ...target, weight: share * Math.max(total, 1) }]
      return backends.map(({ name, weight }) => renamed(target, name, share * weight))
    })
  }
  const spec = isJsonObject(object.spec) ? object.spec : {}
  const changed = (places[groupOf(object.apiVersion)] ?? []).flatMap(({ rules, targets }) => {
    const list = spec[rules]
    if (!isJsonArray(list)) return []
    const written = list.map((rule) => {
      const inRule = getIn(rule, [targets])
      return isJsonObject(rule) && isJsonArray(inRule) ? { ...rule, [targets]: spread(inRule) } : rule
    })
    return [[rules, written] as const]
  })
  return { ...object, spec: { ...spec, ...Object.fromEntries(changed) } }
}

/** The Service of one release alone: what the production Service is, but for its name and whom it selects. */
export function releaseService(service: KubeObject, { name, application }: Rollout): KubeObject {
  const { clusterIP: _one, clusterIPs: _all, ...spec } = isJsonObject(service.spec) ? service.spec : ({} as JsonObject)
  const { [labels.loadBalancer]: _production, ...own } = service.metadata.labels ?? {}
  return {
    ...service,
    metadata: { ...service.metadata, name, labels: { ...own, [labels.release]: name, [labels.owner]: name } },
    spec: { ...spec, type: 'ClusterIP', selector: { [labels.app]: application, [labels.release]: name } },
  }
}

function targetsOf(object: KubeObject): readonly Json[] {
  return (places[groupOf(object.apiVersion)] ?? []).flatMap(({ rules, targets }) => {
    const list = getIn(object.spec, [rules])
    return (isJsonArray(list) ? list : []).flatMap((rule) => {
      const inRule = getIn(rule, [targets])
      return isJsonArray(inRule) ? inRule : []
    })
  })
}

function isTarget(target: Json, object: KubeObject, { metadata }: KubeObject): boolean {
  const { name, namespace = '' } = metadata
  const own = object.metadata.namespace ?? ''
  const host = getIn(target, ['destination', 'host'])
  if (typeof host === 'string') {
    const names = [...(own === namespace ? [name] : []), `${name}.${namespace}`, `${name}.${namespace}.svc`]
    return names.includes(host.replace(/\.svc\..+$/, '.svc'))
  }
  const [kind, group, at] = ['kind', 'group', 'namespace'].map((key) => getIn(target, [key]))
  return (
    getIn(target, ['name']) === name &&
    (kind ?? 'Service') === 'Service' &&
    (group ?? '') === '' &&
    (at ?? own) === namespace
  )
}

function renamed(target: JsonObject, name: string, weight: number): JsonObject {
  if (!isJsonObject(target.destination)) return { ...target, name, weight }
  // Subsets are those of the production Service.
  const { host, subset: _subset, ...others } = target.destination
  return { ...target, destination: { host: String(host).replace(/^[^.]+/, name), ...others }, weight }
}
