import { isJsonObject, type Json, type KubeObject } from '../../../repo-layout/json.ts'
import type { Backend } from '../backend.ts'
import { readBody } from '../decode/body.ts'
import { decode, fieldValidationOf, typedBody } from '../decode/decode.ts'
import { objectOf } from '../defaults/fill.ts'
import { verbOf } from '../http/audit.ts'
import { type AnyReply, type ApiRequest, isStream, json } from '../http/message.ts'
import type { Target } from '../http/target.ts'
import { strategyOf } from '../kinds/strategy.ts'
import type { Resource } from '../resources/resource.ts'
import { badRequest, notFound, StatusError } from '../status.ts'
import { type Entry, readEntry } from '../store/entry.ts'
import { type Call, dryRunOf, writeOptionsOf } from './call.ts'
import { createObject, inVersion } from './create.ts'
import { finalize } from './finalize.ts'
import { list } from './list.ts'
import { entryText, objectText, outputOf } from './output.ts'
import { patch } from './patch.ts'
import { deleteOptionsOf, removeObject } from './remove.ts'
import { accessReview } from './review.ts'
import { decodeScale, readScale, scaleOf, updatedByScale } from './scale.ts'
import { selectionOf } from './select.ts'
import { tokenRequest } from './token.ts'
import { checkName, updateObject } from './update.ts'
import { watch } from './watch.ts'

/** Answers a request for objects. Throws a `StatusError` for what is refused. */
export function serve(backend: Backend, target: Target, request: ApiRequest): AnyReply {
  const call: Call = { backend, target, request, warnings: [] }
  const verb = verbOf(request, target)
  const served = target.resource.verbs.includes(verb) || target.subresource !== ''
  if (!served)
    throw new StatusError(
      405,
      'MethodNotAllowed',
      'the server does not allow this method on the requested resource',
      {},
    )
  const reply = answer(verb, call)
  if (isStream(reply) || call.warnings.length === 0) return reply
  const warning = call.warnings.map((text) => `299 - ${JSON.stringify(text)}`)
  return { ...reply, headers: { ...reply.headers, warning } }
}

function answer(verb: string, call: Call): AnyReply {
  switch (verb) {
    case 'get':
      return get(call)
    case 'list':
      return list(call)
    case 'watch':
      return watch(call)
    case 'create':
      return create(call)
    case 'update':
      return update(call)
    case 'patch':
      return patch(call)
    case 'delete':
      return remove(call)
    case 'deletecollection':
      return removeAll(call)
    default:
      throw new StatusError(
        405,
        'MethodNotAllowed',
        'the server does not allow this method on the requested resource',
        {},
      )
  }
}

function found({ backend, target }: Call): Entry {
  const { resource, namespace, name } = target
  const entry = backend.store.get(resource.storage, namespace, name)
  if (entry) return entry
  throw notFound(resource.storage, name)
}

function get(call: Call): AnyReply {
  const { backend, target, request } = call
  const entry = found(call)
  const output = outputOf(request, backend.clock.now())
  if (target.subresource === 'scale')
    return json(200, JSON.stringify(readScale(target.resource, inVersion(readEntry(entry), target.resource))))
  return json(200, entryText(output, target.resource, entry))
}

function decodedBody(call: Call): KubeObject {
  const { target, request, warnings } = call
  const { value, duplicates } = readBody(request)
  const body = typedBody(target.resource, value)
  const decoded = decode(
    {
      resource: target.resource,
      validation: fieldValidationOf(request.query),
      duplicates,
      warn: (text) => void warnings.push(text),
    },
    body,
  )
  return placed(call, decoded)
}

/** The namespace may be left out of a body; another one is an error. */
function placed({ target }: Call, object: KubeObject): KubeObject {
  const { namespace } = object.metadata
  if (!target.resource.namespaced || namespace === target.namespace) return object
  if (namespace === undefined || namespace === '')
    return { ...object, metadata: { ...object.metadata, namespace: target.namespace } }
  throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
}

