import { isJsonObject, type Json, type JsonObject } from '../../../repo-layout/json.ts'
import { quantity } from '../../../repo-layout/quantity.ts'
import { listOf, objectOf, textOf } from '../defaults/fill.ts'
import type { Cause } from '../status.ts'
import { duplicate, forbidden, invalid, required, unsupported } from '../validate/causes.ts'
import { nameCauses } from '../validate/names.ts'

/** What is wrong with a pod's spec at `field`. `restarts` are the restart policies that the kind allows. */
export function podSpecCauses(spec: Json | undefined, field: string, restarts: readonly string[]): readonly Cause[] {
  const value = objectOf(spec)
  const containers = listOf(value.containers)
  const policy = textOf(value.restartPolicy)
  return [
    ...volumeCauses(value, `${field}.volumes`),
    ...(containers.length === 0 ? [required(`${field}.containers`)] : []),
    ...containerCauses(containers, `${field}.containers`, volumeNames(value), []),
    ...containerCauses(listOf(value.initContainers), `${field}.initContainers`, volumeNames(value), containers),
    ...(restarts.includes(policy) ? [] : [restartCause(policy, `${field}.restartPolicy`, restarts)]),
  ]
}

/** A Job must say what it wants: `Always` counts as having said nothing. */
function restartCause(policy: string, field: string, restarts: readonly string[]): Cause {
  if (restarts.includes('Always') || policy !== 'Always') return unsupported(field, policy, restarts)
  return required(field, `valid values: ${restarts.map((one) => JSON.stringify(one)).join(', ')}`)
}

function volumeNames(spec: JsonObject): readonly string[] {
  return listOf(spec.volumes).map((one) => textOf(objectOf(one).name))
}

function volumeCauses(spec: JsonObject, field: string): readonly Cause[] {
  const names = volumeNames(spec)
  const mixed = listOf(spec.volumes).flatMap((one, i) => sourceCauses(objectOf(one), `${field}[${i}]`))
  const misnamed = names.flatMap((name, i) =>
    name === ''
      ? [required(`${field}[${i}].name`)]
      : names.indexOf(name) < i
        ? [duplicate(`${field}[${i}].name`, name)]
        : nameCauses('label', name, `${field}[${i}].name`),
  )
  return [...misnamed, ...mixed]
}

const sources = [
  'emptyDir',
  'hostPath',
  'secret',
  'nfs',
  'iscsi',
  'persistentVolumeClaim',
  'downwardAPI',
  'configMap',
  'projected',
  'ephemeral',
  'csi',
]

/** A volume comes from one place. */
function sourceCauses(volume: JsonObject, at: string): readonly Cause[] {
  const [, ...more] = sources.filter((source) => volume[source] !== undefined)
  return more.map((source) => forbidden(`${at}.${source}`, 'may not specify more than 1 volume type'))
}

/** `others` are containers whose names are taken already. */
function containerCauses(
  containers: readonly Json[],
  field: string,
  volumes: readonly string[],
  others: readonly Json[],
): readonly Cause[] {
  const nameOf = (one: Json) => textOf(objectOf(one).name)
  const names = containers.map(nameOf)
  const taken = others.map(nameOf)
  return containers.flatMap((one, i) => {
    const container = objectOf(one)
    const [at, name] = [`${field}[${i}]`, names[i] ?? '']
    return [
      ...(name === '' ? [required(`${at}.name`)] : nameCauses('label', name, `${at}.name`)),
      ...(name !== '' && (names.indexOf(name) < i || taken.includes(name)) ? [duplicate(`${at}.name`, name)] : []),
      ...(textOf(container.image) === '' ? [required(`${at}.image`)] : []),
      ...portCauses(listOf(container.ports), `${at}.ports`),
      ...envCauses(listOf(container.env), `${at}.env`),
      ...mountCauses(listOf(container.volumeMounts), `${at}.volumeMounts`, volumes),
      ...probeCauses(container, at, field.endsWith('.initContainers')),
      ...resourceCauses(container.resources, `${at}.resources`),
    ]
  })
}

