import type { Json, JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { jsonEqual } from '../../../repo-layout/json.ts'
import { listOf, objectOf, textOf } from '../defaults/fill.ts'
import { type Changed, type Controller, itself, parseKey, type Tools } from './controller.ts'
import { controlledBy, controllerKey, isEnding, ownedBy } from './owners.ts'
import { isDone, isReady } from './pods.ts'

const manager = 'kube-controller-manager'
const storage = 'endpointslices.discovery.k8s.io'
const serviceLabel = 'kubernetes.io/service-name'

/** Lists the addresses behind each Service that selects pods, in one EndpointSlice. */
export const endpointSliceController: Controller = {
  name: 'endpointslice',
  watches: {
    services: itself,
    [storage]: controllerKey('Service'),
    pods: ({ object, before }: Changed, tools: Tools) => {
      // A pod whose label changed leaves the Services that picked it before.
      const states = [object, before() ?? object]
      return tools.client
        .list('services', object.metadata.namespace ?? '')
        .filter((service) => states.some((pod) => picks(service, pod)))
        .map((service) => `${object.metadata.namespace ?? ''}/${service.metadata.name}`)
    },
  },
  sync(key, { client }) {
    const { namespace, name } = parseKey(key)
    const service = client.get('services', namespace, name)
    if (!service || isEnding(service) || !hasSelector(service)) return
    const pods = client
      .list('pods', namespace)
      .filter((pod) => picks(service, pod) && !isDone(pod) && textOf(objectOf(pod.status).podIP) !== '')
    const wanted = sliceFor(service, pods)
    const [held] = ownedBy(service, client.list(storage, namespace))
    if (!held) {
      client.create(manager, wanted)
      return
    }
    const same = ['endpoints', 'ports'].every((field) => jsonEqual(held[field] ?? [], wanted[field] ?? []))
    const labelled = jsonEqual(held.metadata.labels, wanted.metadata.labels)
    if (same && labelled) return
    client.update(manager, held, (live) => ({
      ...live,
      metadata: { ...live.metadata, ...(wanted.metadata.labels && { labels: wanted.metadata.labels }) },
      endpoints: wanted.endpoints,
      ports: wanted.ports,
    }))
  },
}

function hasSelector(service: KubeObject): boolean {
  return Object.keys(objectOf(objectOf(service.spec).selector)).length > 0
}

function picks(service: KubeObject, pod: KubeObject): boolean {
  const selector = Object.entries(objectOf(objectOf(service.spec).selector))
  return selector.length > 0 && selector.every(([key, value]) => pod.metadata.labels?.[key] === value)
}

function sliceFor(service: KubeObject, pods: readonly KubeObject[]): KubeObject {
  const headless = objectOf(service.spec).clusterIP === 'None'
  // A controller copies the labels of a Service to its slices.
  const labels = {
    ...service.metadata.labels,
    'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    [serviceLabel]: service.metadata.name,
    ...(headless && { 'service.kubernetes.io/headless': '' }),
  }
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: service.metadata.namespace,
      generateName: `${service.metadata.name}-`,
      labels,
      ownerReferences: [controlledBy(service)],
    },
    addressType: 'IPv4',
    endpoints: pods.map(endpointOf),
    ports: listOf(objectOf(service.spec).ports).flatMap((port) => portFor(objectOf(port), pods)),
  } as unknown as KubeObject
}

function endpointOf(pod: KubeObject): JsonObject {
  const { name, namespace, uid } = pod.metadata
  const [serving, terminating] = [isReady(pod), isEnding(pod)]
  return {
    addresses: [textOf(objectOf(pod.status).podIP)],
    conditions: { ready: serving && !terminating, serving, terminating },
    nodeName: textOf(objectOf(pod.spec).nodeName),
    targetRef: { kind: 'Pod', namespace: namespace ?? '', name, uid: uid as Json },
  }
}

/** A named target port is looked up in the pods; where none has it, the Service has no such port. */
function portFor(port: JsonObject, pods: readonly KubeObject[]): readonly JsonObject[] {
  const { targetPort } = port
  const number =
    typeof targetPort === 'number'
      ? targetPort
      : pods
          .flatMap((pod) => listOf(objectOf(pod.spec).containers))
          .flatMap((container) => listOf(objectOf(container).ports))
          .map(objectOf)
          .find((one) => one.name === targetPort)?.containerPort
  if (typeof number !== 'number') return []
  return [{ name: textOf(port.name), port: number, protocol: textOf(port.protocol) || 'TCP' }]
}
