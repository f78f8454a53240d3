import { getIn, isJsonArray, isJsonObject, type Json, type JsonObject, type JsonPath } from '../../repo-layout/json.ts'
import { groupOf } from '../../repo-layout/subject.ts'
import type { YamlEdit } from '../../repo-layout/yaml/edit/change-json.ts'

/** What one field of the copy in one cluster is to be; gone where `value` is undefined. */
export interface Wish {
  readonly cluster: string
  /** Where it stands in the rendered copy. */
  readonly at: JsonPath
  readonly value: Json | undefined
  /** The copy as it is to be. */
  readonly object: Json
}

/** One way to say a wish in a federated document, and what it does in a word. */
export interface Way {
  readonly does: 'added' | 'changed' | 'removed'
  readonly edits: readonly YamlEdit[]
}

/** An override of the cluster, as it is written. */
interface Written {
  readonly index: number
  readonly op: Json | undefined
  readonly steps: readonly string[]
  readonly value: Json | undefined
}

/**
 * The ways in which the overrides of a federated document could say a wish, the plainest first. Whoever asks has to render
 * them to see which one does: an override may stand before another that moves its list, or a selector may have said it. Pure.
 */
export function waysToSay(document: JsonObject, wish: Wish): readonly Way[] {
  // Overrides that add and remove items may leave no place to name; the list as a whole has one.
  const lists = wish.at.flatMap((step, i) => (typeof step === 'number' ? [wish.at.slice(0, i)] : [])).reverse()
  const wholes = lists.flatMap((at) => waysFor(document, { ...wish, at, value: getIn(wish.object, at) }))
  return [...waysFor(document, wish), ...wholes]
}

function waysFor(document: JsonObject, wish: Wish): readonly Way[] {
  const entries = listIn(document, ['spec', 'overrides'])
  const entry = entries.findIndex((one) => getIn(one, ['clusterName']) === wish.cluster)
  const own = entry < 0 ? [] : writtenIn(entries[entry])
  const steps = wish.at.map(String)
  const at = (index: number) => ['spec', 'overrides', entry, 'clusterOverrides', index]
  const same = own.find((one) => isEqual(one.steps, steps))
  const above = own.findLast((one) => one.op !== 'remove' && one.value !== undefined && isAbove(one.steps, steps))
  const below = own.filter((one) => isAbove(steps, one.steps))
  const dropping = (list: readonly Written[]) => removals(entries, entry, own, list)
  const adding = add(document, entries, entry, own, wish)
  return [
    ...(same ? [{ does: 'removed' as const, edits: dropping([same]) }] : []),
    ...(below.length > 0 ? [{ does: 'removed' as const, edits: dropping(below) }] : []),
    ...(same ? [{ does: 'changed' as const, edits: change(at(same.index), same, wish.value) }] : []),
    ...(above ? [{ does: 'changed' as const, edits: inside(at(above.index), above, wish) }] : []),
    ...[below, same ? [same] : []].flatMap((list) =>
      list.length > 0 ? [{ does: 'changed' as const, edits: [...adding, ...each(at, list)] }] : [],
    ),
    { does: 'added', edits: adding },
  ]
}

function writtenIn(entry: Json | undefined): readonly Written[] {
  return listIn(entry, ['clusterOverrides']).flatMap((one, index) => {
    const path = getIn(one, ['path'])
    if (typeof path !== 'string') return []
    return [{ index, op: getIn(one, ['op']), steps: stepsOf(path), value: getIn(one, ['value']) }]
  })
}

