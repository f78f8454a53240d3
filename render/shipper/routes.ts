import {
  getIn,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubeObject,
} from '../../repo-layout/json.ts'
import { formatSubject, groupOf, type Subject } from '../../repo-layout/subject.ts'

/** A release behind a route: the name of its own Service, and its weight. */
export interface Backend {
  readonly name: string
  readonly weight: number
}

/** How routes of an API group lead to Services. */
interface RouteForm {
  /** Where their targets stand in the spec. */
  readonly places: readonly { readonly rules: string; readonly targets: string }[]
  /** The weight of a target beside others that says none. */
  readonly otherwise: number
  /** Whether a target without others gets all, whatever its weight. */
  readonly takesAllAlone: boolean
}

const forms: Readonly<Record<string, RouteForm>> = {
  'gateway.networking.k8s.io': {
    places: [{ rules: 'rules', targets: 'backendRefs' }],
    otherwise: 1,
    takesAllAlone: false,
  },
  'networking.istio.io': {
    places: ['http', 'tls', 'tcp'].map((rules) => ({ rules, targets: 'route' })),
    otherwise: 0,
    takesAllAlone: true,
  },
}

/** The greatest weight that every kind of route takes; Shipper's have no limit. */
const mostWeight = 1_000_000

/** Whether objects of a kind lead requests to Services by weight. */
export function isRouteKind(kind: string, group: string): boolean {
  return group === 'networking.istio.io'
    ? kind === 'VirtualService'
    : Object.hasOwn(forms, group) && /Route$/.test(kind)
}

/** Whether an object is of such a kind. */
export function isRoute({ apiVersion, kind }: KubeObject): boolean {
  return isRouteKind(kind, groupOf(apiVersion))
}

/** Whether an object is a route that leads to one of these Services: traffic through it can be divided by weight, whatever pods there are. */
export function leadsTo(object: KubeObject, services: readonly KubeObject[]): boolean {
  return isRoute(object) && targetsOf(object).some((target) => isTarget(target, object, services))
}

/** The Services that a route leads to, in whatever namespace; none of any other object. */
export function servicesOf(object: KubeObject): readonly Subject[] {
  if (!isRoute(object)) return []
  const own = object.metadata.namespace
  return targetsOf(object).flatMap((target) => {
    const host = getIn(target, ['destination', 'host'])
    const [name, namespace] =
      typeof host === 'string' ? host.split('.') : [getIn(target, ['name']), getIn(target, ['namespace'])]
    if (typeof name !== 'string') return []
    return [formatSubject({ group: '', kind: 'Service', namespace: String(namespace ?? own), name })]
  })
}

/**
 * A route with the releases in place of the Services, each with its weight. Other targets of the same rule keep their share
 * of it. A release without weight is not named. While none has any, the route is left as it is: it leads to the Service, which
 * knows who may serve.
 */
export function withBackends(
  object: KubeObject,
  services: readonly KubeObject[],
  backends: readonly Backend[],
): KubeObject {
  const form = forms[groupOf(object.apiVersion)]
  const weighted = backends.filter(({ weight }) => weight > 0)
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0)
  if (!form || total === 0) return object
  const divided = (targets: readonly Json[]): readonly Json[] => {
    if (!targets.some((target) => isTarget(target, object, services))) return targets
    const parts = targets.filter(isJsonObject).flatMap((target): readonly JsonObject[] => {
      const share = shareOf(target, targets.length === 1, form)
      if (!isTarget(target, object, services)) return [{ ...target, weight: share * total }]
      return weighted.map(({ name, weight }) => renamed(target, name, share * weight))
    })
    return withinLimit(parts)
  }
  return withTargets(object, form, divided)
}

/**
 * A route as its chart had it, but for subsets of Istio: the Service `service` in place of the Services of releases. Of other
 * targets of the rule it has the share that these have together.
 */
export function withoutBackends(object: KubeObject, service: string, releases: ReadonlySet<string>): KubeObject {
  const form = forms[groupOf(object.apiVersion)]
  const isRelease = (target: Json) => releases.has(nameOf(target))
  return form
    ? withTargets(object, form, (targets) => {
        const own = targets.filter(isJsonObject).filter(isRelease)
        const [first] = own
        if (!first) return targets
        const weight = own.reduce((sum, target) => sum + Number(target.weight), 0)
        const one = renamed(first, service, weight)
        const { weight: _all, ...alone } = one
        const others = targets.filter((target) => !isRelease(target))
        return others.length === 0
          ? [alone]
          : targets.flatMap((target) => (target === first ? [one] : isRelease(target) ? [] : [target]))
      })
    : object
}

function nameOf(target: Json): string {
  const host = getIn(target, ['destination', 'host'])
  return typeof host === 'string' ? host.replace(/\..*$/, '') : String(getIn(target, ['name']))
}

/** The route with the targets of each rule changed. */
function withTargets(
  object: KubeObject,
  { places }: RouteForm,
  change: (targets: readonly Json[]) => readonly Json[],
): KubeObject {
  const spec = isJsonObject(object.spec) ? object.spec : {}
  const changed = places.flatMap(({ rules, targets }) => {
    const list = spec[rules]
    if (!isJsonArray(list)) return []
    const written = list.map((rule) => {
      const inRule = getIn(rule, [targets])
      return isJsonObject(rule) && isJsonArray(inRule) ? { ...rule, [targets]: change(inRule) } : rule
    })
    return [[rules, written] as const]
  })
  return { ...object, spec: { ...spec, ...Object.fromEntries(changed) } }
}

function shareOf({ weight }: JsonObject, isAlone: boolean, { otherwise, takesAllAlone }: RouteForm): number {
  if (isAlone) return weight === 0 && !takesAllAlone ? 0 : 1
  return typeof weight === 'number' ? weight : otherwise
}

/** The same shares in numbers that a server takes; what had any has some still. */
function withinLimit(targets: readonly JsonObject[]): readonly JsonObject[] {
  const weightOf = ({ weight }: JsonObject) => Number(weight)
  const most = Math.max(...targets.map(weightOf))
  if (most <= mostWeight) return targets
  return targets.map((target) => {
    const weight = weightOf(target)
    return { ...target, weight: weight === 0 ? 0 : Math.max(1, Math.round((weight / most) * mostWeight)) }
  })
}

function targetsOf(object: KubeObject): readonly Json[] {
  return (forms[groupOf(object.apiVersion)]?.places ?? []).flatMap(({ rules, targets }) => {
    const list = getIn(object.spec, [rules])
    return (isJsonArray(list) ? list : []).flatMap((rule) => {
      const inRule = getIn(rule, [targets])
      return isJsonArray(inRule) ? inRule : []
    })
  })
}

function isTarget(target: Json, object: KubeObject, services: readonly KubeObject[]): boolean {
  return services.some((service) => isTheTarget(target, object, service))
}

function isTheTarget(target: Json, object: KubeObject, { metadata }: KubeObject): boolean {
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