function create(call: Call): AnyReply {
  const { backend, target, request } = call
  const { resource, namespace } = target
  if (resource.plural.endsWith('reviews')) return json(201, JSON.stringify(accessReview(readBody(request).value)))
  if (target.subresource === 'token')
    return json(201, JSON.stringify(tokenRequest(backend, found(call), objectOf(readBody(request).value))))
  if (target.name !== '')
    throw new StatusError(
      405,
      'MethodNotAllowed',
      'the server does not allow this method on the requested resource',
      {},
    )
  if (resource.namespaced && namespace === '') throw badRequest('an object of this kind needs a namespace in its path')
  const object = createObject(backend, resource, namespace, decodedBody(call), writeOptionsOf(call))
  return json(201, objectText(outputOf(request, backend.clock.now()), resource, object))
}

function update(call: Call): AnyReply {
  const { backend, target, request } = call
  const { resource, namespace, name, subresource } = target
  const output = outputOf(request, backend.clock.now())
  if (subresource === 'finalize')
    return json(200, JSON.stringify(finalize(backend, found(call), readBody(request).value)))
  if (subresource === 'scale') {
    const entry = found(call)
    const live = inVersion(readEntry(entry), resource)
    const options = writeOptionsOf(call)
    const next = updatedByScale(backend, resource, live, decodeScale(readBody(request).value), options.by)
    const object = updateObject(backend, resource, entry, next, { ...options, tracked: true })
    return json(200, JSON.stringify(scaleOf(resource, object)))
  }
  const body = decodedBody(call)
  checkName(body.metadata.name, name)
  const entry = backend.store.get(resource.storage, namespace, name)
  if (!entry) {
    if (subresource !== '' || strategyOf(resource).createOnUpdate !== true) throw notFound(resource.storage, name)
    const fresh = { ...body, metadata: { ...body.metadata, resourceVersion: '' } }
    return json(
      201,
      objectText(output, resource, createObject(backend, resource, namespace, fresh, writeOptionsOf(call))),
    )
  }
  return json(200, objectText(output, resource, updateObject(backend, resource, entry, body, writeOptionsOf(call))))
}

function deleteBody(request: ApiRequest): Json | undefined {
  return request.body === '' ? undefined : readBody(request).value
}

function remove(call: Call): AnyReply {
  const { backend, target, request } = call
  const { resource } = target
  const entry = found(call)
  const options = deleteOptionsOf(deleteBody(request), request.query, dryRunOf(request.query.getAll('dryRun')))
  const { gone, object } = removeObject(backend, resource, entry, options)
  if (!gone || returnsObject(resource))
    return json(200, objectText(outputOf(request, backend.clock.now()), resource, object))
  return json(
    200,
    JSON.stringify({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: {
        name: entry.name,
        ...(resource.group !== '' && { group: resource.group }),
        kind: resource.plural,
        uid: objectOf(object.metadata).uid,
      },
    }),
  )
}

const returned = new Set([
  'namespaces',
  'persistentvolumeclaims',
  'persistentvolumes',
  'pods',
  'podtemplates',
  'resourcequotas',
  'serviceaccounts',
  'services',
])

/** Of some kinds the deletion is answered with the object, of most with a Status. */
function returnsObject({ storage, group }: Resource): boolean {
  return group === 'storage.k8s.io' || returned.has(storage)
}

function removeAll(call: Call): AnyReply {
  const { backend, target, request } = call
  const { resource, namespace } = target
  const body = deleteBody(request)
  const options = deleteOptionsOf(
    isJsonObject(body) ? body : undefined,
    request.query,
    dryRunOf(request.query.getAll('dryRun')),
  )
  const entries = backend.store
    .list(resource.storage, namespace === '' ? undefined : namespace)
    .filter(selectionOf(request.query, resource, namespace, ''))
  const items = entries.map((entry) => removeObject(backend, resource, entry, options).object)
  return json(
    200,
    JSON.stringify({
      kind: resource.listKind,
      apiVersion: resource.apiVersion,
      metadata: { resourceVersion: String(backend.store.revision()) },
      items: items.map(({ kind, apiVersion, ...rest }) => (resource.custom ? { kind, apiVersion, ...rest } : rest)),
    }),
  )
}
