import { isJsonArray, isJsonObject, type Json, type JsonPath } from '../../json.ts'

/** One change of a value: what stands at a path, or the items of the list there. */
export type YamlEdit =
  /** Writes a value in the place of the one that is there, or adds it to the map above. */
  | { readonly type: 'set'; readonly path: JsonPath; readonly value: Json }
  /** Adds an item to the end of the list at the path. */
  | { readonly type: 'append'; readonly path: JsonPath; readonly value: Json }
  | { readonly type: 'remove'; readonly path: JsonPath }

/** The value with one change made; undefined where the path does not lead anywhere. */
export function changeJson(value: Json, edit: YamlEdit, depth = 0): Json | undefined {
  const { path } = edit
  const step = path[depth]
  if (step === undefined) {
    if (edit.type === 'set') return edit.value
    return edit.type === 'append' && isJsonArray(value) ? [...value, edit.value] : undefined
  }
  const isLast = depth === path.length - 1
  if (isJsonArray(value)) {
    const item = typeof step === 'number' ? value[step] : undefined
    if (item === undefined) return undefined
    if (isLast && edit.type === 'remove') return value.filter((_, i) => i !== step)
    const changed = changeJson(item, edit, depth + 1)
    return changed === undefined ? undefined : value.map((one, i) => (i === step ? changed : one))
  }
  if (!isJsonObject(value) || typeof step !== 'string') return undefined
  const own = Object.hasOwn(value, step) ? value[step] : undefined
  if (isLast && edit.type === 'remove') {
    if (own === undefined) return undefined
    return fromEntries(Object.entries(value).filter(([key]) => key !== step))
  }
  const changed =
    own === undefined ? (isLast && edit.type === 'set' ? edit.value : undefined) : changeJson(own, edit, depth + 1)
  if (changed === undefined) return undefined
  return fromEntries([...Object.entries(value).filter(([key]) => key !== step), [step, changed]])
}

function fromEntries(entries: readonly (readonly [string, Json | undefined])[]): Json {
  return Object.fromEntries(entries) as Json
}