const protocols = ['SCTP', 'TCP', 'UDP']

function portCauses(ports: readonly Json[], field: string): readonly Cause[] {
  const names = ports.map((port) => textOf(objectOf(port).name))
  return ports.flatMap((one, i) => {
    const port = objectOf(one)
    const name = names[i] ?? ''
    return [
      ...(name !== '' && names.indexOf(name) < i ? [duplicate(`${field}[${i}].name`, name)] : []),
      ...(port.containerPort === 0 || port.containerPort === undefined
        ? [required(`${field}[${i}].containerPort`)]
        : portRange(port.containerPort, `${field}[${i}].containerPort`)),
      ...(protocols.includes(textOf(port.protocol))
        ? []
        : [unsupported(`${field}[${i}].protocol`, port.protocol ?? '', protocols)]),
    ]
  })
}

/** What is wrong with a port number. */
export function portRange(port: Json, field: string): readonly Cause[] {
  return typeof port === 'number' && port >= 1 && port <= 65535
    ? []
    : [invalid(field, port, 'must be between 1 and 65535, inclusive')]
}

function envCauses(env: readonly Json[], field: string): readonly Cause[] {
  return env.flatMap((one, i) => {
    const variable = objectOf(one)
    if (textOf(variable.name) === '') return [required(`${field}[${i}].name`)]
    const both = textOf(variable.value) !== '' && isJsonObject(variable.valueFrom)
    return both ? [invalid(`${field}[${i}].valueFrom`, '', 'may not be specified when `value` is not empty')] : []
  })
}

function mountCauses(mounts: readonly Json[], field: string, volumes: readonly string[]): readonly Cause[] {
  return mounts.flatMap((one, i) => {
    const mount = objectOf(one)
    const name = textOf(mount.name)
    return [
      ...(name === ''
        ? [required(`${field}[${i}].name`)]
        : volumes.includes(name)
          ? []
          : [
              {
                reason: 'FieldValueNotFound',
                message: `Not found: ${JSON.stringify(name)}`,
                field: `${field}[${i}].name`,
              },
            ]),
      ...(textOf(mount.mountPath) === '' ? [required(`${field}[${i}].mountPath`)] : []),
    ]
  })
}

const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc']

function probeCauses(container: JsonObject, at: string, init: boolean): readonly Cause[] {
  return ['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((key) => {
    const probe = container[key]
    if (isJsonObject(probe) && init && container.restartPolicy !== 'Always')
      return [forbidden(`${at}.${key}`, 'may not be set for init containers without restartPolicy=Always')]
    if (!isJsonObject(probe) || handlers.some((handler) => probe[handler] !== undefined)) return []
    return [required(`${at}.${key}`, 'must specify a handler type')]
  })
}

const quantityForm = /^[+-]?(\d+\.?\d*|\.\d+)(([KMGTPE]i)|[numkMGTPE]|([eE][+-]?\d+))?$/

function resourceCauses(resources: Json | undefined, field: string): readonly Cause[] {
  const { limits, requests } = objectOf(resources)
  const malformed = [['limits', limits] as const, ['requests', requests] as const].flatMap(([part, amounts]) =>
    Object.entries(objectOf(amounts)).flatMap(([name, amount]) =>
      typeof amount === 'string' && !quantityForm.test(amount)
        ? [invalid(`${field}.${part}[${name}]`, amount, 'quantities must match the regular expression')]
        : [],
    ),
  )
  const tooMuch = Object.entries(objectOf(requests)).flatMap(([name, amount]) => {
    const limit = objectOf(limits)[name]
    if (limit === undefined || amount === undefined || quantity(amount) <= quantity(limit)) return []
    return [invalid(`${field}.requests`, amount, `must be less than or equal to ${name} limit of ${String(limit)}`)]
  })
  return [...malformed, ...tooMuch]
}
