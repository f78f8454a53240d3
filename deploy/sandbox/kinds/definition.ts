import { type JsonObject, jsonEqual, type KubeObject } from '../../../repo-layout/json.ts'
import { timeText } from '../backend.ts'
import { listOf, objectOf, textOf } from '../defaults/fill.ts'
import type { Cause } from '../status.ts'
import { invalid, required } from '../validate/causes.ts'
import type { Strategy } from './strategy.ts'

/** CustomResourceDefinitions: named after what they define. They are established as soon as they are created. */
export const definitionStrategy: Strategy = {
  generation: 'spec',
  prepareCreate: (object, backend) =>
    ({ ...object, status: establishedStatus(object, timeText(backend.clock.now())) }) as KubeObject,
  prepareUpdate: (next, live) => {
    const status = objectOf(live.status)
    const names = objectOf(next.spec).names
    return {
      ...next,
      status: { ...status, acceptedNames: names, storedVersions: storedVersions(next, status) },
    } as KubeObject
  },
  validate: (object) => causesOf(object),
  validateUpdate(next, live) {
    const [now, before] = [objectOf(next.spec), objectOf(live.spec)]
    return ['group', 'scope']
      .filter((field) => !jsonEqual(now[field] ?? null, before[field] ?? null))
      .map((field) => invalid(`spec.${field}`, now[field] ?? null, 'field is immutable'))
  },
}

function storageVersion(object: KubeObject): string {
  const version = listOf(objectOf(object.spec).versions)
    .map(objectOf)
    .find((one) => one.storage === true)
  return textOf(version?.name)
}

function storedVersions(object: KubeObject, status: JsonObject): readonly string[] {
  const held = listOf(status.storedVersions).map(String)
  const now = storageVersion(object)
  return held.includes(now) ? held : [...held, now]
}

function establishedStatus(object: KubeObject, time: string): JsonObject {
  const condition = (type: string, reason: string, message: string): JsonObject => ({
    type,
    status: 'True',
    lastTransitionTime: time,
    reason,
    message,
  })
  return {
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
    acceptedNames: objectOf(object.spec).names ?? {},
    storedVersions: storedVersions(object, {}),
  }
}

function causesOf(object: KubeObject): readonly Cause[] {
  const spec = objectOf(object.spec)
  const names = objectOf(spec.names)
  const versions = listOf(spec.versions).map(objectOf)
  const expected = `${textOf(names.plural)}.${textOf(spec.group)}`
  const causes: Cause[] = []
  if (object.metadata.name !== expected)
    causes.push(invalid('metadata.name', object.metadata.name, `must be spec.names.plural+"."+spec.group`))
  for (const field of ['plural', 'kind']) {
    if (textOf(names[field]) === '') causes.push(required(`spec.names.${field}`))
  }
  if (textOf(spec.group) === '') causes.push(required('spec.group'))
  if (textOf(spec.scope) === '') causes.push(required('spec.scope'))
  if (versions.filter((one) => one.storage === true).length !== 1)
    causes.push(
      invalid('spec.versions', listOf(spec.versions), 'must have exactly one version marked as storage version'),
    )
  for (const [i, version] of versions.entries()) {
    if (objectOf(version.schema).openAPIV3Schema === undefined)
      causes.push(required(`spec.versions[${i}].schema.openAPIV3Schema`, 'schemas are required'))
  }
  return causes
}
