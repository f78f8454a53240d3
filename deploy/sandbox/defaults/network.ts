import type { JsonObject } from '../../../repo-layout/json.ts'
import { each, fill, inside, listOf } from './fill.ts'

/** What Kubernetes fills into a Service before it gives it addresses. */
export function service(object: JsonObject): JsonObject {
  return inside(object, 'spec', (spec) => {
    const typed = fill(spec, { type: 'ClusterIP', sessionAffinity: 'None' })
    const outside = typed.type === 'NodePort' || typed.type === 'LoadBalancer'
    const inCluster = outside || typed.type === 'ClusterIP'
    const filled = fill(typed, {
      ...(typed.sessionAffinity === 'ClientIP' && { sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } } }),
      ...(outside && { externalTrafficPolicy: 'Cluster' }),
      ...(inCluster && { internalTrafficPolicy: 'Cluster' }),
      ...(typed.type === 'LoadBalancer' && { allocateLoadBalancerNodePorts: true }),
    })
    const { sessionAffinityConfig: _, ...plain } = filled
    return each(filled.sessionAffinity === 'None' ? plain : filled, 'ports', servicePort)
  })
}

function servicePort(port: JsonObject): JsonObject {
  const unset = port.targetPort === undefined || port.targetPort === 0 || port.targetPort === ''
  return { ...fill(port, { protocol: 'TCP' }), ...(unset && port.port !== undefined && { targetPort: port.port }) }
}

/** What Kubernetes fills into Endpoints. */
export function endpoints(object: JsonObject): JsonObject {
  return each(object, 'subsets', (subset) => each(subset, 'ports', (port) => fill(port, { protocol: 'TCP' })))
}

/** What Kubernetes fills into an EndpointSlice. */
export function endpointSlice(object: JsonObject): JsonObject {
  return each(object, 'ports', (port) => fill(port, { name: '', protocol: 'TCP' }))
}

/** What Kubernetes fills into a NetworkPolicy. */
export function networkPolicy(object: JsonObject): JsonObject {
  const ports = (rule: JsonObject) => each(rule, 'ports', (port) => fill(port, { protocol: 'TCP' }))
  return inside(object, 'spec', (spec) => {
    const policyTypes = listOf(spec.egress).length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
    return fill(each(each(spec, 'ingress', ports), 'egress', ports), { policyTypes })
  })
}
