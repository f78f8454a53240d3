import { getIn, isJsonObject, type Json, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import { numberOf, objectOf, textOf } from '../defaults/fill.ts'
import type { Resource } from '../resources/resource.ts'
import { noSuchPath } from '../status.ts'

interface Paths {
  readonly spec: readonly string[]
  readonly status: readonly string[]
  readonly selector: readonly string[] | undefined
}

function pathsOf({ custom }: Resource): Paths {
  if (!custom) return { spec: ['spec', 'replicas'], status: ['status', 'replicas'], selector: undefined }
  const { scale } = custom
  if (!scale) throw noSuchPath()
  const steps = (path: string) => path.split('.').slice(1)
  return {
    spec: steps(scale.spec),
    status: steps(scale.status),
    selector: scale.selector === undefined ? undefined : steps(scale.selector),
  }
}

/** The `Scale` of a workload. */
export function scaleOf(resource: Resource, object: KubeObject): KubeObject {
  const paths = pathsOf(resource)
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const selector = paths.selector ? textOf(getIn(object, paths.selector)) : selectorText(objectOf(object.spec).selector)
  const replicas = numberOf(getIn(object, paths.spec))
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: numberOf(getIn(object, paths.status)), ...(selector !== '' && { selector }) },
  } as unknown as KubeObject
}

/** Whether a `Scale` asks for what is there: nobody gets to own the replicas by that. */
export function asksNothing(resource: Resource, object: KubeObject, scale: Json): boolean {
  const wanted = numberOf(objectOf(objectOf(scale).spec).replicas)
  return wanted === numberOf(getIn(object, pathsOf(resource).spec))
}

/** The workload with the replicas that a `Scale` asks for. */
export function scaled(resource: Resource, object: KubeObject, scale: Json): KubeObject {
  const replicas = numberOf(objectOf(objectOf(scale).spec).replicas)
  const { resourceVersion } = objectOf(objectOf(scale).metadata)
  const metadata = { ...object.metadata, ...(resourceVersion !== undefined && { resourceVersion }) }
  return { ...setIn(object, pathsOf(resource).spec, replicas), metadata } as unknown as KubeObject
}

function setIn(value: JsonObject, [step = '', ...rest]: readonly string[], leaf: Json): JsonObject {
  const inner = value[step]
  return { ...value, [step]: rest.length === 0 ? leaf : setIn(isJsonObject(inner) ? inner : {}, rest, leaf) }
}

/** A label selector in the form of a query: `a=b,c in (d,e)`. */
function selectorText(selector: Json | undefined): string {
  const { matchLabels, matchExpressions } = objectOf(selector)
  const labels = Object.entries(objectOf(matchLabels)).map(([key, value]) => `${key}=${String(value)}`)
  const expressions = (Array.isArray(matchExpressions) ? (matchExpressions as readonly Json[]) : []).map((one) => {
    const { key, operator, values } = objectOf(one)
    const list = Array.isArray(values) ? (values as readonly Json[]).join(',') : ''
    if (operator === 'Exists') return textOf(key)
    if (operator === 'DoesNotExist') return `!${textOf(key)}`
    return `${textOf(key)} ${operator === 'In' ? 'in' : 'notin'} (${list})`
  })
  return [...labels.sort(), ...expressions].join(',')
}
