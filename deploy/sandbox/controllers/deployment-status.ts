import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { numberOf, objectOf, textOf } from '../defaults/fill.ts'
import { conditionOf, withCondition } from './pods.ts'
import { limits } from './rollout.ts'

/** A Deployment's status and, while it is under way, when it will have taken too long. */
export interface DeploymentReport {
  readonly status: JsonObject
  readonly deadlineMs: number | undefined
}

/**
 * What a Deployment says of itself, from the statuses of its ReplicaSets; the one that it moves to is marked
 * `isCurrent`. `time` is now, in whole seconds.
 */
export function deploymentStatus(
  deployment: KubeObject,
  setName: string,
  sets: readonly JsonObject[],
  time: string,
): DeploymentReport {
  const spec = objectOf(deployment.spec)
  const wanted = numberOf(spec.replicas, 1)
  const total = (field: string) => sets.reduce((sum, set) => sum + numberOf(set[field]), 0)
  const [replicas, ready, available] = [total('replicas'), total('readyReplicas'), total('availableReplicas')]
  const updated = numberOf(sets.find((set) => set.isCurrent === true)?.replicas)
  const unavailable = Math.max(0, Math.max(wanted, replicas) - available)
  const counts: JsonObject = {
    observedGeneration: numberOf(deployment.metadata.generation),
    ...(replicas > 0 && { replicas }),
    ...(updated > 0 && { updatedReplicas: updated }),
    ...(ready > 0 && { readyReplicas: ready }),
    ...(available > 0 && { availableReplicas: available }),
    ...(unavailable > 0 && { unavailableReplicas: unavailable }),
  }
  const enough = available >= wanted - unavailableLimit(spec, wanted)
  const complete = updated === wanted && replicas === wanted && available === wanted
  const before = objectOf(deployment.status)
  const moved = ['replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'].some(
    (field) => numberOf(before[field]) !== numberOf(counts[field]),
  )
  const progress = progressing(deployment, setName, complete, moved, time)
  const availability: JsonObject = enough
    ? condition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.', time)
    : condition(
        'Available',
        'False',
        'MinimumReplicasUnavailable',
        'Deployment does not have minimum availability.',
        time,
      )
  const conditions = [availability, progress.condition].reduce(
    (held, one) => withCondition(held, unmoved(deployment, one), time),
    (before.conditions as readonly JsonObject[] | undefined) ?? [],
  )
  return { status: { ...counts, conditions }, deadlineMs: progress.deadlineMs }
}

function condition(type: string, status: string, reason: string, message: string, time: string): JsonObject {
  return { type, status, lastUpdateTime: time, reason, message }
}

/** A condition that says what it said before keeps its time. */
function unmoved(deployment: KubeObject, next: JsonObject): JsonObject {
  const before = conditionOf(deployment, textOf(next.type))
  const same =
    before && before.status === next.status && before.reason === next.reason && before.message === next.message
  return same && next.keepTime !== false
    ? { ...withoutMark(next), lastUpdateTime: before.lastUpdateTime }
    : withoutMark(next)
}

function withoutMark({ keepTime: _, ...rest }: JsonObject): JsonObject {
  return rest
}

function unavailableLimit(spec: JsonObject, wanted: number): number {
  const strategy = objectOf(spec.strategy)
  return strategy.type === 'Recreate' ? 0 : limits(wanted, objectOf(strategy.rollingUpdate)).maxUnavailable
}

function progressing(
  deployment: KubeObject,
  setName: string,
  complete: boolean,
  moved: boolean,
  time: string,
): { readonly condition: JsonObject; readonly deadlineMs: number | undefined } {
  const name = JSON.stringify(setName)
  const before = conditionOf(deployment, 'Progressing')
  if (complete)
    return {
      condition: condition(
        'Progressing',
        'True',
        'NewReplicaSetAvailable',
        `ReplicaSet ${name} has successfully progressed.`,
        time,
      ),
      deadlineMs: undefined,
    }
  const limit = numberOf(objectOf(deployment.spec).progressDeadlineSeconds, 600) * 1000
  const since = moved || !before ? Date.parse(time) : Date.parse(textOf(before.lastUpdateTime))
  const late = Date.parse(time) - since >= limit
  if (late || (before?.reason === 'ProgressDeadlineExceeded' && !moved))
    return {
      condition: condition(
        'Progressing',
        'False',
        'ProgressDeadlineExceeded',
        `ReplicaSet ${name} has timed out progressing.`,
        time,
      ),
      deadlineMs: undefined,
    }
  return {
    condition: {
      ...condition('Progressing', 'True', 'ReplicaSetUpdated', `ReplicaSet ${name} is progressing.`, time),
      keepTime: !moved,
    },
    deadlineMs: since + limit,
  }
}
