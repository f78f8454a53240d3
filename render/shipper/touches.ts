import {
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  jsonEqual,
  type KubeObject,
} from '../../repo-layout/json.ts'
import type { Subject } from '../../repo-layout/subject.ts'
import { podUses, type WorkloadUse } from '../pod-uses.ts'
import type { Content } from './copies.ts'
import { labels, type Rollout } from './rollout.ts'
import { leadsTo } from './routes.ts'

/** An object of a cluster that changes, or stays, under pods that run. */
export interface Touch {
  readonly subject: Subject
  /** Paths of what differs, `/data/greeting`, sorted; never a value. Empty where the object stays as it is. */
  readonly fields: readonly string[]
  /** Those of the pods that run, as far as manifests say it; empty where they say nothing. */
  readonly usedBy: readonly WorkloadUse[]
}

/**
 * The objects of one cluster whose content goes over from one release to another between two contents. An object that is
 * new, or gone, is none: it is made, or deleted, and no pod that runs has it another way. `running` are the releases that
 * have pods meanwhile.
 */
export function touchesBetween(before: Content, after: Content, running: readonly Rollout[]): readonly Touch[] {
  return [...before].flatMap(([subject, [from, was]]) => {
    const [to, is] = after.get(subject) ?? []
    if (!to || !is || to.name === from.name) return []
    const fields = changedPaths(comparable(was, from), comparable(is, to))
    return fields.length > 0 ? [{ subject, fields, usedBy: usersOf(was, before, running) }] : []
  })
}

/**
 * The objects of one cluster that pods of an older release use and the one that leads has no more: they stay as long as the
 * older one is kept. Objects that are named after their release are its own, and no matter.
 */
export function leftBehind(content: Content, lead: Rollout, running: readonly Rollout[]): readonly Touch[] {
  return [...content].flatMap(([subject, [owner, object]]) => {
    const isShared = owner.generation < lead.generation && !object.metadata.name.includes(owner.name)
    if (!isShared) return []
    const usedBy = usersOf(
      object,
      content,
      running.filter(({ name }) => name === owner.name),
    )
    return usedBy.length > 0 ? [{ subject, fields: [], usedBy }] : []
  })
}

function usersOf(object: KubeObject, content: Content, running: readonly Rollout[]): readonly WorkloadUse[] {
  return running.flatMap((rollout) => {
    const [, workload] = content.get(rollout.workload) ?? []
    const [, service] = (rollout.service === undefined ? undefined : content.get(rollout.service)) ?? []
    if (!workload) return []
    const carries = service !== undefined && (service === object || leadsTo(object, [service]))
    const uses = [...new Set([...podUses(object, workload), ...(carries ? (['traffic'] as const) : [])])]
    return uses.length > 0 ? [{ workload: rollout.workload, uses }] : []
  })
}

/** Labels that only say which release and which version of a chart an object is of. */
const origin: readonly string[] = [
  ...[labels.release, labels.hash, labels.owner],
  ...['helm.sh/chart', 'chart', 'app.kubernetes.io/version'],
]

/** An object without what differs from release to release by itself. */
function comparable(object: KubeObject, { name }: Rollout): JsonObject {
  const { labels: own = {}, ...metadata } = object.metadata
  const kept = Object.entries(own).flatMap(([key, value]) =>
    origin.includes(key) ? [] : [[key, value.replaceAll(name, '{release}')] as const],
  )
  return { ...object, metadata: { ...metadata, labels: Object.fromEntries(kept) } }
}

/** The paths at which two values differ, as deep as they have the same shape. Items of lists are told apart by their name. */
function changedPaths(was: Json | undefined, is: Json | undefined, path = ''): readonly string[] {
  if (jsonEqual(was, is)) return []
  if (isJsonObject(was) && isJsonObject(is)) {
    const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort()
    return keys.flatMap((key) => changedPaths(was[key], is[key], `${path}/${key}`))
  }
  const [old, now] = [byName(was), byName(is)]
  if (!old || !now) return [path]
  const names = [...new Set([...old.keys(), ...now.keys()])].sort()
  const inside = names.flatMap((name) => changedPaths(old.get(name), now.get(name), `${path}[name=${name}]`))
  return inside.length > 0 ? inside : [path]
}

/** The items of a list by their names; undefined where they have none, or not each its own. */
function byName(list: Json | undefined): ReadonlyMap<string, Json> | undefined {
  if (!isJsonArray(list)) return undefined
  const items = list.map((item) => [isJsonObject(item) ? item.name : undefined, item] as const)
  const names = new Set(items.map(([name]) => name))
  if (names.size < items.length || [...names].some((name) => typeof name !== 'string')) return undefined
  return new Map(items as readonly (readonly [string, Json])[])
}
