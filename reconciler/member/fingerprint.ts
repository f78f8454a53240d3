import { createHash, createHmac } from 'node:crypto'
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../repo-layout/json.ts'
import { childrenInOrder, follow, followWanted, isLeaf, ourEntry } from './fields.ts'

/**
 * A digest of what we own in a live object: the apiVersion of our Apply entry and every path it names now with its live
 * value, the whole value at a leaf, keyed lists in live order. Two fingerprints differ exactly when somebody took,
 * changed, removed or reordered something of ours. Undefined where the object has no entry of ours.
 *
 * Leaves whose wanted value is `{}` or null are left out: what others put in there is not ours, apply never removes it,
 * and such a path may leave our entry by itself. `secretKey` makes the digest of a Secret a keyed one, so that a low
 * entropy value cannot be guessed from the inventory.
 */
export function fingerprint(live: JsonObject, wanted: JsonObject, secretKey: string): string | undefined {
  const entry = ourEntry(live)
  if (!entry) return undefined
  const hash = live.kind === 'Secret' ? createHmac('sha256', secretKey) : createHash('sha256')
  const parts = [`${entry.apiVersion}\n`]
  walk(parts, entry.fields, live, wanted)
  return hash.update(parts.join('')).digest('base64url')
}

/** Collects what is digested; handing each part to the digest by itself would cost more than the digest. */
function walk(parts: string[], node: JsonObject, live: Json | undefined, wanted: Json | undefined): void {
  for (const [text, step] of childrenInOrder(node, live)) {
    const child = node[text]
    if (!isJsonObject(child)) continue
    const value = follow(step, live)
    const wish = followWanted(step, wanted)
    if (!isLeaf(child)) {
      parts.push(`${text}{`)
      walk(parts, child, value, wish)
      parts.push('}')
    } else if (!isEmptyWish(wish)) {
      // A node that holds only `.` owns that the item is there, not what is in it.
      parts.push(`${text}=${'.' in child ? value !== undefined : canonical(value)}\n`)
    }
  }
}

/** Whether a manifest's value asks for nothing but to be there. */
export function isEmptyWish(wish: Json | undefined): boolean {
  return wish === null || (isJsonObject(wish) && Object.keys(wish).length === 0)
}

/** JSON with sorted keys: equal values are equal text. */
export function canonical(value: Json | undefined): string {
  if (isJsonArray(value)) return `[${value.map(canonical).join(',')}]`
  if (!isJsonObject(value)) return JSON.stringify(value) ?? 'undefined'
  const keys = Object.keys(value).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`
}
