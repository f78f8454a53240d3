import { isJsonArray, isJsonObject, type JsonObject, type KubeObject } from '../../repo-layout/json.ts'
import { formatSubject, type Subject } from '../../repo-layout/subject.ts'
import { labels, type Rollout } from './rollout.ts'

/** What of the spec of a Service is about how pods are reached, and not about who reaches them from where. */
const kept = [
  'internalTrafficPolicy',
  'ipFamilies',
  'ipFamilyPolicy',
  'publishNotReadyAddresses',
  'sessionAffinity',
  'sessionAffinityConfig',
  'trafficDistribution',
] as const

/**
 * The Service of one release alone, for routes to lead to: it is reached within the cluster, by whatever port the production
 * Service has in any of the releases, since a route that goes over to other ports names all of them at once. `isTaken` says
 * whether a chart has an object of that name.
 */
export function releaseService(
  service: KubeObject,
  others: readonly KubeObject[],
  release: Pick<Rollout, 'name' | 'application'>,
  isTaken: (subject: Subject) => boolean,
): KubeObject {
  const { name, application } = release
  const { annotations: all = {}, namespace, labels: own = {} } = service.metadata
  const spec = isJsonObject(service.spec) ? service.spec : {}
  const annotations = Object.entries(all).filter(([key]) => !key.startsWith('external-dns.alpha.kubernetes.io/'))
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: nameOf(release, namespace, isTaken),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...own, [labels.loadBalancer]: 'release', [labels.release]: name, [labels.owner]: name },
      annotations: Object.fromEntries(annotations),
    },
    spec: {
      ...Object.fromEntries(kept.flatMap((key) => (spec[key] === undefined ? [] : [[key, spec[key]]]))),
      type: 'ClusterIP',
      selector: { [labels.app]: application, [labels.release]: name },
      ports: portsOf([service, ...others]),
    },
  }
}

/** That of the release, as far as it can be that of a Service. */
function nameOf(
  { name }: Pick<Rollout, 'name'>,
  namespace: string | undefined,
  isTaken: (subject: Subject) => boolean,
): string {
  const plain = name.replaceAll('.', '-').replace(/^(?=\d)/, 'r-')
  return isTaken(formatSubject({ group: '', kind: 'Service', namespace, name: plain })) ? `${plain}-route` : plain
}

/** The ports of the first, and those of the others that it has not; each with a name of its own where there are several. */
function portsOf(services: readonly KubeObject[]): readonly JsonObject[] {
  const ports = new Map<string, JsonObject>()
  for (const { spec } of services) {
    const list = isJsonObject(spec) && isJsonArray(spec.ports) ? spec.ports.filter(isJsonObject) : []
    for (const { nodePort: _outside, ...port } of list) {
      const key = `${port.port}/${port.protocol ?? 'TCP'}`
      if (!ports.has(key)) ports.set(key, port)
    }
  }
  if (ports.size === 1) return [...ports.values()]
  const names = new Set<string>()
  return [...ports.values()].map((port) => {
    const own = typeof port.name === 'string' ? port.name : `port-${port.port}`
    const name = names.has(own) ? `${own.slice(0, 50)}-${port.port}` : own
    names.add(name)
    return { ...port, name }
  })
}
