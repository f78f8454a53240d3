import { isJsonObject, type Json, type KubeObject } from '../../../repo-layout/json.ts'
import { applyManifest, gvkText } from '../apply/field-manager.ts'
import { mediaType, readBody } from '../decode/body.ts'
import { decode, fieldValidationOf, typedBody } from '../decode/decode.ts'
import { objectOf } from '../defaults/fill.ts'
import { type AnyReply, json } from '../http/message.ts'
import { jsonPatch } from '../patch/json-patch.ts'
import { mergePatch } from '../patch/merge-patch.ts'
import { strategicMerge } from '../patch/strategic.ts'
import { badRequest, notFound, StatusError } from '../status.ts'
import { type Entry, readEntry } from '../store/entry.ts'
import { invalid, refuse, required } from '../validate/causes.ts'
import { type Call, fieldScope, type WriteOptions, writeOptionsOf } from './call.ts'
import { createObject, inVersion } from './create.ts'
import { objectText, outputOf } from './output.ts'
import { appliedByScale, decodeScale, scaleOf, updatedByScale, writableScale } from './scale.ts'
import { checkName, conflict, updateObject } from './update.ts'

const applyTypes = ['application/apply-patch+yaml', 'application/apply-patch+json']

/** PATCH in all its forms; server-side apply creates what does not exist. */
export function patch(call: Call): AnyReply {
  const { backend, target, request } = call
  const type = mediaType(request)
  const { resource, namespace, name, subresource } = target
  const entry = backend.store.get(resource.storage, namespace, name)
  const options = writeOptionsOf(call)
  if (applyTypes.includes(type)) return apply(call, entry, options)
  if (request.query.has('force'))
    refuse({ kind: 'PatchOptions', group: 'meta.k8s.io' }, '', [
      { reason: 'FieldValueForbidden', message: 'Forbidden: may not be specified for non-apply patch', field: 'force' },
    ])
  if (!entry) throw notFound(resource.storage, name)
  const live = inVersion(readEntry(entry), resource)
  const before = subresource === 'scale' ? writableScale(backend, resource, live) : live
  const { value, duplicates } = readBody({
    ...request,
    headers: { ...request.headers, 'content-type': 'application/json' },
  })
  const after = patched(type, call, before, value)
  const tracked = subresource === 'scale'
  const decoded = tracked
    ? updatedByScale(
        backend,
        resource,
        live,
        sound(after, () => decodeScale(after)),
        options.by,
      )
    : named(name, decodePatched(call, after, duplicates))
  const object = updateObject(backend, resource, entry, decoded, { ...options, tracked, patch: true })
  return answer(call, 200, object)
}

function answer(call: Call, status: number, object: KubeObject): AnyReply {
  const { backend, target, request } = call
  const shown = target.subresource === 'scale' ? scaleOf(target.resource, object) : object
  return json(status, objectText(outputOf(request, backend.clock.now()), target.resource, shown))
}

function patched(type: string, { target }: Call, before: KubeObject, body: Json): Json {
  switch (type) {
    case 'application/json-patch+json':
      return jsonPatch(before, body)
    case 'application/merge-patch+json':
      return mergePatch(before, body)
    case 'application/strategic-merge-patch+json':
      if (target.resource.custom) throw unsupportedType(customPatchTypes)
      if (!isJsonObject(body)) throw badRequest('a strategic merge patch is an object')
      return strategicMerge(target.resource.schema, before, body)
    default:
      throw unsupportedType([
        'application/json-patch+json',
        'application/merge-patch+json',
        'application/strategic-merge-patch+json',
        ...applyTypes.slice(0, 1),
      ])
  }
}

const customPatchTypes = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml']

