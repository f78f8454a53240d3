import { isJsonArray, isJsonObject, type Json, type JsonObject, jsonEqual } from '../../repo-layout/json.ts'
import {
  childrenInOrder,
  covers,
  follow,
  followWanted,
  formatPath,
  isLeaf,
  isOurs,
  managedFieldsOf,
  ourEntry,
  parseStep,
} from './fields.ts'
import { isEmptyWish } from './fingerprint.ts'
import { maskField } from './mask.ts'
import type { FieldDrift } from './types.ts'

/**
 * What stood differently in `before` than it does in `after`, the answer to our own (forced or dry-run) apply of
 * `wanted`: every path that `after` says is ours, with the manager that held it before. Comparing with the answer and
 * not with the manifest keeps normalised quantities, defaults and the work of mutating webhooks from being drift.
 *
 * Values of Secrets are masked. Fields that others added beside ours are not listed here (see `extras`).
 */
export function fieldDrift(before: JsonObject, after: JsonObject, wanted: JsonObject): FieldDrift[] {
  const entry = ourEntry(after)
  if (!entry) return []
  const found: FieldDrift[] = []
  const add = (path: readonly string[], live: Json | undefined, value: Json | undefined, manager: string) =>
    found.push(maskField(before, { path: formatPath(path), live, wanted: value, manager }))
  const visit = (node: JsonObject, path: string[], was: Json | undefined, is: Json | undefined, wish?: Json) => {
    for (const [text, step] of childrenInOrder(node, is)) {
      const child = node[text]
      if (!isJsonObject(child)) continue
      const here = [...path, text]
      const [old, now, want] = [follow(step, was), follow(step, is), followWanted(step, wish)]
      // A list item or a map that is gone is one thing to tell, not one for each of its fields.
      const whole = isLeaf(child) || old === undefined
      if (!whole) visit(child, here, old, now, want)
      else if (!isEmptyWish(want) && !jsonEqual(old, now)) add(here, old, now, holder(before, here, old))
    }
    const order = [keysOf(node, was), keysOf(node, is)] as const
    if (isReordered(...order)) add(path, order[0].map(label), order[1].map(label), 'unknown (reordered)')
  }
  visit(entry.fields, [], before, after, wanted)
  return found
}

/**
 * The same without an answer of the server: what a manifest says against what is live. A list that lacks something is
 * told whole, and a quantity that is only written otherwise is told too, so this is for what the server refuses to compare.
 */
export function plainDrift(live: JsonObject, manifest: JsonObject): FieldDrift[] {
  const found: FieldDrift[] = []
  const visit = (wish: JsonObject, is: JsonObject, path: readonly string[]) => {
    for (const [name, wanted] of Object.entries(wish)) {
      const here = [...path, `f:${name}`]
      const value = is[name]
      if (isJsonObject(wanted) && isJsonObject(value)) visit(wanted, value, here)
      else if (wanted !== undefined && !contains(value, wanted))
        found.push(maskField(live, { path: formatPath(here), live: value, wanted, manager: holder(live, here, value) }))
    }
  }
  visit(manifest, live, [])
  return found
}

/** Whether a live value is what a manifest asks for, or more than that. */
function contains(live: Json | undefined, wish: Json): boolean {
  if (isEmptyWish(wish)) return true
  if (isJsonArray(wish)) return isJsonArray(live) && wish.every((one) => live.some((item) => contains(item, one)))
  if (!isJsonObject(wish)) return jsonEqual(live, wish)
  return Object.entries(wish).every(
    ([name, one]) => one === undefined || contains(isJsonObject(live) ? live[name] : undefined, one),
  )
}

/** The keyed items of a list that a node names, in the order of the list. */
function keysOf(node: JsonObject, list: Json | undefined): string[] {
  if (!isJsonArray(list)) return []
  return childrenInOrder(node, list).flatMap(([text, step]) =>
    step.type === 'key' && follow(step, list) !== undefined ? [text] : [],
  )
}

function isReordered(before: readonly string[], after: readonly string[]): boolean {
  const common = before.filter((text) => after.includes(text))
  const same = after.filter((text) => before.includes(text))
  return common.some((text, i) => text !== same[i])
}

function label(text: string): string {
  return formatPath([text]).slice(1, -1)
}

/** Who holds a value that is gone: Kubernetes notes writers, not removers. */
const removed = 'unknown (removed)'

/**
 * Who holds a path of an object: `kubectl`, `kubectl (scale)`, several joined by commas. Where nobody does,
 * `unknown (removed)` if the value is gone and `unknown` if it only changed; ours if it was written in our name.
 */
export function holder(object: JsonObject, path: readonly string[], value: Json | undefined): string {
  const entries = managedFieldsOf(object).filter((entry) => covers(entry.fields, path))
  const others = entries.filter((entry) => !isOurs(entry))
  const names = (others.length > 0 ? others : entries).map(({ manager, subresource }) =>
    subresource === '' ? manager : `${manager} (${subresource})`,
  )
  if (names.length > 0) return [...new Set(names)].join(', ')
  return value === undefined ? removed : 'unknown'
}

/** The differences of an object that was never ours: nobody took away what it lacks. */
export function neverOurs(fields: readonly FieldDrift[]): readonly FieldDrift[] {
  return fields.map((field) => (field.manager === removed ? { ...field, manager: 'nobody' } : field))
}

/** Managers whose additions are Kubernetes' own bookkeeping and tell nobody anything. */
const bookkeepers = new Set(['kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-apiserver'])

/** Longest list of extras that is kept: they are shown to people. */
const mostExtras = 20

/**
 * Fields that others added beside ours: below something that we own a part of, held by another manager, outside
 * `status`. Shown, never drift.
 */
export function extras(live: JsonObject): string[] {
  const ours = ourEntry(live)
  if (!ours) return []
  const found = new Set<string>()
  for (const entry of managedFieldsOf(live)) {
    if (isOurs(entry) || entry.subresource !== '' || bookkeepers.has(entry.manager)) continue
    collectExtras(entry.fields, ours.fields, [], found)
    if (found.size >= mostExtras) break
  }
  return [...found].sort().slice(0, mostExtras)
}

function collectExtras(theirs: JsonObject, ours: JsonObject, path: readonly string[], found: Set<string>): void {
  for (const [text, child] of Object.entries(theirs)) {
    if (!isJsonObject(child) || parseStep(text) === undefined) continue
    if (path.length === 0 && text === 'f:status') continue
    const own = ours[text]
    const here = [...path, text]
    if (isJsonObject(own)) {
      if (!isLeaf(own)) collectExtras(child, own, here, found)
    } else found.add(formatPath(here))
  }
}
