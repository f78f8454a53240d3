import { createHash } from 'node:crypto'
import { isJsonArray, isJsonObject, type Json, type JsonObject, type KubeObject } from '../../../repo-layout/json.ts'
import { listOf, objectOf, textOf } from '../defaults/fill.ts'
import { controlledBy } from './owners.ts'

/** The pod that a workload's template asks for. */
export function podOf(owner: KubeObject, template: JsonObject, meta: JsonObject, spec: JsonObject = {}): KubeObject {
  const { labels, annotations } = objectOf(template.metadata)
  const { namespace } = owner.metadata
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace,
      ...(labels !== undefined && { labels }),
      ...(annotations !== undefined && { annotations }),
      ...meta,
      ownerReferences: [controlledBy(owner)],
    },
    spec: { ...objectOf(template.spec), ...spec },
  } as unknown as KubeObject
}

/** A condition of an object by type. */
export function conditionOf(object: KubeObject, type: string): JsonObject | undefined {
  return listOf(objectOf(object.status).conditions)
    .map(objectOf)
    .find((condition) => condition.type === type)
}

/** Whether a pod serves. */
export function isReady(pod: KubeObject): boolean {
  return conditionOf(pod, 'Ready')?.status === 'True'
}

/**
 * How many of the pods are available: ready for as long as their workload asks (`minReadySeconds`). `nextIn` is after how many
 * milliseconds another one is; undefined where none is about to be.
 */
export function availability(
  pods: readonly KubeObject[],
  minReadySeconds: number,
  now: number,
): { readonly available: number; readonly nextIn: number | undefined } {
  const left = pods.filter(isReady).map((pod) => {
    const since = Date.parse(textOf(conditionOf(pod, 'Ready')?.lastTransitionTime))
    return minReadySeconds === 0 ? 0 : Math.max(0, since + minReadySeconds * 1000 - now)
  })
  const waits = left.filter((ms) => ms > 0)
  return { available: left.length - waits.length, nextIn: waits.length > 0 ? Math.min(...waits) : undefined }
}

/** Whether a pod has come to its end. */
export function isDone(pod: KubeObject): boolean {
  const phase = textOf(objectOf(pod.status).phase)
  return phase === 'Succeeded' || phase === 'Failed'
}

/** The conditions with another one of its type; a status that stays keeps the time of its last transition. */
export function withCondition(conditions: Json | undefined, next: JsonObject, time: string): readonly JsonObject[] {
  const held = listOf(conditions).map(objectOf)
  const before = held.find(({ type }) => type === next.type)
  const since = before?.status === next.status ? (before?.lastTransitionTime ?? time) : time
  const written: JsonObject = { ...next, lastTransitionTime: since }
  return before ? held.map((one) => (one === before ? written : one)) : [...held, written]
}

const letters = 'bcdfghjklmnpqrstvwxz2456789'

/** A short text that stands for a template; the order of keys does not count. */
export function templateHash(template: JsonObject): string {
  const digest = createHash('sha256').update(canonical(template)).digest()
  return [...digest.subarray(0, 10)].map((byte) => letters[byte % letters.length]).join('')
}

function canonical(value: Json): string {
  if (isJsonArray(value)) return `[${value.map(canonical).join(',')}]`
  if (!isJsonObject(value)) return JSON.stringify(value)
  const keys = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key] ?? null)}`).join(',')}}`
}