function unsupportedType(types: readonly string[]): StatusError {
  return new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`,
  )
}

function decodePatched({ target, request, warnings }: Call, after: Json, duplicates: readonly string[]): KubeObject {
  const { resource } = target
  const object = typedBody(resource, after)
  const warn = (text: string) => void warnings.push(text)
  const decoding = { resource, validation: fieldValidationOf(request.query), duplicates, warn }
  return sound(after, () => decode(decoding, object))
}

/** What a patch made of an object is said to be wrong with the patch. */
function sound<T>(after: Json, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 400) throw error
    const why = error.message.replace(/^.*? cannot be handled as a \w+: /, '')
    refuse({ kind: '', group: '' }, '', [invalid('patch', JSON.stringify(after), why)])
    throw error
  }
}

/** A patch may take away the name, or change it; neither leads anywhere. */
function named(name: string, object: KubeObject): KubeObject {
  checkName(object.metadata.name, name)
  return object
}

/** Server-side apply. */
function apply(call: Call, entry: Entry | undefined, options: WriteOptions): AnyReply {
  const { backend, target, request } = call
  const { resource, namespace, name, subresource } = target
  const manager = request.query.get('fieldManager') ?? ''
  if (manager === '')
    refuse({ kind: 'PatchOptions', group: 'meta.k8s.io' }, '', [
      required('fieldManager', 'is required for apply patch'),
    ])
  const by = { ...options.by, manager }
  const { value } = readBody(request)
  if (subresource === 'scale') return applyScale(call, entry, value, { ...options, by })
  const manifest = typedBody(resource, value)
  checkPlace(call, manifest)
  const live = entry && inVersion(readEntry(entry), resource)
  const { uid } = manifest.metadata
  if (!live && (subresource !== '' || typeof uid === 'string')) {
    if (typeof uid === 'string')
      throw conflict(
        resource,
        name,
        `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
      )
    throw notFound(resource.storage, name)
  }
  const scope = fieldScope(backend, resource, subresource)
  const force = request.query.get('force') === 'true'
  const place = resource.namespaced ? { name, namespace } : { name }
  const { object } = applyManifest(scope, live, manifest, place, by, force)
  const decoded = converted(manifest, () =>
    decode({ resource, validation: 'Ignore', duplicates: [], warn: () => undefined }, object),
  )
  const written = { ...options, by, tracked: true, patch: true }
  if (!entry) return answer(call, 201, createObject(backend, resource, namespace, decoded, written))
  return answer(call, 200, updateObject(backend, resource, entry, decoded, written))
}

function applyScale(call: Call, entry: Entry | undefined, value: Json, options: WriteOptions): AnyReply {
  const { backend, target, request } = call
  const { resource } = target
  if (!entry) throw notFound(resource.storage, target.name)
  const manifest = { metadata: {}, ...objectOf(value) } as unknown as KubeObject
  checkPlace(call, manifest)
  const live = inVersion(readEntry(entry), resource)
  const force = request.query.get('force') === 'true'
  const next = appliedByScale(backend, resource, live, manifest, options.by, force)
  return answer(call, 200, updateObject(backend, resource, entry, next, { ...options, tracked: true, patch: true }))
}

/** The name may be left out of a manifest; another one is an error. */
function checkPlace({ target }: Call, { metadata }: KubeObject): void {
  if (metadata.name !== undefined && metadata.name !== target.name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${target.name})`)
  if (metadata.namespace !== undefined && metadata.namespace !== target.namespace && target.resource.namespaced)
    throw badRequest(
      `the namespace of the object (${metadata.namespace}) does not match the namespace on the request (${target.namespace})`,
    )
}

/** What cannot be decoded after a merge is an error of the server, in the words of Kubernetes. */
function converted<T>({ apiVersion, kind, metadata }: KubeObject, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 400) throw error
    const gvk = `${gvkText(apiVersion)}, Kind=${kind}`
    const why = error.message.replace(/^.*? cannot be handled as a \w+: /, '')
    const at = `${metadata.namespace ?? ''}/${metadata.name ?? ''}; ${gvk}`
    throw new StatusError(
      500,
      '',
      `failed to convert new object (${at}) to proper version: unable to convert unstructured object to ${gvk}: error decoding from json: ${why}`,
    )
  }
}
