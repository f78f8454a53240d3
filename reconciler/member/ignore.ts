import {
  getIn,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  type JsonPath,
  type KubeObject,
} from '../../repo-layout/json.ts'
import { annotations } from '../../repo-layout/schema/common.ts'
import type { IgnoreRule } from '../../repo-layout/schema/fleet.ts'
import { groupOf } from '../../repo-layout/subject.ts'
import { covers, isOurs, type ManagedFields, managedFieldsOf, parseStep } from './fields.ts'

/** One path of a manifest that others may change, found by a rule. */
export interface IgnoredPath {
  readonly path: JsonPath
  /** Only while one of these managers owns the live field; undefined whoever does. */
  readonly managers: readonly string[] | undefined
}

/**
 * Fields that the API server or a controller fills for good, after the fields that kubefed retains on update of a Service
 * and those that its users missed there (PVC volumeName, caBundle of webhooks and CRD conversions). `*` stands for every
 * item of a list. kubefed retains `secrets` of a ServiceAccount only where the template has none: so does server-side
 * apply by itself.
 */
const builtIn: { readonly [kind: string]: readonly (readonly string[])[] } = {
  '/Service': [
    ['spec', 'clusterIP'],
    ['spec', 'clusterIPs'],
    ['spec', 'healthCheckNodePort'],
    ['spec', 'ports', '*', 'nodePort'],
  ],
  '/PersistentVolumeClaim': [['spec', 'volumeName']],
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': [['webhooks', '*', 'clientConfig', 'caBundle']],
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': [['webhooks', '*', 'clientConfig', 'caBundle']],
  'apiextensions.k8s.io/CustomResourceDefinition': [['spec', 'conversion', 'webhook', 'clientConfig', 'caBundle']],
}

/** Whether `spec.replicas` of a live object was last set by an autoscaler: kube-controller-manager through `scale`. */
export function isAutoscaled(live: JsonObject): boolean {
  return managedFieldsOf(live).some(
    ({ manager, subresource, fields }) =>
      manager === 'kube-controller-manager' && subresource === 'scale' && covers(fields, ['f:spec', 'f:replicas']),
  )
}

/**
 * All paths of a manifest that the rules let others change: those of the Fleet, of the object's own annotation and the
 * built-in ones. Paths that the manifest does not hold are left out, since what is not sent cannot be fought over.
 */
export function ignoredPaths(manifest: KubeObject, rules: readonly IgnoreRule[]): IgnoredPath[] {
  const group = groupOf(manifest.apiVersion)
  const found: IgnoredPath[] = []
  const add = (steps: readonly string[], managers?: readonly string[]) => {
    for (const path of expand(manifest, steps)) found.push({ path, managers })
  }
  for (const steps of builtIn[`${group}/${manifest.kind}`] ?? []) add(steps)
  for (const rule of rules) {
    const fits =
      (rule.group === undefined || rule.group === group) &&
      (rule.kind === undefined || rule.kind === manifest.kind) &&
      (rule.namespace === undefined || rule.namespace === manifest.metadata.namespace) &&
      (rule.name === undefined || rule.name === manifest.metadata.name)
    if (fits) for (const pointer of rule.jsonPointers) add(pointerSteps(pointer), rule.managedFieldsManagers)
  }
  const own = manifest.metadata.annotations?.[annotations.ignoreDifferences] ?? ''
  for (const pointer of own.split(',')) if (pointer.trim().startsWith('/')) add(pointerSteps(pointer.trim()))
  return found
}

