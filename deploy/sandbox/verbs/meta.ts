import { randomBytes, randomUUID } from 'node:crypto'
import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { type Backend, timeText } from '../backend.ts'
import { listOf } from '../defaults/fill.ts'
import type { Strategy } from '../kinds/strategy.ts'
import type { Resource } from '../resources/resource.ts'
import type { Cause } from '../status.ts'
import { invalid, required } from '../validate/causes.ts'
import { annotationCauses, labelCauses, nameCauses, nameRequired, nameRuleOf } from '../validate/names.ts'

/** An object with other metadata; an undefined value takes a key away. */
export function withMeta(object: KubeObject, changes: JsonObject): KubeObject {
  const metadata = Object.fromEntries(
    Object.entries({ ...object.metadata, ...changes }).filter(([, value]) => value !== undefined),
  )
  return { ...object, metadata } as unknown as KubeObject
}

const suffix = 'bcdfghjklmnpqrstvwxz2456789'

/** Five random characters as Kubernetes appends them to generated names. */
function randomSuffix(): string {
  return [...randomBytes(5)].map((byte) => suffix[byte % suffix.length]).join('')
}

/** The metadata that a new object gets from the server. */
export function newMetadata(object: KubeObject, backend: Backend, strategy: Strategy, namespace: string): KubeObject {
  const { generateName } = object.metadata
  const generated = !object.metadata.name && typeof generateName === 'string' && generateName !== ''
  return withMeta(object, {
    ...(generated && { name: `${generateName.slice(0, 58)}${randomSuffix()}` }),
    namespace: namespace === '' ? undefined : namespace,
    uid: randomUUID(),
    creationTimestamp: timeText(backend.clock.now()),
    generation: strategy.generation ? 1 : undefined,
    deletionTimestamp: undefined,
    deletionGracePeriodSeconds: undefined,
    selfLink: undefined,
    resourceVersion: undefined,
  })
}

/** What is wrong with the metadata of any object. */
export function metadataCauses(object: KubeObject, resource: Resource): readonly Cause[] {
  const { name, labels, annotations } = object.metadata
  return [
    ...(name ? nameCauses(nameRuleOf(resource.storage), name) : [nameRequired()]),
    ...labelCauses(labels, 'metadata.labels'),
    ...annotationCauses(annotations, 'metadata.annotations'),
    ...listOf(object.metadata.ownerReferences).flatMap((one, i) => ownerCauses(one as JsonObject, i)),
  ]
}

function ownerCauses(owner: JsonObject, i: number): readonly Cause[] {
  const at = `metadata.ownerReferences[${i}]`
  return ['apiVersion', 'kind', 'name', 'uid']
    .filter((field) => !owner[field])
    .map((field) =>
      field === 'apiVersion'
        ? invalid(`${at}.apiVersion`, '', 'version must not be empty')
        : field === 'uid' || field === 'name' || field === 'kind'
          ? invalid(`${at}.${field}`, '', 'must not be empty')
          : required(`${at}.${field}`),
    )
}

/** What of an object's metadata a change may not touch. */
export function frozenMetadata(next: KubeObject, live: KubeObject): readonly Cause[] {
  const { uid } = next.metadata
  return uid !== undefined && uid !== live.metadata.uid ? [invalid('metadata.uid', uid, 'field is immutable')] : []
}

/** The live object's own metadata, which no request changes. */
export function keptMetadata(next: KubeObject, live: KubeObject): KubeObject {
  const {
    name,
    namespace,
    uid,
    creationTimestamp,
    generation,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    generateName,
  } = live.metadata
  return withMeta(next, {
    name,
    namespace,
    uid: next.metadata.uid ?? uid,
    creationTimestamp,
    generation,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    generateName: next.metadata.generateName ?? generateName,
    selfLink: undefined,
    resourceVersion: live.metadata.resourceVersion,
  })
}