/** The steps of a path in either notation. */
function stepsOf(path: string): readonly string[] {
  if (!path.startsWith('/')) return path.split('.')
  return path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Takes overrides out, and what is empty without them. */
function removals(
  entries: readonly Json[],
  entry: number,
  own: readonly Written[],
  gone: readonly Written[],
): readonly YamlEdit[] {
  const list = ['spec', 'overrides', entry, 'clusterOverrides']
  if (gone.length < own.length) return each((index) => [...list, index], gone)
  if (entries.length > 1) return [{ type: 'remove', path: ['spec', 'overrides', entry] }]
  return [{ type: 'remove', path: ['spec', 'overrides'] }]
}

/** The last first, so that the others keep their places. */
function each(at: (index: number) => JsonPath, gone: readonly Written[]): readonly YamlEdit[] {
  return [...gone].sort((a, b) => b.index - a.index).map(({ index }) => ({ type: 'remove', path: at(index) }))
}

/** Makes an override say another value, or take its path away. */
function change(path: JsonPath, { op, value }: Written, wanted: Json | undefined): readonly YamlEdit[] {
  if (wanted === undefined)
    return [
      { type: 'set', path: [...path, 'op'], value: 'remove' },
      ...(value === undefined ? [] : [{ type: 'remove' as const, path: [...path, 'value'] }]),
    ]
  return [
    ...(op === 'remove' ? [{ type: 'set' as const, path: [...path, 'op'], value: 'replace' }] : []),
    { type: 'set', path: [...path, 'value'], value: wanted },
  ]
}

/** Changes a part of the value that an override writes. */
function inside(path: JsonPath, above: Written, { at, value }: Wish): readonly YamlEdit[] {
  const part = [...path, 'value', ...at.slice(above.steps.length)]
  return [value === undefined ? { type: 'remove', path: part } : { type: 'set', path: part, value }]
}

function add(
  document: JsonObject,
  entries: readonly Json[],
  entry: number,
  own: readonly Written[],
  { cluster, at, value }: Wish,
): readonly YamlEdit[] {
  const path = pathText(document, entries, at, value)
  const saysOp = value === undefined || nameOps(entries)
  const override: Json = {
    path,
    ...(saysOp ? { op: value === undefined ? 'remove' : 'replace' } : {}),
    ...(value === undefined ? {} : { value }),
  }
  if (own.length > 0)
    return [{ type: 'append', path: ['spec', 'overrides', entry, 'clusterOverrides'], value: override }]
  if (entry >= 0) return [{ type: 'set', path: ['spec', 'overrides', entry, 'clusterOverrides'], value: [override] }]
  const fresh = { clusterName: cluster, clusterOverrides: [override] }
  if (entries.length > 0) return [{ type: 'append', path: ['spec', 'overrides'], value: fresh }]
  return [{ type: 'set', path: ['spec', 'overrides'], value: [fresh] }]
}

/** Whether the overrides that set something all name their operation. */
function nameOps(entries: readonly Json[]): boolean {
  const ops = entries.flatMap((entry) => listIn(entry, ['clusterOverrides']).map((one) => getIn(one, ['op'])))
  const setting = ops.filter((op) => op !== 'remove')
  return setting.length > 0 && setting.every((op) => typeof op === 'string' && op !== '')
}

/**
 * The path in the notation that the document uses: kubefed's `v1alpha1` knows dotted paths alone, which can neither name an
 * item of a list nor take anything away.
 */
function pathText(document: JsonObject, entries: readonly Json[], at: JsonPath, value: Json | undefined): string {
  const pointer = at.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
  const paths = entries.flatMap((entry) =>
    listIn(entry, ['clusterOverrides']).map((one) => String(getIn(one, ['path']) ?? '')),
  )
  const { apiVersion } = document
  const dotted =
    paths.length > 0
      ? paths.every((path) => !path.startsWith('/'))
      : groupOf(String(apiVersion)) === 'types.federation.k8s.io'
  const canBe = value !== undefined && at.every((step) => typeof step === 'string' && /^[^./]+$/.test(step))
  return dotted && canBe ? at.join('.') : pointer
}

function listIn(value: Json | undefined, path: JsonPath): readonly Json[] {
  const list = isJsonObject(value) ? getIn(value, path) : undefined
  return isJsonArray(list) ? list : []
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((step, i) => step === b[i])
}

function isAbove(a: readonly string[], b: readonly string[]): boolean {
  return a.length < b.length && a.every((step, i) => step === b[i])
}
