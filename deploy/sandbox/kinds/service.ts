import { isJsonObject, type Json, type JsonObject, jsonEqual, type KubeObject } from '../../../repo-layout/json.ts'
import type { Backend } from '../backend.ts'
import { listOf, numberOf, objectOf, textOf } from '../defaults/fill.ts'
import { type Cause, StatusError } from '../status.ts'
import { duplicate, invalid, refuse, required, unsupported } from '../validate/causes.ts'
import { nameCauses } from '../validate/names.ts'
import { portRange } from './pod-spec.ts'
import type { Strategy } from './strategy.ts'

/** Services get addresses and ports from the cluster, and keep them. */
export const serviceStrategy: Strategy = {
  createOnUpdate: true,
  prepareCreate: (object, backend) => withAllocated(object, {}, backend),
  prepareUpdate: (next, live, backend) =>
    withAllocated(withoutUnused(next, objectOf(live.spec)), objectOf(live.spec), backend),
  validate: (object) => specCauses(objectOf(object.spec)),
  validateUpdate(next, live) {
    const [now, before] = [objectOf(next.spec), objectOf(live.spec)]
    const kept = textOf(before.clusterIP)
    const moved = kept !== '' && now.type !== 'ExternalName' && before.type !== 'ExternalName' && now.clusterIP !== kept
    return moved ? [invalid('spec.clusterIPs[0]', listOf(now.clusterIPs), 'may not change once set')] : []
  },
}

/** What only the type before had a use for goes with it, unless it was changed, too. */
function withoutUnused(next: KubeObject, before: JsonObject): KubeObject {
  const now = objectOf(next.spec)
  const ends = (applies: (spec: JsonObject) => boolean) => applies(before) && !applies(now)
  const unused = [
    ...(ends(({ type }) => type === 'LoadBalancer') ? ['allocateLoadBalancerNodePorts', 'loadBalancerClass'] : []),
    ...(ends((spec) => isOutside(spec) || listOf(spec.externalIPs).length > 0) ? ['externalTrafficPolicy'] : []),
    ...(ends(isHealthChecked) ? ['healthCheckNodePort'] : []),
  ]
  const spec = Object.entries(now).filter(([key, value]) => !unused.includes(key) || !jsonEqual(value, before[key]))
  return { ...next, spec: Object.fromEntries(spec) } as KubeObject
}

function isOutside({ type }: JsonObject): boolean {
  return type === 'NodePort' || type === 'LoadBalancer'
}

/** A load balancer asks each node whether it has pods of the Service. */
function isHealthChecked({ type, externalTrafficPolicy }: JsonObject): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local'
}

/** Addresses are given before anything else is looked at: who asks for what there is not is refused for that alone. */
function withAllocated(object: KubeObject, live: JsonObject, backend: Backend): KubeObject {
  const spec = allocated(objectOf(object.spec), live, backend)
  refuse({ kind: 'Service', group: '' }, object.metadata.name, familyCauses(spec))
  if (live.type !== undefined && isOutside(spec)) refuseSharedPorts(listOf(spec.ports).filter(isJsonObject))
  return { ...object, spec } as KubeObject
}

/** The allocator of node ports answers before anything is validated, and not as a validation does. */
function refuseSharedPorts(ports: readonly JsonObject[]): void {
  const given = new Set<string>()
  for (const { protocol, nodePort } of ports) {
    const text = `{${textOf(protocol)} ${numberOf(nodePort)}}`
    if (numberOf(nodePort) > 0 && given.has(text)) throw new StatusError(500, '', `duplicate nodePort: ${text}`)
    given.add(text)
  }
}

function allocated(spec: JsonObject, live: JsonObject, backend: Backend): JsonObject {
  if (spec.type === 'ExternalName') {
    const { clusterIP: _, clusterIPs: __, ipFamilies: ___, ipFamilyPolicy: ____, ...rest } = spec
    return rest
  }
  const clusterIP = textOf(spec.clusterIP) || textOf(live.clusterIP) || backend.addresses.clusterIp()
  const outside = isOutside(spec)
  const policy =
    spec.ipFamilyPolicy ?? live.ipFamilyPolicy ?? (isOpen({ ...spec, clusterIP }) ? 'RequireDualStack' : 'SingleStack')
  const both = policy === 'RequireDualStack' && isOpen({ ...spec, clusterIP })
  // A new Service gives one node port to all protocols of a port; what is added later gets one of its own.
  const given = live.type === undefined ? requestedPorts(listOf(spec.ports)) : undefined
  const ports = listOf(spec.ports).map((port) =>
    isJsonObject(port) ? portOf(port, live, outside, backend, given) : port,
  )
  const healthPort = numberOf(spec.healthCheckNodePort) || numberOf(live.healthCheckNodePort)
  return {
    ...spec,
    ...(isHealthChecked(spec) && { healthCheckNodePort: healthPort || backend.addresses.nodePort() }),
    ...(ports.length > 0 && { ports }),
    clusterIP,
    clusterIPs: listOf(spec.clusterIPs).length > 0 && textOf(spec.clusterIP) !== '' ? spec.clusterIPs : [clusterIP],
    ipFamilies: spec.ipFamilies ?? (both ? ['IPv4', 'IPv6'] : ['IPv4']),
    ipFamilyPolicy: policy,
  }
}

