import { isJsonObject, type Json, type JsonObject, jsonEqual, type KubeObject } from '../../repo-layout/json.ts'
import type { Api } from '../member/api.ts'
import { isRejected } from '../member/errors.ts'
import { managedFieldsOf, ourManager } from '../member/fields.ts'
import { askAll, type Trial } from './trials.ts'

/** What working on one object would have done to it. */
export interface Rehearsed {
  /** The object as it is, where it was read. */
  readonly before: KubeObject | undefined
  /** The object as the server says that it would be; the manifest where the server could not be asked. */
  readonly after: KubeObject | undefined
  readonly manifest: KubeObject | undefined
  /** What a dry run answered that only asked what taking the object would change. */
  readonly tried: KubeObject | undefined
  /** Whether `after` is what we expect and not what the server answered. */
  readonly assumed: boolean
  readonly removed: boolean
  /** Whether it was patched: marks or ownership, never a value. */
  readonly patched: boolean
}

/** An `Api` that sends every apply as a dry run and nothing else that would write. */
export interface Rehearsal {
  readonly api: Api
  result(): Rehearsed
}

/** The resourceVersion of an object that a dry run changed: no server gives it. */
const plannedVersion = 'planned'

/**
 * Makes the verbs for one object, so that the code that works on it in earnest can be run and watched. `listed` is the live
 * object where a list has it already. What a write before would have changed for a later one (a handed-over field, a deleted
 * object) is taken into account as far as a dry run can show it. `trial` says how the server is asked.
 */
export function rehearse(api: Api, listed: KubeObject | undefined, trial: Trial = askAll): Rehearsal {
  let before = listed
  let isFresh = false
  let after: KubeObject | undefined
  let sent: KubeObject | undefined
  let tried: KubeObject | undefined
  let [assumed, removed, patched] = [false, false, false]
  let handedOver: KubeObject | undefined

  function expect(manifest: KubeObject): { created: boolean; object: KubeObject } {
    assumed = true
    sent = manifest
    after = before && !removed ? withVersion(before, plannedVersion) : manifest
    return { created: before === undefined || removed, object: after }
  }

  return {
    result: () => ({ before, after, manifest: sent, tried, assumed, removed, patched }),
    api: {
      ...api,
      async get(place) {
        if (removed) return undefined
        if (before && !isFresh) {
          isFresh = true
          return before
        }
        isFresh = true
        before = await api.get(place)
        return before
      },
      async apply(place, manifest, options = {}) {
        if (options.dryRun) {
          sent = manifest
          const answer = await trial(api, before, { place, manifest, options })
          tried = answer.object
          return answer
        }
        if (options.manager !== undefined && options.manager !== ourManager) {
          handedOver = manifest
          return { created: false, object: before ?? manifest }
        }
        // What was deleted or patched before stands as it was on the server, which would answer for that state.
        if (removed || patched) return expect(manifest)
        const whole = handedOver ? merged(manifest, handedOver) : manifest
        try {
          const { created, object } = await trial(api, before, { place, manifest: whole, options })
          sent = manifest
          // Handing a field over changes who owns it, though a dry run of the rest changes nothing.
          const isSame = !handedOver && before !== undefined && sameState(before, object)
          after = isSame ? before : withVersion(object, plannedVersion)
          return { created, object: after ?? object }
        } catch (error) {
          if (isRejected(error) && /does not support dry run/i.test(error.message)) return expect(manifest)
          throw error
        }
      },
      async patch() {
        patched = true
        const object = after ?? before
        if (!object) throw new Error('an object was to be patched that was never read')
        return object
      },
      async remove(_place, live) {
        before = live
        removed = true
        return { gone: true }
      },
    },
  }
}

/** Whether two answers of a server are of one state: a dry run tells no change by the resourceVersion. */
function sameState(a: KubeObject, b: KubeObject): boolean {
  return jsonEqual(stateOf(a), stateOf(b))
}

function stateOf(object: KubeObject): Json {
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...metadata } = object.metadata
  const owners = managedFieldsOf(object).map(({ time: _time, ...entry }) => entry)
  return { ...object, metadata: { ...metadata, owners: JSON.parse(JSON.stringify(owners)) as Json } }
}

function withVersion(object: KubeObject, resourceVersion: string): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion } }
}

/** A manifest with the fields of another that it does not have itself. */
function merged(manifest: KubeObject, other: KubeObject): KubeObject {
  return mergeInto(other, manifest) as KubeObject
}

function mergeInto(low: JsonObject, high: JsonObject): JsonObject {
  const result: { [key: string]: Json | undefined } = { ...low }
  for (const [key, value] of Object.entries(high)) {
    const own = result[key]
    result[key] = isJsonObject(own) && isJsonObject(value) ? mergeInto(own, value) : value
  }
  return result
}
