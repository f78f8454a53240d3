import { isJsonObject, type JsonObject } from '../../../repo-layout/json.ts'
import { each, fill, inside, textOf } from './fill.ts'

/** What Kubernetes fills into a pod's spec, in a Pod as in the template of a workload. */
export function podSpec(spec: JsonObject): JsonObject {
  let result = fill(spec, {
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    terminationGracePeriodSeconds: 30,
    securityContext: {},
    schedulerName: 'default-scheduler',
  })
  // The older name of the field is kept equal to the newer one.
  const account = textOf(result.serviceAccountName) || textOf(result.serviceAccount)
  if (account !== '') result = { ...result, serviceAccountName: account, serviceAccount: account }
  result = each(result, 'volumes', volume)
  for (const key of ['initContainers', 'containers', 'ephemeralContainers']) result = each(result, key, container)
  return result
}

function hostPort(port: JsonObject): JsonObject {
  return port.containerPort === undefined ? port : fill(port, { hostPort: port.containerPort })
}

function container(value: JsonObject): JsonObject {
  let result = fill(value, {
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: pullPolicy(textOf(value.image)),
  })
  result = each(result, 'ports', (port) => fill(port, { protocol: 'TCP' }))
  result = each(result, 'env', (variable) =>
    inside(variable, 'valueFrom', (from) => inside(from, 'fieldRef', (ref) => fill(ref, { apiVersion: 'v1' }))),
  )
  for (const key of ['livenessProbe', 'readinessProbe', 'startupProbe']) result = inside(result, key, probe)
  return inside(result, 'lifecycle', (hooks) =>
    ['postStart', 'preStop'].reduce(
      (held, key) => inside(held, key, (hook) => inside(hook, 'httpGet', httpGet)),
      hooks,
    ),
  )
}

function probe(value: JsonObject): JsonObject {
  const filled = fill(value, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 })
  return inside(inside(filled, 'httpGet', httpGet), 'grpc', (grpc) => fill(grpc, { service: '' }))
}

function httpGet(value: JsonObject): JsonObject {
  return fill(value, { path: '/', scheme: 'HTTP' })
}

/** `latest`, said or meant, is pulled anew. */
function pullPolicy(image: string): string {
  const [named = '', digest] = image.split('@')
  if (digest !== undefined) return 'IfNotPresent'
  const tag = named.slice(named.lastIndexOf('/') + 1).split(':')[1]
  return tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent'
}

function volume(value: JsonObject): JsonObject {
  const sources = Object.keys(value).filter((key) => key !== 'name')
  let result = sources.length === 0 ? { ...value, emptyDir: {} } : value
  for (const key of ['secret', 'configMap', 'downwardAPI', 'projected'])
    result = inside(result, key, (source) => fill(source, { defaultMode: 0o644 }))
  result = inside(result, 'hostPath', (source) => fill(source, { type: '' }))
  result = inside(result, 'downwardAPI', (source) => each(source, 'items', downwardItem))
  return inside(result, 'projected', (source) =>
    each(source, 'sources', (one) =>
      inside(
        inside(one, 'serviceAccountToken', (token) => fill(token, { expirationSeconds: 3600 })),
        'downwardAPI',
        (api) => each(api, 'items', downwardItem),
      ),
    ),
  )
}

function downwardItem(item: JsonObject): JsonObject {
  return inside(item, 'fieldRef', (ref) => fill(ref, { apiVersion: 'v1' }))
}

/** The defaults of a Pod itself: links to services, ports of its host, and requests where only limits are given. */
export function pod(object: JsonObject): JsonObject {
  return inside(object, 'spec', (spec) => {
    let result = podSpec(spec)
    for (const key of ['initContainers', 'containers']) result = each(result, key, requestsFromLimits)
    if (result.hostNetwork === true) result = each(result, 'containers', (one) => each(one, 'ports', hostPort))
    return fill(result, { enableServiceLinks: true })
  })
}

function requestsFromLimits(value: JsonObject): JsonObject {
  return inside(value, 'resources', (resources) => {
    const { limits, requests } = resources
    if (!isJsonObject(limits)) return resources
    return { ...resources, requests: fill(isJsonObject(requests) ? requests : {}, limits) }
  })
}

/** The defaults inside of a workload's `template`. */
export function template(spec: JsonObject): JsonObject {
  return inside(spec, 'template', (value) => inside(value, 'spec', podSpec))
}