/** The node ports that are named, by port. */
function requestedPorts(ports: readonly Json[]): Map<number, number> {
  const named = ports.filter(isJsonObject).filter((port) => numberOf(port.nodePort) > 0)
  return new Map(named.reverse().map((port) => [numberOf(port.port), numberOf(port.nodePort)]))
}

/** A node port that is not named is the one that the same port had, else a new one. */
function portOf(
  port: JsonObject,
  live: JsonObject,
  outside: boolean,
  backend: Backend,
  given: Map<number, number> | undefined,
): JsonObject {
  if (!outside) {
    const was = listOf(live.ports).find((one) => isJsonObject(one) && one.nodePort === port.nodePort)
    const { nodePort: _, ...rest } = port
    return was ? rest : port
  }
  if (numberOf(port.nodePort) > 0) return port
  const before = listOf(live.ports).find(
    (one) => isJsonObject(one) && one.port === port.port && one.protocol === port.protocol,
  )
  const number = numberOf(port.port)
  const nodePort = numberOf(objectOf(before).nodePort) || given?.get(number) || backend.addresses.nodePort()
  given?.set(number, nodePort)
  return { ...port, nodePort }
}

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const protocols = ['SCTP', 'TCP', 'UDP']

/** A cluster of one address family gives both only to Services that need no address. */
function familyCauses(spec: JsonObject): readonly Cause[] {
  if (spec.ipFamilyPolicy !== 'RequireDualStack' || isOpen(spec)) return []
  const other = listOf(spec.ipFamilies).indexOf('IPv6')
  return [
    invalid('spec.ipFamilyPolicy', 'RequireDualStack', 'this cluster is not configured for dual-stack services'),
    ...(other < 0 ? [] : [invalid(`spec.ipFamilies[${other}]`, 'IPv6', 'not configured on this cluster')]),
  ]
}

/** What nobody gives addresses to may have them of both families. */
function isOpen(spec: JsonObject): boolean {
  return spec.clusterIP === 'None' && Object.keys(objectOf(spec.selector)).length === 0
}

function specCauses(spec: JsonObject): readonly Cause[] {
  const ports = listOf(spec.ports).map(objectOf)
  const headless = spec.clusterIP === 'None'
  const causes: Cause[] = []
  if (!types.includes(textOf(spec.type))) causes.push(unsupported('spec.type', spec.type ?? '', types))
  const outside = isOutside(spec)
  if (headless && outside)
    causes.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${textOf(spec.type)} services`))
  if (spec.type === 'ExternalName') {
    if (textOf(spec.externalName) === '') causes.push(required('spec.externalName'))
  } else if (ports.length === 0 && !headless) causes.push(required('spec.ports'))
  const names = ports.map((port) => textOf(port.name))
  for (const [i, port] of ports.entries()) {
    const [at, name] = [`spec.ports[${i}]`, names[i] ?? '']
    if (name === '' && ports.length > 1) causes.push(required(`${at}.name`))
    else if (name !== '') {
      causes.push(...nameCauses('label', name, `${at}.name`))
      if (names.indexOf(name) < i) causes.push(duplicate(`${at}.name`, name))
    }
    causes.push(...portRange(port.port ?? 0, `${at}.port`))
    if (!protocols.includes(textOf(port.protocol)))
      causes.push(unsupported(`${at}.protocol`, port.protocol ?? '', protocols))
    if (typeof port.targetPort === 'number') causes.push(...portRange(port.targetPort, `${at}.targetPort`))
  }
  for (const [i, port] of ports.entries()) {
    const twice = ports.slice(0, i).some((one) => one.port === port.port && one.protocol === port.protocol)
    if (twice) causes.push(duplicate(`spec.ports[${i}]`, { protocol: port.protocol, port: port.port }))
    const node = numberOf(port.nodePort)
    if (node > 0 && ports.slice(0, i).some((one) => one.nodePort === node && one.protocol === port.protocol))
      causes.push(duplicate(`spec.ports[${i}].nodePort`, node))
  }
  return causes
}
