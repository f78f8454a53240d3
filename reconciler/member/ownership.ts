import {
  getIn,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubeObject,
} from '../../repo-layout/json.ts'
import { annotations, fleetLabel } from '../../repo-layout/schema/common.ts'
import type { Api, Place } from './api.ts'
import {
  covers,
  isLeaf,
  isOurs,
  type ManagedFields,
  managedFieldsOf,
  mergeFields,
  ourEntry,
  ourManager,
  parseStep,
  subtractFields,
} from './fields.ts'
import { markOf, metadataText } from './manifest.ts'

/** The manager to which we hand what we leave to others. */
const handoverManager = `${ourManager}-handover`
/** Every name under which we own fields. */
const managers: readonly (Json | undefined)[] = [ourManager, handoverManager]
/** Managers whose fields an adoption takes: tools that a person ran, and the name the server gives to what was before. */
const clientSide = /^(kubectl(-.*)?|before-first-apply)$/
/** Managers of the tools whose marks keep an object from being adopted unless that is said on the object. */
const otherTools =
  /^(helm|Helm|argocd-.*|kustomize-controller|helm-controller|flux|hyperfed|kubefed.*|controller-manager)$/

/** Which entries give up what they share with us; `named` are the Fleet's own names of managers that write by Update. */
function givesWay({ manager, operation, subresource }: ManagedFields, named: readonly string[]): boolean {
  if (subresource !== '' || manager === ourManager) return false
  return (operation === 'Update' && (clientSide.test(manager) || named.includes(manager))) || otherTools.test(manager)
}

/**
 * Makes us the only owner of what we own together with client-side tools, those that `named` adds and the tools whose marks
 * keep an object from being adopted, so that a field dropped from Git later really
 * goes. One JSON patch of managedFields upon the object's resourceVersion: no value changes, so nothing restarts. What those
 * tools own beside ours stays theirs. Gives the object as it is then; the same object where there was nothing to do.
 */
export async function takeSole(
  api: Api,
  place: Place,
  live: KubeObject,
  named: readonly string[],
): Promise<KubeObject> {
  const ours = ourEntry(live)
  const raw = rawEntries(live)
  if (!ours) return live
  const kept = raw.flatMap((entry) => {
    const [read] = managedFieldsOf({ metadata: { managedFields: [entry] } })
    if (!read || !isJsonObject(entry) || !givesWay(read, named)) return [entry]
    const rest = subtractFields(read.fields, ours.fields)
    return rest === undefined ? [] : [{ ...entry, fieldsV1: rest }]
  })
  if (JSON.stringify(kept) === JSON.stringify(raw)) return live
  return replaceEntries(api, place, live, kept)
}

/**
 * *Absorb*: moves items of keyed lists that others added by Update into our entry, so that the next apply without them
 * removes them. Needed where such an item clashes with one of ours and every forced apply is refused (`kubectl edit svc` that
 * changes a port's number under the same name). Only lists of this name. Undefined where there is nothing to absorb.
 */
export async function absorbItems(
  api: Api,
  place: Place,
  live: KubeObject,
  listName: string,
): Promise<KubeObject | undefined> {
  let taken: JsonObject = {}
  const kept = rawEntries(live).map((entry) => {
    const [read] = managedFieldsOf({ metadata: { managedFields: [entry] } })
    if (read?.operation !== 'Update' || read.subresource !== '' || !isJsonObject(entry)) return entry
    const items = itemsBelow(read.fields, `f:${listName}`, false)
    if (!items) return entry
    taken = mergeFields(taken, items)
    return { ...entry, fieldsV1: subtractFields(read.fields, items) ?? {} }
  })
  const ours = kept.findIndex((entry) => managedFieldsOf({ metadata: { managedFields: [entry] } }).some(isOurs))
  const own = kept[ours]
  if (Object.keys(taken).length === 0 || !isJsonObject(own) || !isJsonObject(own.fieldsV1)) return undefined
  kept[ours] = { ...own, fieldsV1: mergeFields(own.fieldsV1, taken) }
  const filled = kept.filter(
    (entry) => !isJsonObject(entry) || !isJsonObject(entry.fieldsV1) || !isLeaf(entry.fieldsV1),
  )
  return replaceEntries(api, place, live, filled)
}

/** The part of a fieldsV1 set that lies in items of lists of this name; undefined where there is none. */
function itemsBelow(node: JsonObject, listStep: string, inside: boolean): JsonObject | undefined {
  const part: { [key: string]: Json | undefined } = {}
  for (const [text, child] of Object.entries(node)) {
    if (!isJsonObject(child)) continue
    if (inside && parseStep(text)?.type === 'key') part[text] = child
    else if (!inside) {
      const below = itemsBelow(child, listStep, text === listStep)
      if (below) part[text] = below
    }
  }
  return Object.keys(part).length === 0 ? undefined : part
}

/**
 * *Hand over*: makes another manager owner of a field with its live value, before an apply without it: when we are its
 * only owner, the server would reset it to its default. `path` is one of plain keys, as `['spec', 'replicas']`.
 */
export async function handOver(api: Api, place: Place, live: KubeObject, path: readonly string[]): Promise<void> {
  const ours = ourEntry(live)
  const steps = path.map((step) => `f:${step}`)
  const shared = managedFieldsOf(live).some((entry) => !isOurs(entry) && covers(entry.fields, steps))
  if (!ours || !covers(ours.fields, steps) || shared) return
  let value: Json | undefined = live
  for (const step of path) value = isJsonObject(value) ? value[step] : undefined
  if (value === undefined) return
  const { apiVersion, kind, metadata } = live
  let body: Json = value
  for (const step of [...path].reverse()) body = { [step]: body }
  const manifest = { apiVersion, kind, metadata: { name: metadata.name }, ...(isJsonObject(body) ? body : {}) }
  await api.apply(place, manifest, { uid: metadataText(live, 'uid'), manager: handoverManager })
}

/**
 * Lets an object go without changing what it is: our label, id and every entry of ours are taken away in one patch upon the
 * object's resourceVersion. Its fields then have no owner or those that shared them.
 */
export async function release(api: Api, place: Place, live: KubeObject): Promise<void> {
  const operations = markRemovals(live)
  const entries = rawEntries(live)
  const kept = entries.filter((entry) => !managers.includes(getIn(entry, ['manager'])))
  if (operations.length === 0 && kept.length === entries.length) return
  await api.patch(place, metadataText(live, 'resourceVersion'), [
    ...operations,
    { op: 'replace', path: '/metadata/managedFields', value: kept },
  ])
}

/** The operations of a JSON patch that take our label and id off an object; none where it carries none. */
function markRemovals(live: JsonObject): readonly JsonObject[] {
  const marks = [
    ['labels', fleetLabel],
    ['labels', annotations.id],
    ['annotations', annotations.id],
  ] as const
  return marks
    .filter(([map, key]) => markOf(live, map, key) !== undefined)
    .map(([map, key]) => ({
      op: 'remove',
      path: `/metadata/${map}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    }))
}

function replaceEntries(api: Api, place: Place, live: KubeObject, entries: readonly Json[]): Promise<KubeObject> {
  return api.patch(place, metadataText(live, 'resourceVersion'), [
    { op: 'replace', path: '/metadata/managedFields', value: entries },
  ])
}

function rawEntries(live: JsonObject): readonly Json[] {
  const metadata = live.metadata
  const entries = isJsonObject(metadata) ? metadata.managedFields : undefined
  return isJsonArray(entries) ? entries : []
}
