import fc from 'fast-check'
import { isJsonObject, type Json, type JsonObject } from '../../../repo-layout/json.ts'
import { objectOf } from './objects.ts'
import { type Conversation, type Kind, type Operation, withMetadata } from './operations.ts'

const names = fc.constantFrom('a', 'b')
const managers = fc.constantFrom('m1', 'm2', 'm3')
const validation = fc.constantFrom('', '', 'Strict', 'Ignore')

function query(parts: Readonly<Record<string, string>>): string {
  const set = Object.entries(parts).filter(([, value]) => value !== '')
  return set.length === 0 ? '' : `?${new URLSearchParams(set)}`
}

function jsonType(path: string, type: string): Pick<Operation, 'path' | 'type'> {
  return { path, type }
}

/** Some parts of an object alone, with nulls: what a merge patch says. */
function partial(object: JsonObject, seed: number): JsonObject {
  const { apiVersion: _, kind: __, ...rest } = object
  const entries = Object.entries(rest).filter((_entry, i) => ((seed >> i) & 1) === 1)
  return Object.fromEntries(
    entries.map(([key, value]) => [key, (seed >> (key.length % 8)) % 5 === 0 ? null : (value ?? null)]),
  )
}

const jsonPatches: readonly Json[] = [
  [{ op: 'add', path: '/metadata/labels', value: { a: '9' } }],
  [{ op: 'replace', path: '/metadata/labels/a', value: '8' }],
  [{ op: 'remove', path: '/metadata/labels' }],
  [{ op: 'add', path: '/metadata/annotations', value: { j: 'p' } }],
  [{ op: 'test', path: '/metadata/name', value: 'a' }],
  [{ op: 'replace', path: '/spec/replicas', value: 2 }],
  [{ op: 'remove', path: '/spec/template/spec/containers/0' }],
  [{ op: 'add', path: '/metadata/finalizers', value: [] }],
  [{ op: 'replace', path: '/metadata/managedFields', value: [] }],
]

function operationsOf(kind: Kind): fc.Arbitrary<Operation> {
  const object = objectOf(kind)
  const { collection } = kind
  const named = fc.tuple(names, object).map(([name, one]) => ({ name, object: withMetadata(one, { name }) }))

  const create = fc.tuple(named, managers, validation, fc.constantFrom('', '', '', 'All')).map(
    ([one, fieldManager, fieldValidation, dryRun]): Operation => ({
      method: 'POST',
      path: `${collection}${query({ fieldManager, fieldValidation, dryRun })}`,
      body: one.object,
    }),
  )
  const apply = fc.tuple(named, managers, fc.boolean(), fc.constantFrom('', '', '', 'All'), validation).map(
    ([one, fieldManager, force, dryRun, fieldValidation]): Operation => ({
      method: 'PATCH',
      ...jsonType(
        `${collection}/${one.name}${query({ fieldManager, force: force ? 'true' : '', dryRun, fieldValidation })}`,
        'application/apply-patch+yaml',
      ),
      body: kind.strategic ? one.object : withoutEmptyMetadata(one.object),
    }),
  )
  const update = fc.tuple(named, managers, validation, fc.constantFrom('current', 'stale', undefined)).map(
    ([one, fieldManager, fieldValidation, versioned]): Operation => ({
      method: 'PUT',
      path: `${collection}/${one.name}${query({ fieldManager, fieldValidation })}`,
      body: one.object,
      ...(versioned !== undefined && { versioned: versioned as 'current' | 'stale' }),
    }),
  )
  const mergeType = kind.strategic
    ? ['application/merge-patch+json', 'application/strategic-merge-patch+json']
    : ['application/merge-patch+json']
  const patch = fc.tuple(named, managers, fc.nat(255), fc.constantFrom(...mergeType), validation).map(
    ([one, fieldManager, seed, type, fieldValidation]): Operation => ({
      method: 'PATCH',
      ...jsonType(`${collection}/${one.name}${query({ fieldManager, fieldValidation })}`, type),
      body: partial(one.object, seed),
    }),
  )
  const jsonPatch = fc.tuple(names, managers, fc.constantFrom(...jsonPatches)).map(
    ([name, fieldManager, body]): Operation => ({
      method: 'PATCH',
      ...jsonType(`${collection}/${name}${query({ fieldManager })}`, 'application/json-patch+json'),
      body,
    }),
  )
  const remove = fc
    .tuple(names, fc.constantFrom<Json>({}, { propagationPolicy: 'Background' }, { preconditions: { uid: 'x' } }))
    .map(([name, body]): Operation => ({ method: 'DELETE', path: `${collection}/${name}`, body }))
  const get = names.map((name): Operation => ({ method: 'GET', path: `${collection}/${name}` }))
  const list = fc
    .constantFrom(
      '',
      '?labelSelector=a%3D1',
      '?labelSelector=!a',
      '?limit=1',
      '?fieldSelector=metadata.name%3Da',
      '?labelSelector=a%20in%20(1,2),b',
    )
    .map((search): Operation => ({ method: 'GET', path: `${collection}${search}` }))
  const scale = scaleOf(collection)
  const status = fc.tuple(names, managers, fc.constantFrom<Json>({ observedGeneration: 1 }, {}), labels()).map(
    ([name, fieldManager, body, more]): Operation => ({
      method: 'PATCH',
      ...jsonType(`${collection}/${name}/status${query({ fieldManager })}`, 'application/merge-patch+json'),
      body: {
        status: kind.name === 'Service' || kind.name === 'Ingress' || kind.name === 'Widget' ? {} : body,
        metadata: { annotations: more },
      },
    }),
  )
  return fc.oneof(
    { weight: 4, arbitrary: create },
    { weight: 8, arbitrary: apply },
    { weight: 3, arbitrary: update },
    { weight: 4, arbitrary: patch },
    { weight: 2, arbitrary: jsonPatch },
    { weight: 2, arbitrary: remove },
    { weight: 1, arbitrary: get },
    { weight: 1, arbitrary: list },
    ...(kind.scale ? [{ weight: 2, arbitrary: scale }] : []),
    ...(kind.status ? [{ weight: 1, arbitrary: status }] : []),
  )
}

