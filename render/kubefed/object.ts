import { type SourceDocument, warningAt } from '../../repo-layout/document.ts'
import { isJsonObject, type Json, type JsonObject, type KubeObject } from '../../repo-layout/json.ts'
import type { Message } from '../../repo-layout/message.ts'
import { apiVersionProblem } from '../../repo-layout/names.ts'
import type { Valid } from '../../repo-layout/read/assemble.ts'
import type { FederatedDocument } from '../../repo-layout/read/interpret.ts'
import { annotations, fleetLabel } from '../../repo-layout/schema/common.ts'
import { annotationMessages, annotationProblem, inheritedAnnotations } from './annotations.ts'
import { applyOperation, type MutableJson, PatchError, setDotted, setKey } from './json-patch.ts'
import { type Override, setsReplicas } from './overrides.ts'
import type { Target } from './target.ts'

/** Metadata that API servers write: sent along, it would contradict what a member cluster holds. */
const runTimeFields: readonly string[] = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
  'managedFields',
]

/**
 * The object of a template before overrides: identity and kind are the target's, labels and (unlike kubefed)
 * annotations are kept; finalizers and what API servers write are left out with a warning.
 */
export function buildObject(
  valid: Valid<FederatedDocument>,
  target: Target,
): { readonly object: JsonObject; readonly messages: readonly Message[] } {
  const { document, value } = valid
  const template = (value.spec?.template ?? {}) as JsonObject
  const { apiVersion: _a, kind, metadata, ...rest } = template
  const written = isJsonObject(metadata) ? metadata : {}
  const { name: _n, namespace: _s, generateName: _g, finalizers: _f, labels, annotations: own, ...others } = written
  const more = Object.fromEntries(Object.entries(others).filter(([field]) => !runTimeFields.includes(field)))
  const messages = [...annotationMessages(valid), ...templateWarnings(document, target, kind, written)]
  const outer = inheritedAnnotations(valid)
  const notes = { ...Object.fromEntries(outer), ...(isJsonObject(own) ? own : {}) }
  const object: JsonObject = {
    apiVersion: target.apiVersion,
    kind: target.kind,
    metadata: {
      name: target.name,
      ...(target.namespace === undefined ? {} : { namespace: target.namespace }),
      ...(labels === undefined || labels === null ? {} : { labels }),
      ...(own === undefined || own === null ? {} : { annotations: own }),
      ...(outer.length > 0 && (isJsonObject(own) || !own) ? { annotations: notes } : {}),
      ...more,
    },
    ...rest,
  }
  return { object, messages }
}

function templateWarnings(
  document: SourceDocument,
  target: Target,
  kind: Json | undefined,
  written: Readonly<Record<string, Json | undefined>>,
): Message[] {
  const { name, namespace, generateName, finalizers } = written
  const at = (field: string) => ['spec', 'template', 'metadata', field]
  const warn = (field: string, text: string) => warningAt(document, at(field), 'template-metadata', text)
  const messages: Message[] = []
  if (isOther(kind, target.kind)) {
    const text = `the object is a ${target.kind}, as the federated object says; this kind has no effect`
    messages.push(warningAt(document, ['spec', 'template', 'kind'], 'template-metadata', text))
  }
  if (isOther(name, target.name)) {
    messages.push(
      warn('name', `the object is named "${target.name}", as the federated object; this name has no effect`),
    )
  }
  if (isOther(namespace, target.namespace)) {
    messages.push(warn('namespace', 'the namespace is that of the federated object; this one has no effect'))
  }
  if (isOther(generateName, undefined)) messages.push(warn('generateName', 'generateName has no effect'))
  if (Array.isArray(finalizers) && finalizers.length > 0) {
    messages.push(warn('finalizers', 'finalizers of a template are left out, as in kubefed'))
  }
  for (const field of runTimeFields) {
    if ((written[field] ?? null) === null) continue
    messages.push(warn(field, `${field} is written by API servers; that of a template is left out`))
  }
  return messages
}

/** Whether something is written, and not what it is anyway. */
function isOther(written: Json | undefined, actual: string | undefined): boolean {
  return (written ?? undefined) !== undefined && written !== '' && written !== actual
}

/** Why an object cannot be made for a cluster; `at` is the override that does not apply. */
export interface FailedObject {
  readonly type: 'failed'
  readonly at: Override | undefined
  readonly text: string
}

