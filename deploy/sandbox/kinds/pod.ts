import { isJsonObject, type Json, type JsonObject, jsonEqual, type KubeObject } from '../../../repo-layout/json.ts'
import { listOf, objectOf, textOf } from '../defaults/fill.ts'
import { forbidden } from '../validate/causes.ts'
import { podSpecCauses } from './pod-spec.ts'
import type { Strategy } from './strategy.ts'

/** Pods begin Pending; of their spec little more than images may change. */
export const podStrategy: Strategy = {
  generation: 'spec',
  prepareCreate: (object) => {
    const spec = objectOf(object.spec)
    return {
      ...object,
      spec: { preemptionPolicy: 'PreemptLowerPriority', priority: 0, ...spec },
      status: { phase: 'Pending', qosClass: qosClass(spec) },
    } as KubeObject
  },
  validate: (object) => podSpecCauses(object.spec, 'spec', ['Always', 'OnFailure', 'Never']),
  validateUpdate(next, live) {
    if (jsonEqual(frozen(objectOf(next.spec)), frozen(objectOf(live.spec)))) return []
    return [
      forbidden(
        'spec',
        'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
      ),
    ]
  },
}

function frozen(spec: JsonObject): JsonObject {
  const { activeDeadlineSeconds: _, tolerations: __, ...rest } = spec
  const images = (containers: Json | undefined) =>
    listOf(containers).map((one) => (isJsonObject(one) ? { ...one, image: '' } : one))
  return { ...rest, containers: images(spec.containers), initContainers: images(spec.initContainers) }
}

/** Guaranteed where every container limits cpu and memory to what it requests, BestEffort where none asks for anything. */
function qosClass(spec: JsonObject): string {
  const containers = [...listOf(spec.containers), ...listOf(spec.initContainers)].map((one) =>
    objectOf(objectOf(one).resources),
  )
  const parts = containers.map(({ limits, requests }) => ({ limits: objectOf(limits), requests: objectOf(requests) }))
  const asks = (amounts: JsonObject) => ['cpu', 'memory'].some((name) => textOf(amounts[name]) !== '')
  if (parts.every(({ limits, requests }) => !asks(limits) && !asks(requests))) return 'BestEffort'
  const guaranteed = parts.every(({ limits, requests }) =>
    ['cpu', 'memory'].every(
      (name) => limits[name] !== undefined && jsonEqual(limits[name] ?? null, requests[name] ?? limits[name] ?? null),
    ),
  )
  return guaranteed ? 'Guaranteed' : 'Burstable'
}
