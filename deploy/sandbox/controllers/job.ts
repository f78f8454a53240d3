import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { timeText } from '../backend.ts'
import { listOf, numberOf, objectOf, textOf } from '../defaults/fill.ts'
import { type Controller, itself, parseKey } from './controller.ts'
import { controllerKey, isEnding, ownedBy } from './owners.ts'
import { conditionOf, isDone, isReady, podOf, withCondition } from './pods.ts'

const manager = 'kube-controller-manager'
const storage = 'jobs.batch'

/** Runs the pods of a Job until enough of them have succeeded. */
export const jobController: Controller = {
  name: 'job',
  watches: { [storage]: itself, pods: controllerKey('Job') },
  sync(key, { client, clock }) {
    const { namespace, name } = parseKey(key)
    const job = client.get(storage, namespace, name)
    if (!job || isEnding(job) || isOver(job)) return
    const spec = objectOf(job.spec)
    const podsNow = () => ownedBy(job, client.list('pods', namespace))
    const phase = (pod: KubeObject) => textOf(objectOf(pod.status).phase)
    const succeeded = podsNow().filter((pod) => phase(pod) === 'Succeeded').length
    const active = podsNow().filter((pod) => !isDone(pod) && !isEnding(pod))
    const parallelism = numberOf(spec.parallelism, 1)
    const wanted =
      spec.completions === undefined ? parallelism : Math.min(parallelism, numberOf(spec.completions) - succeeded)
    if (spec.suspend === true) for (const pod of active) client.remove(pod)
    else for (let i = active.length; i < wanted; i++) client.create(manager, podFor(job))
    client.setStatus(manager, job, statusOf(job, podsNow(), timeText(clock.now())))
  },
}

function isOver(job: KubeObject): boolean {
  return ['Complete', 'Failed'].some((type) => conditionOf(job, type)?.status === 'True')
}

function podFor(job: KubeObject): KubeObject {
  return podOf(job, objectOf(objectOf(job.spec).template), { generateName: `${job.metadata.name}-` })
}

function statusOf(job: KubeObject, pods: readonly KubeObject[], time: string): JsonObject {
  const spec = objectOf(job.spec)
  const before = objectOf(job.status)
  const count = (phase: string) => pods.filter((pod) => textOf(objectOf(pod.status).phase) === phase).length
  const [succeeded, failed] = [count('Succeeded'), count('Failed')]
  const active = pods.filter((pod) => !isDone(pod) && !isEnding(pod))
  const ready = active.filter(isReady).length
  const done = succeeded > 0 && succeeded >= numberOf(spec.completions, 1) && active.length === 0
  const tooMany = failed > numberOf(spec.backoffLimit, 6)
  let conditions: readonly JsonObject[] = listOf(before.conditions).map(objectOf)
  const say = (type: string, reason: string, message: string, status = 'True') => {
    conditions = withCondition(conditions, { type, status, lastProbeTime: time, reason, message }, time)
  }
  const completed = 'Reached expected number of succeeded pods'
  if (done) {
    say('SuccessCriteriaMet', 'CompletionsReached', completed)
    say('Complete', 'CompletionsReached', completed)
  } else if (tooMany) {
    const message = 'Job has reached the specified backoff limit'
    say('FailureTarget', 'BackoffLimitExceeded', message)
    say('Failed', 'BackoffLimitExceeded', message)
  } else if (spec.suspend === true) say('Suspended', 'JobSuspended', 'Job suspended')
  else if (conditionOf(job, 'Suspended')) say('Suspended', 'JobResumed', 'Job resumed', 'False')
  return {
    ...(conditions.length > 0 && { conditions }),
    ...(spec.suspend !== true && { startTime: before.startTime ?? time }),
    ...(done && { completionTime: before.completionTime ?? time }),
    ...(active.length > 0 && { active: active.length }),
    ...(succeeded > 0 && { succeeded }),
    ...(failed > 0 && { failed }),
    ready: done ? 0 : ready,
    terminating: pods.filter((pod) => isEnding(pod) && !isDone(pod)).length,
    uncountedTerminatedPods: {},
  }
}
