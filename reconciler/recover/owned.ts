import { isJsonArray, isJsonObject, type Json, type JsonObject, type KubeObject } from '../../repo-layout/json.ts'
import { annotations, fleetLabel } from '../../repo-layout/schema/common.ts'
import { childrenInOrder, follow, isLeaf, ourEntry } from '../member/fields.ts'

/**
 * What we once applied of a live object, as far as we still own it: exactly the fields of our Apply entry, without the marks
 * that we add ourselves. Undefined where the object carries no entry of ours.
 */
export function ownedObject(live: KubeObject): KubeObject | undefined {
  const entry = ourEntry(live)
  if (!entry) return undefined
  const owned = ownedPart(entry.fields, live)
  const { metadata: own, ...rest } = isJsonObject(owned) ? owned : {}
  const { name, namespace } = live.metadata
  const { labels, annotations: notes, ...others } = isJsonObject(own) ? own : {}
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...others,
    ...without('labels', labels),
    ...without('annotations', notes),
  }
  return { apiVersion: entry.apiVersion, kind: live.kind, metadata, ...rest }
}

/** The part of a live value that a node of fieldsV1 owns, with the items of lists in live order. */
function ownedPart(node: JsonObject, live: Json | undefined): Json | undefined {
  if (isLeaf(node)) {
    // A node that holds only `.` owns that the map or list is there, not what is in it.
    if (!('.' in node)) return live
    return isJsonArray(live) ? [] : isJsonObject(live) ? {} : live
  }
  const parts = childrenInOrder(node, live).flatMap(([text, step]) => {
    const value = follow(step, live)
    const child = node[text]
    return value === undefined || !isJsonObject(child) ? [] : [{ step, value: ownedPart(child, value) }]
  })
  if (isJsonArray(live))
    return parts.flatMap(({ step, value }) => {
      if (step.type === 'key') return [{ ...step.key, ...(isJsonObject(value) ? value : {}) }]
      return value === undefined ? [] : [value]
    })
  return Object.fromEntries(parts.flatMap(({ step, value }) => (step.type === 'field' ? [[step.name, value]] : [])))
}

/** What says whose an object is, be it a label or an annotation. */
const marks: ReadonlySet<string> = new Set([fleetLabel, annotations.id])

function without(field: string, values: Json | undefined): JsonObject {
  if (!isJsonObject(values)) return {}
  const rest = Object.entries(values).filter(([key]) => !marks.has(key))
  return rest.length === 0 ? {} : { [field]: Object.fromEntries(rest) }
}
