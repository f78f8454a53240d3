import { formatPath } from '../../../repo-layout/document.ts'
import {
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonPath,
  jsonEqual,
  type KubeObject,
} from '../../../repo-layout/json.ts'
import { subjectOf } from '../../../repo-layout/subject.ts'

/** How many fields are named; more say nothing new. */
const mostNamed = 10

/**
 * In what two renders of the same chart differ, as texts that name objects and fields, never a value: most often it is a
 * password. Empty where they are equal.
 */
export function differencesOf(first: readonly KubeObject[], second: readonly KubeObject[]): readonly string[] {
  const [left, right] = [bySubject(first), bySubject(second)]
  const found = [...new Set([...left.keys(), ...right.keys()])].flatMap((subject) => {
    const [a, b] = [left.get(subject), right.get(subject)]
    if (a === undefined || b === undefined) return [`${subject} is there only once`]
    return changedPaths(a, b, []).map((path) => `${subject} ${formatPath(path)}`)
  })
  if (found.length > mostNamed) return [...found.slice(0, mostNamed), `and ${found.length - mostNamed} more fields`]
  return found.length === 0 && !jsonEqual([...first], [...second]) ? ['the order of its objects'] : found
}

/** Objects of one name that are there twice are told apart by their place. */
function bySubject(objects: readonly KubeObject[]): ReadonlyMap<string, KubeObject> {
  const found = new Map<string, KubeObject>()
  for (const object of objects) {
    const subject = subjectOf(object)
    let name = subject
    for (let i = 2; found.has(name); i++) name = `${subject} (${i})`
    found.set(name, object)
  }
  return found
}

function changedPaths(a: Json | undefined, b: Json | undefined, path: JsonPath): readonly JsonPath[] {
  if (jsonEqual(a, b)) return []
  if (isJsonObject(a) && isJsonObject(b))
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
      changedPaths(a[key], b[key], [...path, key]),
    )
  if (isJsonArray(a) && isJsonArray(b) && a.length === b.length)
    return a.flatMap((item, i) => changedPaths(item, b[i], [...path, i]))
  return [path]
}
