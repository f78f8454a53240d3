import {
  getIn,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubeObject,
} from '../../../repo-layout/json.ts'
import { listOf, numberOf, objectOf, textOf } from '../defaults/fill.ts'
import type { PrinterColumn, Resource } from '../resources/resource.ts'
import { ageText, durationText } from './age.ts'

/** A column of a table and how its cells are made. */
export interface Column {
  readonly name: string
  readonly type: string
  readonly format?: string
  readonly description?: string
  readonly priority?: number
  cell(object: KubeObject, now: number): Json
}

const name: Column = { name: 'Name', type: 'string', format: 'name', cell: ({ metadata }) => metadata.name }
const age: Column = {
  name: 'Age',
  type: 'string',
  cell: ({ metadata }, now) => ageText(metadata.creationTimestamp, now),
}

function column(title: string, type: string, cell: (object: KubeObject, now: number) => Json, priority = 0): Column {
  return { name: title, type, priority, cell }
}

const spec = (object: KubeObject) => objectOf(object.spec)
const status = (object: KubeObject) => objectOf(object.status)
const count = (value: Json | undefined) => (isJsonObject(value) ? Object.keys(value).length : 0)

const containers = (object: KubeObject) =>
  listOf(getIn(object, ['spec', 'template', 'spec', 'containers'])).map(objectOf)
const wide = [
  column(
    'Containers',
    'string',
    (object) =>
      containers(object)
        .map((one) => textOf(one.name))
        .join(','),
    1,
  ),
  column(
    'Images',
    'string',
    (object) =>
      containers(object)
        .map((one) => textOf(one.image))
        .join(','),
    1,
  ),
]

const ready = (field: string) => (object: KubeObject) =>
  `${numberOf(status(object).readyReplicas)}/${numberOf(spec(object)[field])}`

const kinds: Readonly<Record<string, readonly Column[]>> = {
  configmaps: [name, column('Data', 'string', ({ data }) => count(data)), age],
  secrets: [
    name,
    column('Type', 'string', ({ type }) => textOf(type)),
    column('Data', 'string', ({ data }) => count(data)),
    age,
  ],
  namespaces: [name, column('Status', 'string', (object) => textOf(status(object).phase)), age],
  nodes: [
    name,
    column('Status', 'string', nodeStatus),
    column('Roles', 'string', () => '<none>'),
    age,
    column('Version', 'string', (object) => textOf(getIn(object, ['status', 'nodeInfo', 'kubeletVersion']))),
  ],
  pods: [
    name,
    column('Ready', 'string', podReady),
    column('Status', 'string', podStatus),
    column('Restarts', 'string', () => '0'),
    age,
    column('IP', 'string', (object) => textOf(status(object).podIP) || '<none>', 1),
    column('Node', 'string', (object) => textOf(spec(object).nodeName) || '<none>', 1),
  ],
  services: [
    name,
    column('Type', 'string', (object) => textOf(spec(object).type)),
    column('Cluster-IP', 'string', (object) => textOf(spec(object).clusterIP) || '<none>'),
    column('External-IP', 'string', () => '<none>'),
    column('Port(s)', 'string', (object) => listOf(spec(object).ports).map(portText).join(',') || '<none>'),
    age,
  ],
  'deployments.apps': [
    name,
    column('Ready', 'string', ready('replicas')),
    column('Up-to-date', 'integer', (object) => numberOf(status(object).updatedReplicas)),
    column('Available', 'integer', (object) => numberOf(status(object).availableReplicas)),
    age,
    ...wide,
  ],
  'replicasets.apps': [
    name,
    column('Desired', 'integer', (object) => numberOf(spec(object).replicas)),
    column('Current', 'integer', (object) => numberOf(status(object).replicas)),
    column('Ready', 'integer', (object) => numberOf(status(object).readyReplicas)),
    age,
    ...wide,
  ],
  'statefulsets.apps': [name, column('Ready', 'string', ready('replicas')), age, ...wide],
  'daemonsets.apps': [
    name,
    column('Desired', 'integer', (object) => numberOf(status(object).desiredNumberScheduled)),
    column('Current', 'integer', (object) => numberOf(status(object).currentNumberScheduled)),
    column('Ready', 'integer', (object) => numberOf(status(object).numberReady)),
    column('Up-to-date', 'integer', (object) => numberOf(status(object).updatedNumberScheduled)),
    column('Available', 'integer', (object) => numberOf(status(object).numberAvailable)),
    column('Node Selector', 'string', () => '<none>'),
    age,
    ...wide,
  ],
  'jobs.batch': [
    name,
    column('Status', 'string', jobStatus),
    column(
      'Completions',
      'string',
      (object) => `${numberOf(status(object).succeeded)}/${numberOf(spec(object).completions, 1)}`,
    ),
    column('Duration', 'string', jobDuration),
    age,
    ...wide,
  ],
  'endpointslices.discovery.k8s.io': [
    name,
    column('AddressType', 'string', ({ addressType }) => textOf(addressType)),
    column(
      'Ports',
      'string',
      ({ ports }) =>
        listOf(ports)
          .map((port) => String(objectOf(port).port))
          .join(',') || '<unset>',
    ),
    column(
      'Endpoints',
      'string',
      ({ endpoints }) =>
        listOf(endpoints)
          .flatMap((one) => listOf(objectOf(one).addresses))
          .join(',') || '<unset>',
    ),
    age,
  ],
  events: [
    column('Last Seen', 'string', ({ lastTimestamp, eventTime }, now) => ageText(lastTimestamp ?? eventTime, now)),
    column('Type', 'string', ({ type }) => textOf(type)),
    column('Reason', 'string', ({ reason }) => textOf(reason)),
    column('Object', 'string', ({ involvedObject }) => {
      const { kind, name: involved } = objectOf(involvedObject)
      return `${textOf(kind).toLowerCase()}/${textOf(involved)}`
    }),
    column('Message', 'string', ({ message }) => textOf(message).trim()),
    { ...name, priority: 1 },
  ],
  'customresourcedefinitions.apiextensions.k8s.io': [
    name,
    column('Created At', 'date', ({ metadata }) => textOf(metadata.creationTimestamp)),
  ],
}

