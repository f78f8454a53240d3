import { isJsonObject, type Json, type JsonObject, jsonEqual } from '../../repo-layout/json.ts'
import { withoutMarks } from '../member/adopt.ts'
import { fieldDrift, holder, plainDrift } from '../member/drift.ts'
import { childrenInOrder, follow, formatPath, isLeaf, ourEntry } from '../member/fields.ts'
import { maskField } from '../member/mask.ts'
import type { FieldDrift } from '../member/types.ts'
import type { Rehearsed } from './rehearsal.ts'

/**
 * The fields that an apply changes, from what is live to what it would be: those that Git sets, and those that left Git
 * and go with it. Our own marks are left out. Empty for an object that is not there before, or not after.
 */
export function changedFields(done: Omit<Rehearsed, 'tried' | 'patched'>): readonly FieldDrift[] {
  const { before, after, manifest, assumed, removed } = done
  if (!before || !after || !manifest) return []
  const [was, is, wanted] = [withoutMarks(before), withoutMarks(after), withoutMarks(manifest)]
  if (assumed || removed) return plainDrift(was, wanted)
  return [...fieldDrift(was, is, wanted), ...droppedFields(was, is)]
}

/** Fields that we own in `before` and not in `after`, as far as their value changes with it. */
function droppedFields(before: JsonObject, after: JsonObject): FieldDrift[] {
  const found: FieldDrift[] = []
  const visit = (node: JsonObject, kept: JsonObject, path: readonly string[], was?: Json, is?: Json) => {
    for (const [text, step] of childrenInOrder(node, was)) {
      const child = node[text]
      const still = kept[text]
      const here = [...path, text]
      const [old, now] = [follow(step, was), follow(step, is)]
      if (!isJsonObject(child)) continue
      if (isJsonObject(still)) {
        if (!isLeaf(child) && !isLeaf(still)) visit(child, still, here, old, now)
      } else if (!jsonEqual(old, now))
        found.push(
          maskField(before, { path: formatPath(here), live: old, wanted: now, manager: holder(before, here, old) }),
        )
    }
  }
  visit(ourEntry(before)?.fields ?? {}, ourEntry(after)?.fields ?? {}, [], before, after)
  return found
}
