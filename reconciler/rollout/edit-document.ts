import {
  getIn,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  type JsonPath,
  jsonEqual,
} from '../../repo-layout/json.ts'
import type { Position } from '../../repo-layout/message.ts'
import type { YamlEdit } from '../../repo-layout/yaml/edit/change-json.ts'
import { editYaml } from '../../repo-layout/yaml/edit/edit.ts'
import { listItems, parseYaml } from '../../repo-layout/yaml/parse.ts'

/** An object in a text, with where it begins. */
export interface ObjectInText {
  readonly value: JsonObject
  readonly at: Position
}

/** The object of this kind and name in a YAML text; undefined where there is none, or the text cannot be read. */
export function findObject(
  text: string,
  { kind, namespace, name }: { readonly kind: string; readonly namespace: string; readonly name: string },
): ObjectInText | undefined {
  const parsed = parseYaml(text)
  if (parsed.type !== 'documents') return undefined
  for (const document of parsed.documents) {
    for (const { value, path } of listItems(document.value)) {
      if (!isJsonObject(value) || value.kind !== kind || getIn(value, ['metadata', 'name']) !== name) continue
      if ((getIn(value, ['metadata', 'namespace']) ?? 'default') === namespace)
        return { value, at: document.locate(path) }
    }
  }
  return undefined
}

/** Makes edits of one object, and leaves every sign beside them; undefined where that cannot be done. */
export function editObject(text: string, at: Position, edits: readonly YamlEdit[]): string | undefined {
  return edits.reduce<string | undefined>((one, edit) => one && editYaml(one, at, edit), text)
}

/** The fewest edits that make one value of another one. Lists of another length are written anew. */
export function editsBetween(now: Json | undefined, then: Json, path: JsonPath): readonly YamlEdit[] {
  if (jsonEqual(now, then)) return []
  if (isJsonArray(now) && isJsonArray(then) && now.length === then.length)
    return then.flatMap((item, i) => editsBetween(now[i], item, [...path, i]))
  if (!isJsonObject(now) || !isJsonObject(then)) return [{ type: 'set', path, value: then }]
  const gone = Object.keys(now).filter((key) => then[key] === undefined && now[key] !== undefined)
  return [
    ...gone.map((key): YamlEdit => ({ type: 'remove', path: [...path, key] })),
    ...Object.entries(then).flatMap(([key, value]) =>
      value === undefined ? [] : editsBetween(now[key], value, [...path, key]),
    ),
  ]
}