/** The columns of a kind; those that are not known here have a name and an age. */
export function columnsOf(resource: Resource): readonly Column[] {
  const { custom } = resource
  if (!custom) return kinds[resource.storage] ?? [name, age]
  return custom.columns.length > 0 ? [name, ...custom.columns.map(customColumn)] : [name, age]
}

/** A column of a CRD; of JSONPath only plain steps are understood. */
function customColumn({ jsonPath, type, name: title, description, priority, format }: PrinterColumn): Column {
  const steps = jsonPath
    .replace(/^\$?\./, '')
    .split('.')
    .map((step) => step.replaceAll(/\\/g, ''))
  return {
    name: title,
    type,
    ...(format !== undefined && { format }),
    ...(description !== undefined && { description }),
    ...(priority !== undefined && { priority }),
    cell(object, now) {
      const value = getIn(object, steps)
      if (value === undefined) return null
      return type === 'date'
        ? ageText(value, now)
        : isJsonArray(value) || isJsonObject(value)
          ? JSON.stringify(value)
          : value
    },
  }
}

function nodeStatus(object: KubeObject): string {
  const condition = listOf(status(object).conditions)
    .map(objectOf)
    .find(({ type }) => type === 'Ready')
  const state = condition?.status === 'True' ? 'Ready' : condition ? 'NotReady' : 'Unknown'
  return spec(object).unschedulable === true ? `${state},SchedulingDisabled` : state
}

function podReady(object: KubeObject): string {
  const all = listOf(spec(object).containers).length
  const states = listOf(status(object).containerStatuses).map(objectOf)
  return `${states.filter((one) => one.ready === true).length}/${all}`
}

function podStatus(object: KubeObject): string {
  if (object.metadata.deletionTimestamp !== undefined) return 'Terminating'
  const phase = textOf(status(object).phase)
  return phase === 'Succeeded' ? 'Completed' : textOf(status(object).reason) || phase
}

function portText(value: Json): string {
  const port: JsonObject = objectOf(value)
  const node = numberOf(port.nodePort)
  return `${numberOf(port.port)}${node > 0 ? `:${node}` : ''}/${textOf(port.protocol)}`
}

function jobStatus(object: KubeObject): string {
  const conditions = listOf(status(object).conditions).map(objectOf)
  const holds = (type: string) => conditions.some((one) => one.type === type && one.status === 'True')
  return holds('Complete') ? 'Complete' : holds('Failed') ? 'Failed' : holds('Suspended') ? 'Suspended' : 'Running'
}

function jobDuration(object: KubeObject, now: number): string {
  const { startTime, completionTime } = status(object)
  if (typeof startTime !== 'string') return ''
  const end = typeof completionTime === 'string' ? Date.parse(completionTime) : now
  return durationText(end - Date.parse(startTime))
}
