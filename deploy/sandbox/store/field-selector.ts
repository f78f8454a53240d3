import { getIn, isJsonObject, type Json, type KubeObject } from '../../../repo-layout/json.ts'
import { badRequest } from '../status.ts'

/** Whether an object is selected. */
export type FieldTest = (object: KubeObject) => boolean

/** What may be selected by, beside name and namespace. */
const fields: Readonly<Record<string, readonly string[]>> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  nodes: ['spec.unschedulable'],
  namespaces: ['status.phase'],
  secrets: ['type'],
  services: ['spec.clusterIP', 'spec.type'],
  'replicasets.apps': ['status.replicas'],
  'jobs.batch': ['status.successful'],
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
}

/** Reads `fieldSelector` of a query for a kind; throws 400 where a field cannot be selected by. */
export function parseFieldSelector(text: string, storage: string): FieldTest | undefined {
  if (text.trim() === '') return undefined
  const tests = text.split(',').map((part) => {
    const found = part.match(/^([^=!]+)(==|=|!=)(.*)$/)
    if (!found) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`)
    const [, field = '', operator, value = ''] = found
    const known = ['metadata.name', 'metadata.namespace', ...(fields[storage] ?? [])]
    if (!known.includes(field)) throw badRequest(`field label not supported: ${field}`)
    const path = field === 'source' ? ['source', 'component'] : field.split('.')
    return (object: KubeObject) => (textOf(getIn(object, path)) === value) === (operator !== '!=')
  })
  return (object) => tests.every((test) => test(object))
}

function textOf(value: Json | undefined): string {
  return value === undefined || value === null || isJsonObject(value) ? '' : String(value)
}
