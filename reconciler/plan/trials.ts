import { createHash } from 'node:crypto'
import type { Json, JsonObject, KubeObject } from '../../repo-layout/json.ts'
import type { Api, ApplyOptions, Place } from '../member/api.ts'
import { plainDrift } from '../member/drift.ts'
import { managedFieldsOf } from '../member/fields.ts'

/** How the server is asked what an apply would make of an object. */
export interface TrialRules {
  /** Whether it is asked at all; else what Git says is taken for what would be. */
  readonly dryRun: boolean
  /** The user that is asked for, as Kubernetes names it; the daemon's own identity where undefined. */
  readonly user?: string | undefined
  /** Asks at most so many clusters of a class for one and the same change of one and the same object; undefined: all. */
  readonly clustersPerClass?: number
}

/** Asks what an apply would do. */
export type Trial = (
  api: Api,
  before: KubeObject | undefined,
  ask: { readonly place: Place; readonly manifest: KubeObject; readonly options: ApplyOptions },
) => ReturnType<Api['apply']>

/** What a class of clusters answered, over all members of one plan. */
export interface Trials {
  /** The way to ask a cluster of this class: of clusters of one class the same answers are expected. */
  of(classOfCluster: string): Trial
}

interface Answered {
  readonly before: KubeObject | undefined
  readonly answer: Awaited<ReturnType<Api['apply']>>
}

/** Asks every cluster, as a plan does that people ask for by hand. */
export const askAll: Trial = (api, _before, { place, manifest, options }) =>
  api.apply(place, manifest, { ...options, dryRun: true })

/** Makes the trials of one plan. Refusals are never taken over: each cluster is asked itself whether it refuses too. */
export function createTrials({ dryRun, clustersPerClass }: TrialRules): Trials {
  if (!dryRun) return { of: () => assume }
  if (clustersPerClass === undefined) return { of: () => askAll }
  const asked = new Map<string, Promise<Answered>[]>()
  return {
    of: (classOfCluster) => async (api, before, ask) => {
      const { uid: _uid, resourceVersion: _version, ...options } = ask.options
      const key = digest([classOfCluster, ask.manifest, options as JsonObject, before ? likeness(before) : null])
      const others = asked.get(key) ?? []
      asked.set(key, others)
      for (const other of others.length < clustersPerClass ? [] : others) {
        const found = await other.catch(() => undefined)
        if (found) return { ...found.answer, object: transplanted(found, before) }
      }
      const own = askAll(api, before, ask)
      others.push(own.then((answer) => ({ before, answer })))
      others.at(-1)?.catch(() => undefined)
      return own
    },
  }
}

/** What can be said without asking: what Git says is there, or would be. */
const assume: Trial = async (_api, before, { manifest }) => {
  if (!before) return { created: true, object: manifest }
  if (plainDrift(before, manifest).length === 0) return { created: false, object: before }
  return { created: false, object: mergeInto(before, manifest) as KubeObject }
}

function mergeInto(low: JsonObject, high: JsonObject): JsonObject {
  const result: { [key: string]: Json | undefined } = { ...low }
  for (const [key, value] of Object.entries(high)) {
    const own = result[key]
    const isDeep = isPlain(own) && isPlain(value)
    result[key] = isDeep ? mergeInto(own, value) : value
  }
  return result
}

function isPlain(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What two live objects have in common of which a server makes the same. */
function likeness(object: KubeObject): Json {
  const { uid, resourceVersion, creationTimestamp, generation, managedFields, ...metadata } = object.metadata
  const { status: _status, ...rest } = object
  const owners = managedFieldsOf(object).map(({ time: _time, ...entry }) => entry)
  return { ...rest, metadata: { ...metadata, owners: JSON.parse(JSON.stringify(owners)) as Json } }
}

/** An answer of another cluster as this one would have given it of its own object. */
function transplanted({ answer: { object }, before: theirs }: Answered, ours: KubeObject | undefined): KubeObject {
  if (!ours || !theirs) return object
  if (digest([likeness(object)]) === digest([likeness(theirs)])) return ours
  const { uid, resourceVersion, creationTimestamp } = ours.metadata
  const { status } = ours
  return {
    ...object,
    ...(status === undefined ? {} : { status }),
    metadata: {
      ...object.metadata,
      ...{ uid, resourceVersion, creationTimestamp },
    },
  } as KubeObject
}

function digest(value: Json): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}
