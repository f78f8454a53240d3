import { createHash } from 'node:crypto'
import { isJsonObject, type Json, type JsonObject, type KubeObject } from '../../repo-layout/json.ts'
import { annotations, fleetLabel } from '../../repo-layout/schema/common.ts'
import type { Subject } from '../../repo-layout/subject.ts'

/** Metadata that the API server writes: never sent, or a copied export could not be applied. */
const serverMetadata = new Set([
  'managedFields',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'resourceVersion',
  'selfLink',
  'uid',
])

/**
 * The annotation in which kubectl keeps its own record: never sent, or a manifest that was exported from a cluster would make us
 * owner of what each `kubectl apply` writes anew.
 */
const kubectlRecord = 'kubectl.kubernetes.io/last-applied-configuration'

/** Whose objects these are. */
export interface Owner {
  readonly fleetName: string
  readonly fleetUid: string
}

/**
 * Workloads on which the id is a label. Their controllers copy annotations to what they make, and a Deployment counts a new
 * annotation as a new generation: nothing is to be seen of an adoption there.
 */
const labelled: ReadonlySet<string> = new Set(['Deployment.apps', 'StatefulSet.apps', 'DaemonSet.apps'])

function idMapOf(subject: Subject): 'labels' | 'annotations' {
  return labelled.has(subject.slice(0, subject.indexOf('/'))) ? 'labels' : 'annotations'
}

/**
 * The value of the id: whose object this is and which. Controllers copy labels and annotations, so both must fit. As a label
 * it is hashes of the two, for a label may hold neither slashes nor so many signs.
 */
export function idOf({ fleetUid }: Owner, subject: Subject): string {
  if (idMapOf(subject) === 'annotations') return `${fleetUid}/${subject}`
  return `${digest(fleetUid, 16)}.${digest(subject, 32)}`
}

function digest(text: string, signs: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, signs)
}

/**
 * What is sent for an object: its manifest without what only the server writes (`status`, `managedFields`,
 * `creationTimestamp`) or kubectl does, `stringData` turned into `data` (a key dropped from stringData would stay for ever), with our
 * label and id. What `flotilla.dev/adopt` says is for us alone, and not sent. The object that is given is not changed.
 */
export function manifestOf(object: KubeObject, subject: Subject, owner: Owner): KubeObject {
  const { status: _status, stringData, ...rest } = object
  const { [kubectlRecord]: _record, [annotations.adopt]: _adopt, ...notes } = object.metadata.annotations ?? {}
  const metadata = Object.fromEntries(Object.entries(object.metadata).filter(([key]) => !serverMetadata.has(key)))
  const { annotations: _notes, ...others } = metadata
  const isLabel = idMapOf(subject) === 'labels'
  const id = { [annotations.id]: idOf(owner, subject) }
  const manifest: { [key: string]: Json | undefined } = {
    ...rest,
    metadata: {
      ...others,
      labels: { ...object.metadata.labels, [fleetLabel]: owner.fleetName, ...(isLabel ? id : {}) },
      ...(isLabel && Object.keys(notes).length === 0 ? {} : { annotations: isLabel ? notes : { ...notes, ...id } }),
    },
  }
  if (object.kind === 'Secret' && object.apiVersion === 'v1') {
    const data = encodedData(object.data, stringData)
    if (data) manifest.data = data
  } else if (stringData !== undefined) manifest.stringData = stringData
  return manifest as KubeObject
}

function encodedData(data: Json | undefined, stringData: Json | undefined): JsonObject | undefined {
  if (!isJsonObject(stringData)) return isJsonObject(data) ? data : undefined
  const encoded: { [key: string]: Json | undefined } = isJsonObject(data) ? { ...data } : {}
  for (const [key, value] of Object.entries(stringData))
    encoded[key] = typeof value === 'string' ? Buffer.from(value).toString('base64') : ''
  return encoded
}

/** The uid, resourceVersion and other text of an object's metadata; `''` where it is missing. */
export function metadataText(object: JsonObject, key: string): string {
  const metadata = object.metadata
  const value = isJsonObject(metadata) ? metadata[key] : undefined
  return typeof value === 'string' ? value : ''
}

/** A label or annotation of an object, or undefined. */
export function markOf(object: JsonObject, map: 'labels' | 'annotations', key: string): string | undefined {
  const metadata = object.metadata
  const values = isJsonObject(metadata) ? metadata[map] : undefined
  const value = isJsonObject(values) ? values[key] : undefined
  return typeof value === 'string' ? value : undefined
}

/** Whether a live object carries our id for this very Subject; a copy that a controller made does not. */
export function carriesOurId(live: JsonObject, subject: Subject, owner: Owner): boolean {
  return markOf(live, idMapOf(subject), annotations.id) === idOf(owner, subject)
}

/** What another fleet that owns a live object is told by: its uid, or a hash of it; undefined where none or ours does. */
export function otherFleet(live: JsonObject, subject: Subject, owner: Owner): string | undefined {
  const map = idMapOf(subject)
  const id = markOf(live, map, annotations.id)
  const end = map === 'labels' ? `.${digest(subject, 32)}` : `/${subject}`
  if (id === undefined || !id.endsWith(end) || id === idOf(owner, subject)) return undefined
  return id.slice(0, -end.length)
}

/** The annotation that suspends an object is never written to it, and so it is no difference. */
export function unsuspended(object: KubeObject): KubeObject {
  const { [annotations.suspend]: _suspend, ...rest } = object.metadata.annotations ?? {}
  return { ...object, metadata: { ...object.metadata, annotations: rest } }
}
