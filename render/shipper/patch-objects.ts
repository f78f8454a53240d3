import type { JsonPath, KubeObject } from '../../repo-layout/json.ts'
import { groupOf, kindWithGroup, subjectOf } from '../../repo-layout/subject.ts'
import { changeObject } from '../kubefed/object.ts'
import type { ObjectPatch, Target } from './overrides.ts'

/** Whose objects they are. */
export interface Names {
  readonly application: string
  readonly release: string
}

/** What a chart rendered, changed, or which override does not apply and why. */
export type Patched =
  | { readonly type: 'patched'; readonly objects: readonly KubeObject[] }
  | { readonly type: 'failed'; readonly at: JsonPath; readonly problem: string }

/** Applies patches in their order, all or nothing, each to all objects that it means. One that means nothing fails. */
export function patchObjects(objects: readonly KubeObject[], patches: readonly ObjectPatch[], names: Names): Patched {
  let now = objects
  for (const { target, overrides, at } of patches) {
    if (!now.some((object) => isMeant(object, target, names)))
      return { type: 'failed', at, problem: nothingMeant(now, target, names) }
    const changed: KubeObject[] = []
    for (const object of now) {
      if (!isMeant(object, target, names)) {
        changed.push(object)
        continue
      }
      const made = changeObject(object, overrides)
      if (made.type === 'failed') {
        const where = made.at ? [...made.at.at, 'path'] : at
        return { type: 'failed', at: where, problem: `${subjectOf(object)}: ${made.text}` }
      }
      changed.push(made.object as KubeObject)
    }
    now = changed
  }
  return { type: 'patched', objects: now }
}

function isMeant(object: KubeObject, { group, kind, name }: Target, names: Names): boolean {
  if (object.kind !== kind || (group !== undefined && groupOf(object.apiVersion) !== group)) return false
  return name === undefined || name === object.metadata.name || name === nameInChart(object, names)
}

/** A name as a person knows it, whatever release it is of. */
function nameInChart({ metadata: { name } }: KubeObject, { application, release }: Names): string {
  return name.replaceAll(release, application)
}

function nothingMeant(objects: readonly KubeObject[], { group, kind, name }: Target, names: Names): string {
  const what = `${kindWithGroup(kind, group ?? '')}${name === undefined ? '' : ` "${name}"`}`
  const there = objects.map(
    (object) => `${kindWithGroup(object.kind, groupOf(object.apiVersion))} "${nameInChart(object, names)}"`,
  )
  return `the chart renders no ${what}; it renders ${there.length === 0 ? 'nothing' : there.join(', ')}`
}