/** A real server writes a custom resource that was applied with these once more at the next chance; the sandbox does not. */
function withoutEmptyMetadata(object: JsonObject): JsonObject {
  const { metadata } = object
  return isJsonObject(metadata) ? { ...object, metadata: withoutEmpty(withoutNulls(metadata)) } : object
}

function withoutNulls(metadata: JsonObject): JsonObject {
  const full = ([, value]: readonly [string, Json | undefined]) => value !== null
  return Object.fromEntries(
    Object.entries(metadata)
      .filter(full)
      .map(([key, value]) => [
        key,
        isJsonObject(value) ? Object.fromEntries(Object.entries(value).filter(full)) : value,
      ]),
  )
}

function withoutEmpty(metadata: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => Object.keys(value ?? {}).length > 0))
}

function scaleOf(collection: string): fc.Arbitrary<Operation> {
  const replicas = fc.constantFrom<Json>(0, 0, 1, 1, 5, -1)
  return fc
    .tuple(names, managers, replicas, fc.constantFrom('merge', 'merge', 'apply', 'put', 'get'), fc.boolean())
    .map(([name, fieldManager, count, how, force]): Operation => {
      const path = `${collection}/${name}/scale`
      const spec = { replicas: count }
      const scale: Json = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name }, spec }
      if (how === 'get') return { method: 'GET', path }
      if (how === 'put') return { method: 'PUT', path: `${path}${query({ fieldManager })}`, body: scale }
      const patch = how === 'apply' ? 'application/apply-patch+yaml' : 'application/merge-patch+json'
      const forced = how === 'apply' && force ? 'true' : ''
      return {
        method: 'PATCH',
        ...jsonType(`${path}${query({ fieldManager, force: forced })}`, patch),
        body: how === 'apply' ? scale : { spec },
      }
    })
}

function labels(): fc.Arbitrary<JsonObject> {
  return fc.dictionary(fc.constantFrom('a', 's'), fc.constantFrom<Json>('1', '2'), {
    maxKeys: 2,
  }) as fc.Arbitrary<JsonObject>
}

/** A random conversation about one of these kinds, as objects of other kinds do not meet them. */
export function conversationsOf(kinds: readonly Kind[]): fc.Arbitrary<Conversation> {
  const watches = fc.constantFrom(undefined, undefined, '', 'labelSelector=a%3D1')
  return fc.constantFrom(...kinds).chain((kind) =>
    fc.tuple(fc.array(operationsOf(kind), { minLength: 1, maxLength: 8 }), watches).map(([operations, watch]) => ({
      kind,
      operations: watch === undefined ? operations : operations.map(withoutNullBytes),
      watch,
    })),
  )
}

/** Whether a write of null bytes over such is one depends on the second in which it comes. */
function withoutNullBytes(operation: Operation): Operation {
  const { body } = operation
  if (!isJsonObject(body)) return operation
  const bytes = (['data', 'binaryData'] as const).flatMap((key) => {
    const value = body[key]
    return isJsonObject(value)
      ? [[key, Object.fromEntries(Object.entries(value).map(([name, one]) => [name, one ?? '']))]]
      : []
  })
  return { ...operation, body: { ...body, ...Object.fromEntries(bytes) } }
}
