import type { JsonObject, KubeObject } from '../../../repo-layout/json.ts'
import { timeText } from '../backend.ts'
import { listOf, objectOf, textOf } from '../defaults/fill.ts'
import { type Controller, itself, keyOf, parseKey, type Tools } from './controller.ts'
import { conditionOf, isDone, isReady, withCondition } from './pods.ts'

const manager = 'kubelet'

/**
 * A pod with this annotation does not get ready, or is so no longer: `ImagePullBackOff` and `CrashLoopBackOff` are what its
 * containers say; with anything else they run and no probe of theirs succeeds.
 */
const failsWith = 'sandbox.flotilla.dev/fails-with'

/** Lets the pods of all nodes run, end and go, as slowly as the delays say. */
export const kubelet: Controller = {
  name: 'kubelet',
  watches: {
    pods(changed, tools) {
      if (changed.gone) forget(changed.object, tools)
      return itself(changed)
    },
    nodes: ({ object, gone }, { client }) =>
      gone
        ? client
            .list('pods')
            .filter((pod) => objectOf(pod.spec).nodeName === object.metadata.name)
            .map(keyOf)
        : [],
  },
  sync(key, tools) {
    const { client, clock, delays } = tools
    const { namespace, name } = parseKey(key)
    const pod = client.get('pods', namespace, name)
    const node = textOf(objectOf(pod?.spec).nodeName)
    if (!pod || node === '') return
    if (!client.get('nodes', '', node)) return client.remove(pod, { gracePeriodSeconds: 0 })
    if (pod.metadata.deletionTimestamp !== undefined) {
      const left = delays.podStop - (clock.now() - since(pod, tools, 'stop'))
      if (left > 0) return tools.again(key, left)
      return client.remove(pod, { gracePeriodSeconds: 0 })
    }
    if (isDone(pod)) return
    const failure = pod.metadata.annotations?.[failsWith]
    if (failure !== undefined && isReady(pod)) return client.setStatus(manager, pod, started(pod, failure, tools))
    if (textOf(objectOf(pod.status).phase) === 'Pending') {
      if (conditionOf(pod, 'Ready')) return
      const left = delays.podStart - (clock.now() - since(pod, tools, 'start'))
      return left > 0 ? tools.again(key, left) : client.setStatus(manager, pod, started(pod, failure, tools))
    }
    if (objectOf(pod.spec).restartPolicy === 'Always') return
    const left = delays.jobRun - (clock.now() - since(pod, tools, 'run'))
    if (left > 0) tools.again(key, left)
    else client.setStatus(manager, pod, succeeded(pod, tools))
  },
}

const seen = new WeakMap<object, Map<string, Map<string, number>>>()

/** When a pod was first seen in a state; times in objects are too coarse for this. */
function since(pod: KubeObject, { client, clock }: Tools, state: string): number {
  const pods = seen.get(client) ?? new Map<string, Map<string, number>>()
  seen.set(client, pods)
  const uid = String(pod.metadata.uid)
  const times = pods.get(uid) ?? new Map<string, number>()
  pods.set(uid, times)
  const at = times.get(state) ?? clock.now()
  times.set(state, at)
  return at
}

function forget(pod: KubeObject, { client }: Tools): void {
  seen.get(client)?.delete(String(pod.metadata.uid))
}

/** The status of a pod whose containers were started, or were to be: with `failure` they fail. */
function started(pod: KubeObject, failure: string | undefined, { clock }: Tools): JsonObject {
  const time = timeText(clock.now())
  const status = objectOf(pod.status)
  const serves = failure === undefined ? { status: 'True' } : { status: 'False', ...notReady }
  const conditions = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady'].reduce<
    readonly JsonObject[]
  >((held, type) => {
    const isServing = type === 'Ready' || type === 'ContainersReady'
    return withCondition(held, { type, ...(isServing ? serves : { status: 'True' }) }, time)
  }, listOf(status.conditions).map(objectOf))
  const ip = podIp(pod)
  return {
    ...status,
    phase: failure === 'ImagePullBackOff' ? 'Pending' : 'Running',
    conditions,
    hostIP: '127.0.0.1',
    hostIPs: [{ ip: '127.0.0.1' }],
    podIP: ip,
    podIPs: [{ ip }],
    startTime: status.startTime ?? time,
    containerStatuses: listOf(objectOf(pod.spec).containers).map((one) =>
      containerStatus(objectOf(one), failure, time),
    ),
  }
}

const notReady = { reason: 'ContainersNotReady', message: 'the annotation says so' }

/** An address made of the uid: stable, and unlikely to meet another one. */
function podIp(pod: KubeObject): string {
  const number = Number.parseInt(textOf(pod.metadata.uid).slice(0, 6), 16)
  return `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
}

function containerStatus(container: JsonObject, failure: string | undefined, time: string): JsonObject {
  const image = textOf(container.image)
  const isPulled = failure !== 'ImagePullBackOff'
  return {
    name: container.name ?? '',
    image,
    imageID: isPulled ? `sandbox://${image}` : '',
    ...(isPulled ? { containerID: 'sandbox://1' } : {}),
    ready: failure === undefined,
    started: isPulled && failure !== 'CrashLoopBackOff',
    restartCount: 0,
    ...stateOf(failure, image, time),
  }
}

function stateOf(failure: string | undefined, image: string, time: string): JsonObject {
  if (failure === 'ImagePullBackOff')
    return { state: { waiting: { reason: failure, message: `Back-off pulling image "${image}"` } } }
  if (failure !== 'CrashLoopBackOff') return { state: { running: { startedAt: time } } }
  const ended = { exitCode: 1, reason: 'Error', startedAt: time, finishedAt: time, containerID: 'sandbox://1' }
  const waiting = { reason: failure, message: 'back-off 40s restarting failed container' }
  return { state: { waiting }, lastState: { terminated: ended } }
}

function succeeded(pod: KubeObject, { clock }: Tools): JsonObject {
  const time = timeText(clock.now())
  const status = objectOf(pod.status)
  const over = { status: 'False', reason: 'PodCompleted' }
  const conditions = ['Ready', 'ContainersReady'].reduce<readonly JsonObject[]>(
    (held, type) => withCondition(held, { type, ...over }, time),
    listOf(status.conditions).map(objectOf),
  )
  return {
    ...status,
    phase: 'Succeeded',
    conditions,
    containerStatuses: listOf(status.containerStatuses).map((one) => ({
      ...objectOf(one),
      ready: false,
      started: false,
      state: {
        terminated: {
          exitCode: 0,
          reason: 'Completed',
          startedAt: status.startTime ?? time,
          finishedAt: time,
          containerID: 'sandbox://1',
        },
      },
    })),
  }
}