/** The object as one cluster gets it, or why it cannot be made. */
export type ClusterObject = { readonly type: 'object'; readonly object: KubeObject } | FailedObject

type MutableObject = { [key: string]: MutableJson }

/**
 * Applies overrides to an object in their order, all or nothing. What makes it that object (kind, name, namespace) must
 * stay, and it must be one that an API server could take.
 */
export function changeObject(
  base: JsonObject,
  overrides: readonly Override[],
): { readonly type: 'changed'; readonly object: MutableObject; readonly metadata: MutableObject } | FailedObject {
  const object = structuredClone(base) as MutableObject
  for (const override of overrides) {
    try {
      if (override.dotted) setDotted(object, override.path, override.value)
      else applyOperation(object, override)
    } catch (error) {
      if (!(error instanceof PatchError)) throw error
      return { type: 'failed', at: override, text: error.message }
    }
  }
  const { metadata } = object
  const was = isJsonObject(base.metadata) ? base.metadata : {}
  const kept =
    object.kind === base.kind &&
    isMutableObject(metadata) &&
    metadata.name === was.name &&
    metadata.namespace === was.namespace &&
    typeof object.apiVersion === 'string'
  const badVersion = typeof object.apiVersion === 'string' ? apiVersionProblem(object.apiVersion) : undefined
  if (badVersion) {
    const culprit = overrides.findLast(({ path }) => path === '/apiVersion' || path === 'apiVersion')
    return { type: 'failed', at: culprit, text: `the apiVersion "${object.apiVersion}" ${badVersion}` }
  }
  if (!kept) {
    const last = overrides.at(-1)
    return {
      type: 'failed',
      at: last,
      text: 'overrides must not change kind, name or namespace, nor take the apiVersion',
    }
  }
  const text = metadataProblem(metadata)
  if (text === undefined) return { type: 'changed', object, metadata }
  return { type: 'failed', at: overrides.findLast(({ path }) => /^\/?metadata\b/.test(path)), text }
}

/** Tells what no API server would take in labels and annotations. */
function metadataProblem(metadata: MutableObject): string | undefined {
  for (const field of ['labels', 'annotations']) {
    const texts = metadata[field] ?? {}
    if (!isMutableObject(texts)) return `metadata.${field} must be an object of texts`
    for (const [key, value] of Object.entries(texts)) {
      if (typeof value !== 'string')
        return `metadata.${field}: "${key}" is ${JSON.stringify(value)}; quote it, API servers take only text`
      const problem = field === 'annotations' ? annotationProblem(key, value) : undefined
      if (problem !== undefined) return problem
    }
  }
  return undefined
}

/**
 * Applies the overrides of one cluster, and puts on what no override may change: the fleet label, and the annotation that
 * names the retained fields.
 */
export function finishObject(
  base: JsonObject,
  options: {
    readonly overrides: readonly Override[]
    readonly fleetName: string
    readonly retained: readonly string[]
    readonly retainReplicas: boolean
  },
): ClusterObject {
  const { overrides, fleetName } = options
  const changed = changeObject(base, overrides)
  if (changed.type === 'failed') return changed
  const retainsReplicas = options.retainReplicas && !overrides.some(setsReplicas)
  const retained = retainsReplicas ? [...new Set(['/spec/replicas', ...options.retained])] : options.retained
  putOn(changed.metadata, fleetName, retained)
  return { type: 'object', object: changed.object as KubeObject }
}

function putOn(metadata: MutableObject, fleetName: string, retained: readonly string[]): void {
  const labels = isMutableObject(metadata.labels) ? metadata.labels : {}
  setKey(labels, fleetLabel, fleetName)
  const notes = isMutableObject(metadata.annotations) ? metadata.annotations : {}
  if (retained.length > 0) {
    const written = notes[annotations.ignoreDifferences]
    const all = [...(typeof written === 'string' ? written.split(',') : []), ...retained]
    setKey(notes, annotations.ignoreDifferences, [...new Set(all.map((path) => path.trim()))].join(','))
  }
  const { name, namespace, labels: _l, annotations: _n, ...more } = metadata
  for (const key of Object.keys(metadata)) delete metadata[key]
  Object.assign(metadata, { name }, namespace === undefined ? {} : { namespace }, { labels })
  if (Object.keys(notes).length > 0) metadata.annotations = notes
  Object.assign(metadata, more)
}

function isMutableObject(value: MutableJson | undefined): value is MutableObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