/** The steps of a JSON pointer (RFC 6901). */
export function pointerSteps(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Turns steps as text into paths that exist in `value`: `*` into every index of a list, digits into one. */
function expand(value: Json | undefined, steps: readonly string[]): JsonPath[] {
  const [step, ...rest] = steps
  if (step === undefined) return value === undefined ? [] : [[]]
  if (isJsonArray(value)) {
    const indexes = step === '*' ? [...value.keys()] : [Number(step)]
    return indexes.flatMap((index) => expand(value[index], rest).map((path) => [index, ...path]))
  }
  if (!isJsonObject(value) || !Object.hasOwn(value, step)) return []
  return expand(value[step], rest).map((path) => [step, ...path])
}

/**
 * The manifest as it is sent upon a live object: an ignored path that another manager owns is left out (so we give it up),
 * any other is sent with the live value (leaving it out would remove it, since we are its only owner). Where the live
 * object lacks the field, the manifest's value is sent.
 */
export function withoutIgnored(manifest: KubeObject, live: JsonObject, rules: readonly IgnoreRule[]): KubeObject {
  const paths = ignoredPaths(manifest, rules)
  if (isAutoscaled(live))
    for (const path of expand(manifest, ['spec', 'replicas'])) paths.push({ path, managers: undefined })
  let result: Json = manifest
  const entries = managedFieldsOf(live)
  // Items that go would shift those behind them, so the last paths are dealt with first.
  for (const { path, managers } of [...paths].reverse()) {
    const place = liveSteps(manifest, live, path)
    if (place.value === undefined) continue
    const owners = entries.filter((entry) => !isOurs(entry) && covers(entry.fields, place.steps))
    if (managers && !owners.some(({ manager }) => managers.includes(manager))) continue
    result = replaceIn(result, path, owners.length > 0 ? undefined : place.value)
  }
  return result as KubeObject
}

interface Place {
  readonly steps: readonly string[]
  readonly value: Json | undefined
}

/** Where a path of the manifest stands in the live object: list items by their name or key, not by their index. */
function liveSteps(manifest: Json, live: Json, path: JsonPath): Place {
  const steps: string[] = []
  let [wish, value]: [Json | undefined, Json | undefined] = [manifest, live]
  for (const step of path) {
    if (typeof step === 'string') {
      wish = getIn(wish, [step])
      value = getIn(value, [step])
      steps.push(`f:${step}`)
      continue
    }
    const item = getIn(wish, [step])
    const at: number = isJsonArray(value) ? matchIndex(value, item, step) : -1
    const liveItem: Json | undefined = getIn(value, [at])
    steps.push(itemStep(live, steps, liveItem) ?? `i:${at}`)
    wish = item
    value = liveItem
  }
  return { steps, value }
}

/** The live item for an item of the manifest: by name, by port and protocol, else at the same index. */
function matchIndex(list: readonly Json[], item: Json | undefined, index: number): number {
  if (!isJsonObject(item)) return index
  if (item.name !== undefined) return list.findIndex((other) => getIn(other, ['name']) === item.name)
  if (item.port === undefined) return index
  return list.findIndex(
    (other) =>
      getIn(other, ['port']) === item.port && (getIn(other, ['protocol']) ?? 'TCP') === (item.protocol ?? 'TCP'),
  )
}

/** The text that fieldsV1 uses for a live list item, looked up in any entry that knows the list. */
function itemStep(live: Json, path: readonly string[], item: Json | undefined): string | undefined {
  if (!isJsonObject(live) || !isJsonObject(item)) return undefined
  for (const { fields } of managedFieldsOf(live)) {
    for (const text of Object.keys(nodeOf(fields, path))) {
      const step = parseStep(text)
      if (step?.type === 'key' && Object.entries(step.key).every(([name, part]) => item[name] === part)) return text
    }
  }
  return undefined
}

function nodeOf(fields: ManagedFields['fields'], path: readonly string[]): JsonObject {
  let node: JsonObject = fields
  for (const text of path) {
    const next = node[text]
    if (!isJsonObject(next)) return {}
    node = next
  }
  return node
}

/** A copy with the value at `path` replaced, or removed where it is undefined; other parts are shared. */
function replaceIn(value: Json, path: JsonPath, to: Json | undefined): Json {
  const [step, ...rest] = path
  if (step === undefined) return to ?? null
  if (isJsonArray(value) && typeof step === 'number') {
    if (rest.length === 0 && to === undefined) return value.filter((_, index) => index !== step)
    return value.map((item, index) => (index === step ? replaceIn(item, rest, to) : item))
  }
  if (!isJsonObject(value) || typeof step !== 'string') return value
  if (rest.length > 0) return { ...value, [step]: replaceIn(value[step] ?? null, rest, to) }
  if (to !== undefined) return { ...value, [step]: to }
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== step))
}
